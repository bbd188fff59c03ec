/** What operations on matrices share: their axes are the last two, all axes before are a batch. */
import { isFloat } from '../core/dtype.js'
import { DTypeError, ShapeError } from '../core/errors.js'
import { broadcastShapes, formatShape, range, type Shape } from '../core/shape.js'
import * as b from '../ir/build.js'
import type { CallGradient, HostKernel, Node } from '../ir/node.js'
import { requireRank, stretch } from './operand.js'

/** Throws unless `x` is a batch of matrices in a dtype that factorizations take: f32 or f64. */
export function requireMatrix(operation: string, x: Node): void {
  requireRank(operation, x, 2, Number.POSITIVE_INFINITY, '(…, m, n)')
  if (x.dtype === 'f32' || x.dtype === 'f64') return
  const why = isFloat(x.dtype) ? ' (half types hold too few digits for it)' : ''
  throw new DTypeError(
    `${operation}: expected f32 or f64 elements, got ${x.dtype}${why}. Cast first with .to('f32').`,
  )
}

/** Throws unless `x` is a batch of square matrices of f32 or f64; returns their size. */
export function requireSquare(operation: string, x: Node): number {
  requireMatrix(operation, x)
  const [m, n] = x.shape.slice(-2)
  if (m !== n) {
    throw new ShapeError(
      `${operation}: expected square matrices (…, n, n), got shape ${formatShape(x.shape)}. Use lstsq or pinv for others.`,
    )
  }
  return n
}

/** The axes before the last `rank`. */
export const batchOf = (x: Node, rank = 2): Shape => x.shape.slice(0, x.shape.length - rank)

/** The last two axes exchanged. */
export function swapLast(x: Node): Node {
  const axes = range(x.shape.length)
  axes.push(...axes.splice(-2).reverse())
  return b.permute(x, axes)
}

/** x stretched to the given batch axes, its last `rank` ones as they are. */
export const stretchBatch = (x: Node, batch: Shape, rank = 2): Node =>
  stretch(x, [...batch, ...x.shape.slice(x.shape.length - rank)])

/** Two batches of matrices stretched to one batch shape. */
export function broadcastBatch(operation: string, x: Node, y: Node): [Node, Node] {
  const batch = broadcastShapes(batchOf(x), batchOf(y), operation)
  return [stretchBatch(x, batch), stretchBatch(y, batch)]
}

/** The product of matrices of one batch shape, in their own dtype whatever autocast and `compile`'s precision say. */
export function product(x: Node, y: Node): Node {
  const rank = x.shape.length
  const batch = range(rank - 2)
  return b.contract(x, y, {
    batch: [batch, batch],
    contracting: [[rank - 1], [rank - 2]],
    accumulate: x.dtype,
    exact: true,
  })
}

/** x with a new last axis, repeated `n` times: column vectors over the columns of a matrix. */
export const overColumns = (x: Node, n: number): Node =>
  b.expand(b.reshape(x, [...x.shape, 1]), [...x.shape, n])

/** x with a new axis before the last, repeated `m` times: row vectors over the rows of a matrix. */
export const overRows = (x: Node, m: number): Node => {
  const [lead, n] = [x.shape.slice(0, -1), x.shape[x.shape.length - 1]]
  return b.expand(b.reshape(x, [...lead, 1, n]), [...lead, m, n])
}

/** A 0-d value (one an example of the batch) for each element of a matrix like `x`. */
export const overMatrix = (value: Node, x: Node): Node =>
  b.expand(b.reshape(value, [...value.shape, 1, 1]), x.shape)

/** Whether an element of a matrix like `x` lies on the diagonal. */
export function onDiagonal(x: Node): Node {
  const matrix = x.shape.slice(-2)
  return stretch(b.eq(b.iota(matrix, 0, 'i32'), b.iota(matrix, 1, 'i32')), x.shape)
}

/** The identity of the size and batch of `x`. */
export const identityLike = (x: Node): Node => b.cast(onDiagonal(x), x.dtype)

/** The first `count` columns. */
export const firstColumns = (x: Node, count: number): Node => b.sliceAxis(x, x.shape.length - 1, 0, count)

/** The first `count` rows. */
export const firstRows = (x: Node, count: number): Node => b.sliceAxis(x, x.shape.length - 2, 0, count)

/** A host kernel over matrices: `shapes` are those of the results without the batch axes, in the dtype of input 0. */
export function factorize(
  kernel: HostKernel,
  inputs: readonly Node[],
  batch: Shape,
  shapes: readonly Shape[],
  vjp: CallGradient | null,
): Node[] {
  const { dtype } = inputs[0]
  return b.call(inputs, {
    kernel,
    outputs: shapes.map((shape) => ({ shape: [...batch, ...shape], dtype })),
    vjp,
  })
}
