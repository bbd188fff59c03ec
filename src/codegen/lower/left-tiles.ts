/**
 * How a contraction's register tile reads its left side: from rows that were packed tile by tile, from rows where they
 * lie, or, where those would push each other out of the L1 cache, from a copy of the tile's rows.
 */
import { InternalError } from '../../core/errors.js'
import { sizeOf, stridesOf } from '../../core/shape.js'
import type { Node } from '../../ir/node.js'
import { contractShape, matrixSizes } from '../../schedule/contract-shape.js'
import { crowdedRows } from '../../schedule/crowded-rows.js'
import type { ContractSpec } from '../../schedule/kernel-spec.js'
import { leftViewOf } from '../../schedule/left-view.js'
import { sharedBatchAxes } from '../../schedule/pack.js'
import {
  addIndex,
  atomIndex,
  constantIndex,
  delinearize,
  type Index,
  linearize,
  loopVar,
  scaleIndex,
  shiftIndex,
} from '../index-expression.js'
import type { Expr } from '../loop-ir.js'
import { lanesOf, type Target } from '../target.js'
import type { Inliner } from './inline.js'
import { oneLane } from './lanes.js'

/** A tile of rows. */
export interface LeftReader {
  /** The element of row r at step kk of the slice. */
  element(r: number, kk: Index): Expr
  /** Asks for the memory of the next tile's row r from step kk on; null where that lies behind this tile's. */
  readonly next: ((r: Index, kk: Index) => void) | null
}

/** Prepares the tile `mTile` of batch g (of `rows` rows) for the slice that begins at `from`, of `steps` steps. */
export type LeftTiles = (g: Index, mTile: Index, rows: number, from: Index, steps: number) => LeftReader

interface TileSizes {
  /** Rows of a whole tile. */
  readonly tile: number
  /** Steps of the longest slice. */
  readonly steps: number
}

export function leftTiles(
  inliner: Inliner,
  spec: ContractSpec,
  numbers: ReadonlyMap<Node, number>,
  { tile, steps: most }: TileSizes,
  target: Target,
): LeftTiles {
  return spec.packed === null ? inRows() : inTiles(spec.packed)

  function inTiles(packed: Node): LeftTiles {
    const { e } = inliner
    const s = contractShape(spec.node)
    const [m] = matrixSizes(s)
    const [, , inner] = packed.shape
    const tiles = Math.ceil(m / tile)
    const shared = sharedBatchAxes(spec.node)
    /** Which copy of the left side a batch uses. */
    const batchOf = (g: Index): Index => {
      if (shared.length === 0) return g
      const parts = delinearize(g, s.batch)
      const kept = s.batch.map((n, i) => (shared.includes(i) ? 1 : n))
      return linearize(
        parts.map((p, i) => (shared.includes(i) ? constantIndex(0) : p)),
        stridesOf(kept),
      )
    }
    return (g, mTile, _, from) => {
      const base = addIndex(
        scaleIndex(batchOf(g), tiles * inner * tile),
        scaleIndex(mTile, inner * tile),
        scaleIndex(from, tile),
      )
      const buffer = numbers.get(packed)!
      const element = (r: number, kk: Index): Expr =>
        e.load(buffer, packed.dtype, addIndex(base, shiftIndex(scaleIndex(kk, tile), r)))
      return { element, next: null }
    }
  }

  function inRows(): LeftTiles {
    const { k, e } = inliner
    const s = contractShape(spec.node)
    const [x] = spec.node.inputs
    const view = leftViewOf(spec)
    if (view === null) throw new InternalError('Lowering: a left side without rows must be packed.')
    const { base, rowStride, inPieces } = view
    if (inPieces && most > sizeOf(s.inner.slice(1)))
      throw new InternalError('Lowering: rows in pieces are read a piece at a time.')
    /** Where the tile's first row begins its slice. */
    const startOf = (g: Index, mTile: Index, from: Index): Index => {
      const index = new Array<Index>(x.shape.length)
      const parts = [
        ...delinearize(g, s.batch),
        ...delinearize(scaleIndex(mTile, tile), s.rows),
        ...delinearize(from, s.inner),
      ]
      parts.forEach((i, at) => {
        index[s.leftOrder[at]] = i
      })
      const first = inliner.value(x, index, oneLane)
      if (first.kind !== 'load') throw new InternalError('Lowering: rows of a left side must be stored.')
      return first.index
    }
    const buffer = numbers.get(base)!
    const element = (start: Index, r: number, kk: Index, lanes = 1, active = lanes): Expr =>
      e.load(buffer, base.dtype, addIndex(start, shiftIndex(kk, r * rowStride)), lanes, 1, active)
    const behind =
      (start: Index): LeftReader['next'] =>
      (r, kk) => {
        const index = addIndex(start, scaleIndex(shiftIndex(r, tile), rowStride), kk)
        k.emit({ kind: 'prefetch', buffer, index, write: false })
      }
    if (!crowdedRows(tile, rowStride)) {
      return (g, mTile, _, from) => {
        const start = startOf(g, mTile, from)
        return { element: (r, kk) => element(start, r, kk), next: behind(start) }
      }
    }
    const lanes = lanesOf(target)
    // A row of the copy begins a few lines after the one before it in the cache's sets.
    const pitch = Math.ceil(most / 16) * 16 + 16
    const copy = k.buffer('left', 'f32', tile * pitch, 'readwrite', 'scratch')
    return (g, mTile, rows, from, steps) => {
      const start = startOf(g, mTile, from)
      const row = (kk: Index, width: number, active: number): void => {
        for (let r = 0; r < rows; r++)
          k.store(copy, shiftIndex(kk, r * pitch), element(start, r, kk, width, active), 1, active)
      }
      const whole = Math.floor(steps / lanes)
      const rest = steps - whole * lanes
      if (whole > 0) {
        const v = loopVar('k', 0, whole - 1)
        k.loop(v, 1, () => row(atomIndex(v, lanes), lanes, lanes))
      }
      if (rest > 1 && target.tail === 'mask') row(constantIndex(whole * lanes), lanes, rest)
      else if (rest > 0) {
        const v = loopVar('k', whole * lanes, steps - 1)
        k.loop(v, 1, () => row(atomIndex(v), 1, 1))
      }
      return { element: (r, kk) => e.load(copy, 'f32', shiftIndex(kk, r * pitch)), next: behind(start) }
    }
  }
}
