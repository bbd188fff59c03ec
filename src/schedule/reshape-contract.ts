/**
 * Contractions whose shape would leave registers or threads idle, as ones that do not: each keeps which products are
 * added and depends on the shape only.
 */
import { range, sizeOf } from '../core/shape.js'
import * as b from '../ir/build.js'
import { isOp, type Node } from '../ir/node.js'
import { contractShape, isTall, matrixSizes } from './contract-shape.js'
import { isDotContract } from './dot-contract.js'
import { liesInRows } from './left-view.js'
import { tapsGradient } from './winograd-gradient.js'

/** Results of at most so many elements, over inner dimensions of at least so many, are summed in pieces. */
const smallResult = 8192
const longInner = 8192
const pieces = 8

/** The axes of a value in terms of its movement: no element stands for several. */
function readsOnce(node: Node): boolean {
  for (let at = node; ; at = at.inputs[0]) {
    if (isOp(at, 'window') || isOp(at, 'expand')) return false
    if (!isOp(at, 'reshape') && !isOp(at, 'permute') && !isOp(at, 'slice') && !isOp(at, 'pad')) return true
  }
}

/** Whether both sides have the contracted axes in the same order. */
function sameOrder([left, right]: readonly [readonly number[], readonly number[]]): boolean {
  return left.every((axis, i) => left.every((other, j) => axis < other === right[i] < right[j]))
}

/**
 * x·y as (yᵀ·xᵀ)ᵀ where x has many rows and y few columns: the rows become lanes, and the small side is the one that is
 * packed. Where x lies row by row it is read as it is: turning costs more than lanes that few columns leave idle.
 */
export function layDown(node: Node): Node | null {
  if (!isOp(node, 'contract') || node.dtype !== 'f32' || tapsGradient(node) !== null) return null
  if (isDotContract(node)) return null
  const { contracting, accumulate } = node.attrs
  const s = contractShape(node)
  const [, n] = matrixSizes(s)
  if (!isTall(s) || n < 2 || liesInRows(node)) return null
  const [x, y] = node.inputs
  if (!readsOnce(x) || !readsOnce(y)) return null
  const turned = b.contract(y, x, {
    batch: [[], []],
    contracting: [contracting[1], contracting[0]],
    accumulate,
  })
  // The sums keep their order: that of the right side's axes, which becomes the left one's.
  if (isDotContract(turned) || !sameOrder(contracting)) return null
  const rows = s.rows.length
  const columns = s.columns.length
  return b.permute(turned, [...range(rows).map((i) => columns + i), ...range(columns)])
}

/** A long inner dimension in pieces that threads share, when the result has too few columns to share. */
export function splitInner(node: Node): Node | null {
  if (!isOp(node, 'contract') || node.dtype !== 'f32' || tapsGradient(node) !== null) return null
  const { batch, contracting, accumulate } = node.attrs
  const s = contractShape(node)
  const [m, n, k] = matrixSizes(s)
  if (sizeOf(s.batch) !== 1 || m * n > smallResult || k < longInner) return null
  const [x, y] = node.inputs
  // Dot products keep their runs whole.
  const [dots, run] = [isDotContract(node), y.shape.length - 1]
  const at = contracting[1].findIndex(
    (axis) => y.shape[axis] % pieces === 0 && y.shape[axis] > pieces && !(dots && axis === run),
  )
  if (at < 0) return null
  const split = (value: Node, axis: number): Node =>
    b.reshape(value, [
      ...value.shape.slice(0, axis),
      pieces,
      value.shape[axis] / pieces,
      ...value.shape.slice(axis + 1),
    ])
  const [ax, ay] = [contracting[0][at], contracting[1][at]]
  // Axes behind the split one move up by one; of the split one, the second part stays contracted.
  const moved = (axes: readonly number[], axis: number): number[] => axes.map((a) => (a >= axis ? a + 1 : a))
  const parts = b.contract(split(x, ax), split(y, ay), {
    batch: [
      [...moved(batch[0], ax), ax],
      [...moved(batch[1], ay), ay],
    ],
    contracting: [moved(contracting[0], ax), moved(contracting[1], ay)],
    accumulate,
  })
  return dots && !isDotContract(parts) ? null : b.reduceSum(parts, [batch[0].length])
}
