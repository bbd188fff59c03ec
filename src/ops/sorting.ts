/** Elements in order along an axis, and where they came from. Sorting is stable; NaN counts as largest. */
import { isFloat } from '../core/dtype.js'
import { ValueError } from '../core/errors.js'
import { formatShape, normalizeAxis } from '../core/shape.js'
import * as b from '../ir/build.js'
import type { Node } from '../ir/node.js'
import { like } from './operand.js'
import { keptShape, type ValuesAndIndices } from './reductions.js'
import { atleast1d } from './shape.js'

export interface SortOptions {
  /** Default -1. */
  readonly axis?: number
  /** Default false. */
  readonly descending?: boolean
}

/** x in order along an axis, and the positions (i64) its elements came from. Stable; NaN counts as largest. */
export function sort(x: Node, { axis = -1, descending = false }: SortOptions = {}): ValuesAndIndices {
  const source = atleast1d(x)
  const a = normalizeAxis(axis, source.shape.length, 'sort')
  const [values, positions] = b.sort([source, b.iota(source.shape, a, 'i32')], a, descending)
  return { values: b.reshape(values, x.shape), indices: b.reshape(b.cast(positions, 'i64'), x.shape) }
}

/** The positions that would sort x along an axis, i64. */
export const argsort = (x: Node, options: SortOptions = {}): Node => sort(x, options).indices

/** x in order along axis 0. */
export const msort = (x: Node): Node => sort(x, { axis: 0 }).values

/** Up to this many elements are found one after the other, along axes that are so long that sorting costs more. */
const mostPicked = 16
const leastLength = 64

/** Whether the first k of an order are found faster one by one; f64 and i64 have no type that holds all and more. */
const pickable = (x: Node, axis: number, k: number): boolean =>
  k > 0 && k <= mostPicked && x.shape[axis] >= leastLength && x.dtype !== 'f64' && x.dtype !== 'i64'

/**
 * The positions (i64) of the first k elements along an axis in the order of `sort`: one reduction each, over f64 keys, in
 * which infinities and NaN are finite, so that what was taken can be set aside beyond all of them.
 */
function firstInOrder(x: Node, axis: number, k: number, descending: boolean): Node {
  const exact = b.stopGradient(b.cast(x, 'f64'))
  const literal = (value: number): Node => like(exact, value)
  let rest = exact
  if (isFloat(x.dtype)) {
    const infinity = b.eq(b.abs(exact), literal(Number.POSITIVE_INFINITY))
    const finite = b.where(b.lt(exact, literal(0)), literal(-1e300), literal(1e300))
    const number = b.eq(exact, exact)
    rest = b.where(number, b.where(infinity, finite, exact), literal(1e301))
  }
  const beyond = literal(descending ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY)
  const places = b.iota(x.shape, axis, 'i32')
  const picked: Node[] = []
  for (let i = 0; i < k; i++) {
    const index = descending ? b.argMax(rest, axis) : b.argMin(rest, axis)
    const kept = b.reshape(index, keptShape(x.shape, [axis]))
    picked.push(kept)
    if (i + 1 < k) rest = b.where(b.eq(places, b.expand(b.cast(kept, 'i32'), x.shape)), beyond, rest)
  }
  return b.concat(picked, axis)
}

export interface TopkOptions {
  /** Default -1. */
  readonly axis?: number
  /** The largest (default) or the smallest. */
  readonly largest?: boolean
}

/** The k largest (or smallest) elements along an axis in order, and their positions (i64). */
export function topk(x: Node, k: number, { axis = -1, largest = true }: TopkOptions = {}): ValuesAndIndices {
  const source = atleast1d(x)
  const a = normalizeAxis(axis, source.shape.length, 'topk')
  if (!Number.isInteger(k) || k < 0 || k > source.shape[a]) {
    throw new ValueError(`topk: expected k from 0 to ${source.shape[a]}, the size of axis ${axis}, got ${k}.`)
  }
  if (pickable(source, a, k)) {
    const indices = firstInOrder(source, a, k, largest)
    return { values: b.gather(source, indices, a), indices }
  }
  const { values, indices } = sort(source, { axis: a, descending: largest })
  const shape = x.shape.length === 0 && k === 1 ? [] : null
  const first = (y: Node): Node => {
    const cut = b.sliceAxis(y, a, 0, k)
    return shape === null ? cut : b.reshape(cut, shape)
  }
  return { values: first(values), indices: first(indices) }
}

export interface KthvalueOptions {
  /** Default -1. */
  readonly axis?: number
  /** The axis stays with size 1. Default false. */
  readonly keepdim?: boolean
}

/** The k-th smallest element along an axis (k from 1), and its position (i64). */
export function kthvalue(
  x: Node,
  k: number,
  { axis = -1, keepdim = false }: KthvalueOptions = {},
): ValuesAndIndices {
  const source = atleast1d(x)
  const a = normalizeAxis(axis, source.shape.length, 'kthvalue')
  if (!Number.isInteger(k) || k < 1 || k > source.shape[a]) {
    throw new ValueError(
      `kthvalue: expected k from 1 to ${source.shape[a]}, the size of axis ${axis} of ${formatShape(x.shape)}, got ${k}.`,
    )
  }
  const shape =
    x.shape.length === 0 ? [] : source.shape.flatMap((n, i) => (i === a ? (keepdim ? [1] : []) : [n]))
  if (pickable(source, a, k)) {
    const index = b.sliceAxis(firstInOrder(source, a, k, false), a, k - 1, k)
    return { values: b.reshape(b.gather(source, index, a), shape), indices: b.reshape(index, shape) }
  }
  const { values, indices } = sort(source, { axis: a })
  const pick = (y: Node): Node => b.reshape(b.sliceAxis(y, a, k - 1, k), shape)
  return { values: pick(values), indices: pick(indices) }
}
