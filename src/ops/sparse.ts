/**
 * Sparse tensors on nodes: coordinates, compressed rows, products. Sizes depend on shapes only, so that all of it works
 * in compiled steps; everything is composed of gathers and segment sums, and differentiates by values and dense sides.
 */
import { ShapeError } from '../core/errors.js'
import {
  formatShape,
  normalizeAxes,
  normalizeAxis,
  range,
  type Shape,
  sizeOf,
  stridesOf,
} from '../core/shape.js'
import * as b from '../ir/build.js'
import type { Node } from '../ir/node.js'
import { segmentRows } from '../ir/segment-rows.js'
import { checkedIndex, indexSelect } from './indexing.js'
import { requireRank, requireSameDType } from './operand.js'
import { segmentSum } from './segments.js'

/** Row i of a matrix of indices. */
const rowOf = (indices: Node, i: number): Node =>
  b.reshape(b.sliceAxis(indices, 0, i, i + 1), [indices.shape[1]])

/**
 * The position of each coordinate (d, n) in the chosen axes of `shape`, row-major, as i64. One out of range is an error
 * when it runs.
 */
export function flatCoordinates(
  indices: Node,
  shape: Shape,
  axes: readonly number[] = range(shape.length),
): Node {
  const strides = stridesOf(axes.map((a) => shape[a]))
  let flat: Node = b.full([indices.shape[1]], 0, 'i64')
  axes.forEach((a, i) => {
    const at = b.cast(checkedIndex(rowOf(indices, a), shape[a]), 'i64')
    flat = b.add(flat, b.mul(at, b.literal(at, strides[i])))
  })
  return flat
}

/** Values (n, …) at coordinates (d, n) of a tensor of zeros; values that meet add up. `shape` has all axes. */
export function sparseToDense(indices: Node, values: Node, shape: Shape): Node {
  const sparse = shape.slice(0, indices.shape[0])
  const flat = flatCoordinates(indices, sparse)
  return b.reshape(segmentSum(values, flat, sizeOf(sparse)), shape)
}

/** The elements of a dense tensor at coordinates (d, n): (n, …). */
export function valuesAt(x: Node, indices: Node): Node {
  const sparse = x.shape.slice(0, indices.shape[0])
  const flat = flatCoordinates(indices, sparse)
  return indexSelect(b.reshape(x, [sizeOf(sparse), ...x.shape.slice(sparse.length)]), 0, flat)
}

/** The row of each of n elements, i64, given where each row starts: crow (rows + 1). */
export const rowsOfCrow = (crow: Node, n: number): Node => segmentRows(b, crow, n)

/** Where each row starts, i64 (count + 1), given the row of each element in any order. */
export function crowOfRows(rows: Node, count: number): Node {
  const ones = b.full(rows.shape, 1, 'i64')
  const counts = segmentSum(ones, rows, count)
  return b.pad(b.cumSum(counts, 0, false), [1], [0], [0], 0)
}

/** The order of elements by row, then column, as it was where they are equal: permutation i64 (n). */
export function rowMajorOrder(rows: Node, columns: Node, columnCount: number): Node {
  const row = b.cast(rows, 'i64')
  const key = b.add(b.mul(row, b.literal(row, columnCount)), b.cast(columns, 'i64'))
  const [, order] = b.sort([key, b.iota(key.shape, 0, 'i64')], 0, false)
  return order
}

/**
 * A sparse matrix (rows, columns) of values (n) at (row, column) times a dense one (columns, k) or a vector (columns).
 */
export function sparseProduct(rows: Node, columns: Node, values: Node, dense: Node, shape: Shape): Node {
  return segmentSum(messages(columns, values, dense, shape), rows, shape[0])
}

/** The same of a matrix in compressed rows: `crow` (rows + 1) says where each begins. No row is looked up. */
export function csrProduct(crow: Node, columns: Node, values: Node, dense: Node, shape: Shape): Node {
  return b.segmentSumCsr(messages(columns, values, dense, shape), crow)
}

/** What each element adds to its row of the product: values[i] · dense[columns[i]]. */
function messages(columns: Node, values: Node, dense: Node, shape: Shape): Node {
  requireRank('sparse matmul', dense, 1, 2, '(n, k) or (n)')
  requireSameDType('sparse matmul', values, dense)
  const [, n] = shape
  if (dense.shape[0] !== n) {
    throw new ShapeError(
      `sparse matmul: shapes ${formatShape(shape)} and ${formatShape(dense.shape)} do not fit: inner sizes ${n} and ${dense.shape[0]} differ.`,
    )
  }
  const taken = indexSelect(dense, 0, columns)
  const factors =
    dense.shape.length === 1 ? values : b.expand(b.reshape(values, [values.shape[0], 1]), taken.shape)
  return b.mul(factors, taken)
}

/** (x·y)[row, column] for dense x (m, k), y (k, n): the elements of a product that are asked for, (count). */
export function sampledProduct(rows: Node, columns: Node, x: Node, y: Node): Node {
  requireRank('sampledAddmm', x, 2)
  requireRank('sampledAddmm', y, 2)
  requireSameDType('sampledAddmm', x, y)
  if (x.shape[1] !== y.shape[0]) {
    throw new ShapeError(
      `sampledAddmm: shapes ${formatShape(x.shape)} and ${formatShape(y.shape)} do not fit: inner sizes differ.`,
    )
  }
  const left = indexSelect(x, 0, rows)
  const right = indexSelect(b.permute(y, [1, 0]), 0, columns)
  return b.reduceSum(b.mul(left, right), [1])
}

/** The sum over some axes of a sparse tensor (default all) as a dense one. `shape` has all axes. */
export function sparseSum(
  indices: Node,
  values: Node,
  shape: Shape,
  axis?: number | readonly number[] | null,
): Node {
  const d = indices.shape[0]
  const axes = normalizeAxes(axis, shape.length, 'sparse sum')
  const dense = axes.filter((a) => a >= d).map((a) => a - d + 1)
  const summed = b.reduceSum(values, dense)
  const kept = range(d).filter((a) => !axes.includes(a))
  if (kept.length === 0) return b.reduceSum(summed, [0])
  const sizes = kept.map((a) => shape[a])
  const flat = flatCoordinates(indices, shape.slice(0, d), kept)
  return b.reshape(segmentSum(summed, flat, sizeOf(sizes)), [...sizes, ...summed.shape.slice(1)])
}

/**
 * The softmax over one sparse axis, of the values that are there: what is not there counts as -∞. Values (n), each
 * coordinate once. With `log`, its logarithm.
 */
export function sparseSoftmax(indices: Node, values: Node, shape: Shape, axis: number, log = false): Node {
  const d = indices.shape[0]
  const along = normalizeAxis(axis, d, 'sparse softmax')
  const others = range(d).filter((a) => a !== along)
  const count = sizeOf(others.map((a) => shape[a]))
  const group = flatCoordinates(indices, shape, others)
  const each = (perGroup: Node): Node => indexSelect(perGroup, 0, group)
  const lowest = b.full([count], Number.NEGATIVE_INFINITY, values.dtype)
  const most = b.scatter(lowest, group, b.stopGradient(values), 0, 'max')
  const shifted = b.sub(values, each(most))
  const e = b.exp(shifted)
  const sums = each(segmentSum(e, group, count))
  return log ? b.sub(shifted, b.log(sums)) : b.div(e, sums)
}

/** Row s is the sum of the rows of values (n, …) in group s. */
export const sumGroups = (values: Node, groups: Node, count: number): Node =>
  segmentSum(values, groups, count)
