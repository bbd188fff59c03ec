/**
 * Distinct elements. How many there are depends on data, so this comes in two steps: a plan whose `count` somebody
 * looks at, and its results for that count.
 */
import { readElement } from '../core/dtype.js'
import { ValueError } from '../core/errors.js'
import { normalizeAxis, sizeOf } from '../core/shape.js'
import * as b from '../ir/build.js'
import type { HostArray, HostKernel, Node } from '../ir/node.js'
import { maskedSelect } from './masking.js'

export interface UniqueResult {
  /** The distinct elements (or slices along the axis). */
  readonly values: Node
  /** For each element of the input the position of its equal among the values, i64. */
  readonly inverse: Node
  /** How often each of the values occurs, i64. */
  readonly counts: Node
}

export interface UniquePlan {
  /** The number of distinct elements, i64, 0-d. */
  readonly count: Node
  /** The results, once the count is known. */
  finish(count: number): UniqueResult
}

/** Rows (n, m) of the input, the order in which equals are neighbours (null: as they are), and how results look. */
interface Rows {
  readonly rows: Node
  readonly order: Node | null
  readonly shapeValues: (values: Node, count: number) => Node
  readonly shapeInverse: (inverse: Node) => Node
}

/** Whether each row differs from the one before; the first does. NaN differs from everything. */
function startsGroup(rows: Node): Node {
  const [n, m] = rows.shape
  if (n === 0) return b.full([0], 0, 'bool')
  if (m === 0) return b.concat([b.full([1], 1, 'bool'), b.full([n - 1], 0, 'bool')], 0)
  const same = b.eq(b.sliceAxis(rows, 0, 1, n), b.sliceAxis(rows, 0, 0, n - 1))
  const differs = m === 1 ? b.logicalNot(b.reshape(same, [n - 1])) : anyOf(b.logicalNot(same))
  return b.concat([b.full([1], 1, 'bool'), differs], 0)
}

const anyOf = (x: Node): Node => b.cast(b.reduceSum(b.cast(x, 'i32'), [1]), 'bool')

/** Rows of x in the given order. */
function inOrder(rows: Node, order: Node | null): Node {
  if (order === null) return rows
  const [n, m] = rows.shape
  return b.gather(rows, b.expand(b.reshape(order, [n, 1]), [n, m]), 0)
}

function planRows({ rows, order, shapeValues, shapeInverse }: Rows): UniquePlan {
  const [n, m] = rows.shape
  const sorted = inOrder(rows, order)
  const starts = startsGroup(sorted)
  return {
    count: b.reduceSum(b.cast(starts, 'i64'), [0]),
    finish(count) {
      const places = maskedSelect(b.iota([n], 0, 'i64'), starts, count)
      const values = b.gather(sorted, b.expand(b.reshape(places, [count, 1]), [count, m]), 0)
      if (n === 0) {
        const none = b.full([0], 0, 'i64')
        return { values: shapeValues(values, 0), inverse: shapeInverse(none), counts: none }
      }
      const group = b.sub(b.cumSum(b.cast(starts, 'i64'), 0, false), b.full([n], 1, 'i64'))
      const inverse = order === null ? group : b.scatter(b.full([n], 0, 'i64'), order, group, 0, 'set')
      const counts = b.scatter(b.full([count], 0, 'i64'), group, b.full([n], 1, 'i64'), 0, 'add')
      return { values: shapeValues(values, count), inverse: shapeInverse(inverse), counts }
    },
  }
}

/** The elements of x as rows of one, or its slices along an axis as rows. */
function asRows(operation: string, x: Node, axis: number | null | undefined): Omit<Rows, 'order'> {
  if (axis === null || axis === undefined) {
    return {
      rows: b.reshape(x, [sizeOf(x.shape), 1]),
      shapeValues: (values, count) => b.reshape(values, [count]),
      shapeInverse: (inverse) => b.reshape(inverse, x.shape),
    }
  }
  const a = normalizeAxis(axis, x.shape.length, operation)
  const moved = b.moveAxis(x, a, 0)
  const rest = moved.shape.slice(1)
  const n = x.shape[a]
  if (n > 0 && sizeOf(rest) === 0) {
    throw new ValueError(`${operation}: expected slices with elements along axis ${axis}, got empty ones.`)
  }
  return {
    rows: b.reshape(moved, [n, sizeOf(rest)]),
    shapeValues: (values, count) => b.moveAxis(b.reshape(values, [count, ...rest]), 0, a),
    shapeInverse: (inverse) => inverse,
  }
}

/** Rows (n, m) to the positions (n) that sort them by their first column, then the second, and so on; stable. */
const sortRows: HostKernel = {
  name: 'sortRows',
  run([rows], [order]) {
    const [n, m] = rows.shape
    const compare = comparison(rows)
    const at = Array.from({ length: n }, (_, i) => i)
    at.sort((p, q) => {
      for (let j = 0; j < m; j++) {
        const c = compare(p * m + j, q * m + j)
        if (c !== 0) return c
      }
      return p - q
    })
    at.forEach((i, place) => {
      order.data[place] = i
    })
  },
}

/** Compares two elements of an array, NaN last. i64 is compared in full. */
function comparison({ data, dtype }: HostArray): (i: number, j: number) => number {
  if (dtype === 'i64') return (i, j) => (data[i] < data[j] ? -1 : data[i] > data[j] ? 1 : 0)
  return (i, j) => {
    const [x, y] = [readElement(dtype, data, i), readElement(dtype, data, j)]
    if (Number.isNaN(x) || Number.isNaN(y)) return Number(Number.isNaN(x)) - Number(Number.isNaN(y))
    return x < y ? -1 : x > y ? 1 : 0
  }
}

/** Distinct elements in ascending order, or distinct slices along an axis in lexicographic order. */
export function planUnique(x: Node, axis?: number | null): UniquePlan {
  const parts = asRows('unique', x, axis)
  const [n, m] = parts.rows.shape
  if (n === 0) return planRows({ ...parts, order: null })
  if (m > 1) {
    const [order] = b.call([parts.rows], {
      kernel: sortRows,
      outputs: [{ shape: [n], dtype: 'i32' }],
      vjp: null,
    })
    return planRows({ ...parts, order })
  }
  const keys = b.reshape(parts.rows, [n])
  const [, order] = b.sort([keys, b.iota([n], 0, 'i32')], 0, false)
  return planRows({ ...parts, order })
}

/** Each run of equal neighbours once, of elements or of slices along an axis. */
export const planUniqueConsecutive = (x: Node, axis?: number | null): UniquePlan =>
  planRows({ ...asRows('uniqueConsecutive', x, axis), order: null })

/** Distinct elements when their number is known; see `planUnique`. */
export const unique = (x: Node, count: number, axis?: number | null): UniqueResult =>
  planUnique(x, axis).finish(count)

/** Runs of equal neighbours when their number is known; see `planUniqueConsecutive`. */
export const uniqueConsecutive = (x: Node, count: number, axis?: number | null): UniqueResult =>
  planUniqueConsecutive(x, axis).finish(count)
