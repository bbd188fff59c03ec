/**
 * How a contraction of pairs of bf16 reads the left side of its register tile where rows lie in memory: the tile's rows
 * are rounded and paired into a copy of their own, which stays in the L1 cache.
 */
import { InternalError } from '../../core/errors.js'
import { sizeOf } from '../../core/shape.js'
import type { Node } from '../../ir/node.js'
import { pairedRows, pairedSteps } from '../../schedule/bf16-products.js'
import { contractShape } from '../../schedule/contract-shape.js'
import type { ContractSpec } from '../../schedule/kernel-spec.js'
import {
  addIndex,
  atomIndex,
  constantIndex,
  delinearize,
  type Index,
  loopVar,
  scaleIndex,
  shiftIndex,
} from '../index-expression.js'
import type { Expr } from '../loop-ir.js'
import { lanesOf, type Target } from '../target.js'
import type { Inliner } from './inline.js'
import { oneLane } from './lanes.js'
import type { LeftTiles } from './left-tiles.js'
import { beforeBf16, pairOfBf16, roundTo } from './round.js'

/** `tile`: rows of a whole tile; `steps`: paired steps of the longest slice. */
export function pairedLeft(
  inliner: Inliner,
  spec: ContractSpec,
  axis: number,
  numbers: ReadonlyMap<Node, number>,
  { tile, steps: most }: { readonly tile: number; readonly steps: number },
  target: Target,
): LeftTiles {
  const { k, e } = inliner
  const s = contractShape(spec.node)
  const [x] = spec.node.inputs
  const view = pairedRows(spec.node, axis, (n) => numbers.has(n), false)
  if (view === null) throw new InternalError('Lowering: a left side without rows must be packed.')
  const { base, rowStride } = view
  const buffer = numbers.get(base)!
  const lanes = lanesOf(target)
  const rest = sizeOf(s.inner.slice(axis + 1))
  const half = pairedSteps(s.inner[axis])
  const halves = s.inner.map((n, a) => (a === axis ? half : n))
  /** Steps of the last one of an odd axis have nothing beside them. */
  const alone = s.inner[axis] % 2 === 0 ? 0 : rest

  /** Where the tile's first row begins its slice. */
  const startOf = (g: Index, mTile: Index, from: Index): Index => {
    const index = new Array<Index>(x.shape.length)
    const parts = [
      ...delinearize(g, s.batch),
      ...delinearize(scaleIndex(mTile, tile), s.rows),
      ...delinearize(from, halves),
    ]
    parts.forEach((i, at) => {
      index[s.leftOrder[at]] = i
    })
    const first = beforeBf16(inliner.value(x, index, oneLane))
    if (first.kind !== 'load' || first.buffer !== buffer)
      throw new InternalError('Lowering: rows of a left side must be stored.')
    return first.index
  }
  // A row of the copy begins a few lines after the one before it in the cache's sets.
  const pitch = Math.ceil(most / 16) * 16 + 16
  const copy = k.buffer('left', 'i32', tile * pitch, 'readwrite', 'scratch')

  return (g, mTile, rows, from, steps) => {
    const start = startOf(g, mTile, from)
    const load = (at: Index, width: number, active: number): Expr => {
      const value = e.load(buffer, base.dtype, at, width, 1, active)
      return width === 1 ? roundTo(e, 'bf16', value) : value
    }
    const column = (kk: Index, both: boolean, width: number, active: number): void => {
      for (let r = 0; r < rows; r++) {
        const at = (distance: number): Index => shiftIndex(start, r * rowStride + distance)
        const low = load(addIndex(at(0), kk), width, active)
        const high = both ? load(addIndex(at(half * rest), kk), width, active) : e.const(0, 'f32', width)
        k.store(copy, shiftIndex(kk, r * pitch), pairOfBf16(e, low, high), 1, active)
      }
    }
    const run = (first: number, end: number, both: boolean): void => {
      const whole = Math.floor((end - first) / lanes)
      const left = end - first - whole * lanes
      if (whole > 0) {
        const v = loopVar('k', 0, whole - 1)
        k.loop(v, 1, () => column(shiftIndex(atomIndex(v, lanes), first), both, lanes, lanes))
      }
      if (left > 1) column(constantIndex(end - left), both, lanes, left)
      else if (left === 1) column(constantIndex(end - 1), both, 1, 1)
    }
    const last = from.terms.length === 0 && from.offset + steps === half * rest
    const paired = last ? steps - alone : steps
    run(0, paired, true)
    run(paired, steps, false)
    return { element: (r, kk) => e.load(copy, 'i32', shiftIndex(kk, r * pitch)), next: null }
  }
}
