/** Inverse and solution where several axes together are rows and columns; Vandermonde matrices. */
import { ShapeError, ValueError } from '../core/errors.js'
import { formatShape, normalizeAxis, range, sizeOf } from '../core/shape.js'
import * as b from '../ir/build.js'
import type { Node } from '../ir/node.js'
import { diagonal } from './diagonal.js'
import { requireRank } from './operand.js'
import { inv, solve } from './solving.js'

/** The inverse of x as a matrix whose rows are its first `ind` axes: x.shape[ind:] + x.shape[:ind]. Default 2. */
export function tensorinv(x: Node, ind = 2): Node {
  if (!Number.isInteger(ind) || ind < 1) throw new ValueError(`tensorinv: expected ind ≥ 1, got ${ind}.`)
  const [rows, columns] = [x.shape.slice(0, ind), x.shape.slice(ind)]
  if (sizeOf(rows) !== sizeOf(columns)) {
    throw new ShapeError(
      `tensorinv: expected as many elements in the first ${ind} axes of ${formatShape(x.shape)} as in the others, got ${sizeOf(rows)} and ${sizeOf(columns)}.`,
    )
  }
  const n = sizeOf(rows)
  return b.reshape(inv(b.reshape(x, [n, n])), [...columns, ...rows])
}

/** X with Σ A·X = B over the last axes of A, after `axes` of A have moved to its end. */
export function tensorsolve(a: Node, y: Node, { axes = [] }: { axes?: readonly number[] } = {}): Node {
  const rank = a.shape.length
  const ends = axes.map((axis) => normalizeAxis(axis, rank, 'tensorsolve'))
  const moved = b.permute(a, [...range(rank).filter((i) => !ends.includes(i)), ...ends])
  const result = moved.shape.slice(y.shape.length)
  const n = sizeOf(result)
  if (n !== sizeOf(y.shape) || sizeOf(a.shape) !== n * n) {
    throw new ShapeError(
      `tensorsolve: ${formatShape(a.shape)} and right side ${formatShape(y.shape)} give no square system.`,
    )
  }
  return b.reshape(solve(b.reshape(moved, [n, n]), b.reshape(y, [n])), result)
}

/** The diagonal of the last two axes. */
export const matrixDiagonal = (x: Node, offset = 0): Node => diagonal(x, offset, -2, -1)

/** Columns x⁰, x¹, …, x^(N-1): (…, n) → (…, n, N), default N = n. */
export function vander(x: Node, { N }: { N?: number } = {}): Node {
  requireRank('vander', x, 1, Number.POSITIVE_INFINITY)
  const count = N ?? x.shape[x.shape.length - 1]
  if (!Number.isInteger(count) || count < 1) throw new ValueError(`vander: expected N ≥ 1, got ${count}.`)
  const columns: Node[] = [b.literal(x, 1)]
  for (let k = 1; k < count; k++) columns.push(b.mul(columns[k - 1], x))
  return b.concat(
    columns.map((c) => b.reshape(c, [...c.shape, 1])),
    x.shape.length,
  )
}
