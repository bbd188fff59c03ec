/**
 * Lowering of sums of segments: threads share the rows of the result, a row's sums stay in registers while its elements
 * are read in order. With messages for elements this is the product of a matrix in compressed rows (CSR) and a dense one.
 */
import type { DType } from '../../core/dtype.js'
import { sizeOf } from '../../core/shape.js'
import {
  addIndex,
  constantIndex,
  delinearize,
  type Index,
  scaleIndex,
  shiftIndex,
} from '../index-expression.js'
import { computeTypeOf, type Kernel } from '../loop-ir.js'
import type { Target } from '../target.js'
import type { ComputedRows } from './computed-rows.js'
import { KernelBuilder, times, whereInside } from './kernel-builder.js'
import { checkedIndex, isShared, tasks, widthFor } from './operand.js'
import { roundTo } from './round.js'
import { piecesOf } from './row-writer.js'

export interface SegmentSumSpec {
  readonly name: string
  /** Of what is summed. */
  readonly shape: readonly number[]
  readonly rows: number
  readonly dtype: DType
  readonly offsetsDType: 'i32' | 'i64'
  readonly terms: ComputedRows
}

/** Sums that a row has in registers at once. */
const mostSums = 8

/** Buffers: offsets, what the terms read, out. */
export function lowerSegmentSum(spec: SegmentSumSpec, target: Target): Kernel[] {
  const { shape, rows, dtype, offsetsDType } = spec
  const [count, ...behind] = shape
  const inner = sizeOf(behind)
  if (rows * inner === 0) return []
  const k = new KernelBuilder()
  const { e } = k
  const width = widthFor(dtype, target)
  const type = computeTypeOf(dtype)
  const offsets = k.buffer('offsets', offsetsDType, rows + 1, 'read')
  const term = spec.terms.open(k, target)
  const out = k.buffer('out', dtype, rows * inner, 'write')

  /** Columns from, …, from + length - 1 of one row. */
  const sums = (row: Index, begin: Index, end: Index, from: Index, length: number): void => {
    const pieces = piecesOf(from, length, width, target.tail === 'mask')
    const held = pieces.map(({ lanes }) => k.define('sum', e.const(type === 'i64' ? 0n : 0, type, lanes)))
    const next = k.define('next', e.index(begin))
    const body = k.block(() => {
      const i = checkedIndex(k, 'element', e.register(next), 0, Math.max(0, count - 1))
      const terms = pieces.map((piece) => term((j) => [i, ...delinearize(j, behind)], piece))
      terms.forEach((value, v) => {
        k.set(held[v], e.binary('add', e.register(held[v]), value))
      })
      k.set(next, e.binary('add', e.register(next), e.const(1, 'i32')))
    })
    if (count > 0)
      k.emit({
        kind: 'loop',
        rounds: count / rows,
        condition: e.binary('lt', e.register(next), e.index(end)),
        body,
      })
    pieces.forEach((piece, v) => {
      const at = addIndex(scaleIndex(row, inner), piece.from)
      k.store(out, at, roundTo(e, dtype, e.register(held[v])), 1, piece.active)
    })
  }

  tasks(k, rows, isShared((count + rows) * inner, target), (row) => {
    const offset = (at: Index, low: number, high: number): Index =>
      checkedIndex(k, 'offset', e.load(offsets, offsetsDType, at), low, high)
    const [begin, end] = [offset(row, 0, count), offset(shiftIndex(row, 1), 0, count)]
    // They begin with 0, never fall and end with the number of elements.
    k.check('length', e.binary('sub', e.index(end), e.index(begin)), 0, count)
    whereInside(k, row, 0, 0, (first, inside) => inside && offset(first, 0, 0))
    whereInside(
      k,
      row,
      rows - 1,
      rows - 1,
      (last, inside) => inside && offset(shiftIndex(last, 1), count, count),
    )
    const group = mostSums * width
    const groups = Math.floor(inner / group)
    times(k, 'group', groups, (g) => sums(row, begin, end, scaleIndex(g, group), group))
    const rest = inner - groups * group
    if (rest > 0) sums(row, begin, end, constantIndex(groups * group), rest)
  })
  return [k.build(spec.name)]
}
