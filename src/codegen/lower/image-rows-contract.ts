/**
 * A contraction of few rows with rows of an image: out[g, m, n] = Σ_k a[g, m, k] · b[g, k, n] where all of m is one
 * register tile. Each element of the right side is multiplied in one tile only, so nothing is gained by a copy of it:
 * lanes are read where they lie, one vector or a few for each row of columns.
 *
 * k runs upward, as in the packed contraction, and both give the same bits.
 */
import { sizeOf, stridesOf } from '../../core/shape.js'
import { pairsOn } from '../../schedule/bf16-products.js'
import { contractShape, matrixSizes } from '../../schedule/contract-shape.js'
import { isDotContract } from '../../schedule/dot-contract.js'
import type { ContractSpec } from '../../schedule/kernel-spec.js'
import { leftViewOf } from '../../schedule/left-view.js'
import { isThin } from '../../schedule/thin-contract.js'
import {
  addIndex,
  atomIndex,
  constantIndex,
  delinearize,
  divideIndex,
  type Index,
  linearize,
  loopVar,
  remainderIndex,
  scaleIndex,
  shiftIndex,
} from '../index-expression.js'
import type { Expr, Kernel, Register } from '../loop-ir.js'
import { lanesOf, type Target } from '../target.js'

import { beginContract } from './contract-kernel.js'
import { Inliner } from './inline.js'
import { KernelBuilder } from './kernel-builder.js'
import { type Lanes, lanesFor } from './lanes.js'
import { leftTiles } from './left-tiles.js'

/** The part of its lanes that a row must fill. */
const leastFilled = 0.8
/** Inner axes of so many steps are written out. */
const mostUnrolled = 8

