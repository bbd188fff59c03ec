/**
 * Contractions whose shape would leave registers or threads idle, as ones that do not: each keeps which products are
 * added and depends on the shape only.
 */
import { range, sizeOf } from '../core/shape.js'
import * as b from '../ir/build.js'
import { isOp, type Node } from '../ir/node.js'
import { contractShape, matrixSizes } from './contract-shape.js'
import { isDotContract } from './dot-contract.js'
import { tapsGradient } from './winograd-gradient.js'

/** Columns up to which a tall, narrow result is computed lying down. */
const narrow = 64
const timesTaller = 8

/** Into how many pieces rows are cut, and how many rows a piece has at least. */
const rowPieces = [16, 8, 4, 2]
const leastRows = 128

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

/**
 * x·y where x lies row by row: pieces of x's rows, which threads share and nothing has to turn, though few columns leave
 * lanes idle (turning costs more). Null for others.
 */
function inPieces(node: Node<'contract'>): Node | null {
  const { contracting, accumulate } = node.attrs
  const s = contractShape(node)
  const [m] = matrixSizes(s)
  const [x, y] = node.inputs
  const rowByRow = s.leftOrder.every((axis, i) => axis === i)
  if (!rowByRow || s.rows.length === 0) return null
  const [first, ...others] = s.rows
  const count = rowPieces.find((p) => first % p === 0 && m / p >= leastRows)
  if (count === undefined) return null
  const moved = (axes: readonly number[]): number[] => axes.map((a) => a + 1)
  const pieces = b.contract(
    b.reshape(x, [count, first / count, ...x.shape.slice(1)]),
    b.expand(b.reshape(y, [1, ...y.shape]), [count, ...y.shape]),
    { batch: [[0], [0]], contracting: [moved(contracting[0]), moved(contracting[1])], accumulate },
  )
  return b.reshape(pieces, [first, ...others, ...s.columns])
}

/**
 * x·y as (yᵀ·xᵀ)ᵀ where x has many rows and y few columns: the rows become lanes, and the small side is the one that is
 * packed.
 */
export function layDown(node: Node): Node | null {
  if (!isOp(node, 'contract') || node.dtype !== 'f32' || tapsGradient(node) !== null) return null
  if (isDotContract(node)) return null
  const { batch, contracting, accumulate } = node.attrs
  const s = contractShape(node)
  const [m, n] = matrixSizes(s)
  if (batch[0].length > 0 || n > narrow || m < timesTaller * n || n < 2) return null
  const [x, y] = node.inputs
  if (!readsOnce(x) || !readsOnce(y)) return null
  const upright = inPieces(node)
  if (upright !== null) return upright
  const turned = b.contract(y, x, {
    batch: [[], []],
    contracting: [contracting[1], contracting[0]],
    accumulate,
  })
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
