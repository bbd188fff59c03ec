/** Norms of vectors and matrices (`torch.linalg.norm`, `vector_norm`, `matrix_norm`). */
import { ShapeError, ValueError } from '../core/errors.js'
import { formatShape, normalizeAxes, normalizeAxis, range } from '../core/shape.js'
import * as b from '../ir/build.js'
import type { Node } from '../ir/node.js'
import { fullPrecision } from './autocast.js'
import { singularValues } from './decomposition-svd.js'
import { requireMatrix } from './matrix.js'
import { type Axes, keptShape, norm, type ReduceOptions } from './reductions.js'

/** Which norm of a matrix: see `matrixNorm`. */
export type MatrixOrder = number | 'fro' | 'nuc'

/** (Σ|x|ᵖ)^(1/p) over the axes (default: all), p any number or ±Infinity, default 2. */
export function vectorNorm(x: Node, p = 2, axis?: Axes | null, options: ReduceOptions = {}): Node {
  if (typeof p !== 'number') {
    throw new ValueError(
      `vectorNorm: expected a number p, got ${String(p)}. Use matrixNorm for 'fro' and 'nuc'.`,
    )
  }
  return norm(x, p, axis, options)
}

/**
 * A norm of the matrices over two axes, default the last two:
 * 'fro' √Σx² (default), 'nuc' Σ of singular values, ±Infinity the largest (smallest) row sum of |x|, ±1 of column sums,
 * ±2 the largest (smallest) singular value.
 */
export function matrixNorm(
  matrix: Node,
  order: MatrixOrder = 'fro',
  axes: readonly number[] = [-2, -1],
  { keepdim = false }: ReduceOptions = {},
): Node {
  const x = fullPrecision(matrix)
  requireMatrix('matrixNorm', x)
  const rank = x.shape.length
  if (axes.length !== 2) {
    throw new ValueError(
      `matrixNorm: expected two axes, got ${formatShape(axes)}. Use vectorNorm for others.`,
    )
  }
  const [row, column] = axes.map((a) => normalizeAxis(a, rank, 'matrixNorm'))
  if (row === column)
    throw new ValueError(`matrixNorm: expected two different axes, got ${formatShape(axes)}.`)
  const kept = (y: Node): Node => (keepdim ? b.reshape(y, keptShape(x.shape, [row, column])) : y)
  if (order === 'fro') return norm(x, 2, axes, { keepdim })
  if (order === 'nuc' || Math.abs(order) === 2) {
    const s = singularValues(
      b.permute(x, [...range(rank).filter((a) => a !== row && a !== column), row, column]),
    )
    const last = s.shape.length - 1
    if (order === 'nuc') return kept(b.reduceSum(s, [last]))
    const at = order > 0 ? 0 : s.shape[last] - 1
    requireElements(x, order, s.shape[last])
    return kept(b.reshape(b.sliceAxis(s, last, at, at + 1), s.shape.slice(0, -1)))
  }
  const size = Math.abs(order)
  if (size !== 1 && size !== Number.POSITIVE_INFINITY) {
    throw new ValueError(
      `matrixNorm: expected 'fro', 'nuc', ±1, ±2 or ±Infinity, got ${String(order)}. Use vectorNorm for other powers.`,
    )
  }
  const [summed, compared] = size === 1 ? [row, column] : [column, row]
  requireElements(x, order, x.shape[compared])
  const sums = b.reduceSum(b.abs(x), [summed])
  const left = [compared > summed ? compared - 1 : compared]
  return kept(order > 0 ? b.reduceMax(sums, left) : b.reduceMin(sums, left))
}

function requireElements(x: Node, order: MatrixOrder, size: number): void {
  if (size > 0) return
  throw new ShapeError(
    `matrixNorm: norm ${String(order)} of an empty matrix ${formatShape(x.shape)} is not defined. 'fro' and 'nuc' are 0.`,
  )
}

/**
 * `torch.linalg.norm`: without an order the 2-norm of all elements (over `axis` where given); with one axis, or a vector,
 * a vector norm; with two axes, or a matrix, a matrix norm.
 */
export function linalgNorm(
  x: Node,
  order?: MatrixOrder | null,
  axis?: Axes | null,
  options: ReduceOptions = {},
): Node {
  if (order == null) return norm(x, 2, axis, options)
  const axes = axis == null ? null : typeof axis === 'number' ? [axis] : axis
  const rank = x.shape.length
  if (axes === null && rank !== 1 && rank !== 2) {
    throw new ShapeError(
      `norm: expected a vector or a matrix where an order is given without axes, got shape ${formatShape(x.shape)}. Pass the axes.`,
    )
  }
  const count = axes === null ? rank : normalizeAxes(axes, rank, 'norm').length
  if (count === 2) return matrixNorm(x, order, axes ?? [0, 1], options)
  if (count === 1 && typeof order === 'number') return norm(x, order, axes, options)
  throw new ValueError(
    `norm: order ${String(order)} over ${count} ${count === 1 ? 'axis' : 'axes'} is not defined. ` +
      "'fro' and 'nuc' take two axes, numbers one or two.",
  )
}