/** Null where the contraction is none of this kind. Buffers stand in the order: inputs, outputs. */
export function lowerImageRows(spec: ContractSpec, target: Target): Kernel | null {
  const { node } = spec
  const [, right] = node.inputs
  const s = contractShape(node)
  const [m, n, inner] = matrixSizes(s)
  const batch = sizeOf(s.batch)
  const lanes = lanesOf(target)
  const rowLength = s.columns[s.columns.length - 1] ?? 1
  const rows = n / rowLength
  const vectors = Math.ceil(rowLength / lanes)
  const together = Math.floor((target.tile.rows * target.tile.vectors) / m / vectors)
  if (
    target.tail !== 'mask' ||
    lanes === 1 ||
    node.dtype !== 'f32' ||
    isThin(node) ||
    isDotContract(node) ||
    right.dtype !== 'f32' ||
    pairsOn(target, node) !== null ||
    leftViewOf(spec)?.inPieces === true ||
    m > target.tile.rows ||
    together < 1 ||
    rows < 2 ||
    rowLength < leastFilled * vectors * lanes ||
    rowLength % lanes === 1
  )
    return null

  const { k, numbers, own, inliner } = beginContract(spec, target)
  const { e } = k
  const left = leftTiles(inliner, spec, numbers, { tile: m, steps: inner }, target)

  const rightValue = (g: Index, at: readonly Index[], column: readonly Index[], l: Lanes): Expr => {
    const index = new Array<Index>(right.shape.length)
    ;[...delinearize(g, s.batch), ...at, ...column].forEach((i, axis) => {
      index[s.rightOrder[axis]] = i
    })
    return inliner.value(right, index, l)
  }
  const lanesAt = (v: number): Lanes => lanesFor(lanes, Math.min(lanes, rowLength - v * lanes))

  /** Whether every vector of the right side is one load. */
  const readStraight = (): boolean => {
    const probe = new KernelBuilder()
    const reader = new Inliner(probe, target, (x) => numbers.get(x) ?? null)
    const vars = [...s.batch, ...s.inner, ...s.columns.slice(0, -1)].map((size) => loopVar('p', 0, size - 1))
    const l = lanesFor(lanes, Math.min(lanes, rowLength))
    const index = new Array<Index>(right.shape.length)
    ;[...vars, l.variable!].forEach((v, axis) => {
      index[s.rightOrder[axis]] = atomIndex(v)
    })
    let straight = false
    const nested = (depth: number): void => {
      if (depth < vars.length) probe.loop(vars[depth], 1, () => nested(depth + 1))
      else {
        const value = reader.value(right, index, l)
        straight = value.kind === 'load' && value.stride === 1
      }
    }
    nested(0)
    return straight
  }
  if (!readStraight()) return null

  /** `count` rows of columns from `row` of batch g. */
  const tile = (g: Index, row: Index, count: number, reader: ReturnType<typeof left>): void => {
    const places = Array.from({ length: count * vectors }, (_, i) => ({
      row: shiftIndex(row, Math.floor(i / vectors)),
      first: (i % vectors) * lanes,
      lanes: lanesAt(i % vectors),
    }))
    const sums: Register[][] = Array.from({ length: m }, () =>
      places.map(() => k.accumulator('c', 'f32', lanes, 0)),
    )
    const step = (at: readonly Index[]): void => {
      const values = places.map((p) =>
        rightValue(
          g,
          at,
          [
            ...delinearize(p.row, s.columns.slice(0, -1)),
            addIndex(constantIndex(p.first), atomIndex(p.lanes.variable!)),
          ],
          p.lanes,
        ),
      )
      const kk = linearize(at, stridesOf(s.inner))
      for (let r = 0; r < m; r++) {
        const a = e.splat(reader.element(r, kk), lanes)
        values.forEach((value, v) => {
          k.set(sums[r][v], e.mulAdd(a, value, e.register(sums[r][v])))
        })
      }
    }
    const nest = (at: readonly Index[]): void => {
      const axis = at.length
      if (axis === s.inner.length) {
        step(at)
        return
      }
      const size = s.inner[axis]
      if (size === 1 || (axis === s.inner.length - 1 && size <= mostUnrolled)) {
        for (let i = 0; i < size; i++) nest([...at, constantIndex(i)])
        return
      }
      const v = loopVar('k', 0, size - 1)
      k.loop(v, 1, () => nest([...at, atomIndex(v)]))
    }
    nest([])
    for (let r = 0; r < m; r++) {
      places.forEach((p, v) => {
        const position = addIndex(
          scaleIndex(g, m * n),
          constantIndex(r * n + p.first),
          scaleIndex(p.row, rowLength),
        )
        own.write(inliner, position, e.register(sums[r][v]), p.lanes.active)
      })
    }
  }

  // Blocks that threads share: a batch's whole tiles, as few as give each thread some.
  const full = Math.floor(rows / together)
  const rest = rows - full * together
  const perBatch = batch >= 2 * target.threads ? 1 : Math.max(1, full)
  const share = 2 * batch * m * n * inner >= target.serialWork && batch * perBatch > 1
  const p = loopVar('block', 0, batch * perBatch - 1)
  k.loop(
    p,
    1,
    () => {
      const g = perBatch === 1 ? atomIndex(p) : divideIndex(atomIndex(p), perBatch)
      const reader = left(g, constantIndex(0), m, constantIndex(0), inner)
      if (perBatch === 1) {
        const v = loopVar('rows', 0, full - 1)
        if (full > 0) k.loop(v, 1, () => tile(g, atomIndex(v, together), together, reader))
        if (rest > 0) tile(g, constantIndex(full * together), rest, reader)
        return
      }
      const part = remainderIndex(atomIndex(p), perBatch)
      tile(g, scaleIndex(part, together), together, reader)
      if (rest === 0) return
      const isLast = { index: part, low: perBatch - 1, high: perBatch - 1 }
      const then = k.block(() => tile(g, constantIndex(full * together), rest, reader))
      k.emit({ kind: 'if', ranges: [isLast], then, otherwise: [] })
    },
    share ? 'parallel' : 'for',
  )
  return k.build(`contract_${batch}x${m}x${n}x${inner}`)
}
