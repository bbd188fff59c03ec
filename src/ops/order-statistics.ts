/**
 * Medians, quantiles and the most frequent element: what sorting an axis gives. Gradients go to the elements that were
 * chosen; NaN sorts last.
 */
import { isFloat } from '../core/dtype.js'
import { DTypeError, ShapeError, ValueError } from '../core/errors.js'
import { formatShape, normalizeAxis } from '../core/shape.js'
import * as b from '../ir/build.js'
import type { Node } from '../ir/node.js'
import { isNode, like, requireRank } from './operand.js'
import { keptShape, type ReduceOptions, type ValuesAndIndices } from './reductions.js'

const isnan = (x: Node): Node => b.logicalNot(b.eq(x, x))

const flatten = (x: Node): Node => b.reshape(x, [x.shape.reduce((m, n) => m * n, 1)])

/** An axis with at least one element. */
function axisOf(operation: string, x: Node, axis: number): number {
  const a = normalizeAxis(axis, x.shape.length, operation)
  if (x.shape[a] === 0) {
    throw new ShapeError(
      `${operation}: expected at least one element along axis ${axis}, got shape ${formatShape(x.shape)}.`,
    )
  }
  return a
}

/** Values in order along an axis and where they were; no gradient. */
function ordered(x: Node, axis: number): [Node, Node] {
  const fixed = b.stopGradient(x.dtype === 'bool' ? b.cast(x, 'u8') : x)
  const [values, indices] = b.sort([fixed, b.iota(x.shape, axis, 'i64')], axis, false)
  return [values, indices]
}

/** How many elements along an axis are NaN (i64, the axis stays with size 1). */
const countNaN = (x: Node, axis: number): Node =>
  b.reshape(b.reduceSum(b.cast(isnan(x), 'i64'), [axis]), keptShape(x.shape, [axis]))

/** Drops an axis of size 1 unless it is to stay. */
const finish = (x: Node, axis: number, keepdim: boolean): Node =>
  keepdim
    ? x
    : b.reshape(
        x,
        x.shape.filter((_, i) => i !== axis),
      )

/** The position of the lower median among the sorted elements: (n − 1)/2 rounded down. */
function medianPosition(x: Node, axis: number, ignoreNaN: boolean): Node {
  const n = x.shape[axis]
  const middle = b.full(keptShape(x.shape, [axis]), (n - 1) >> 1, 'i64')
  if (!isFloat(x.dtype)) return middle
  const count = countNaN(x, axis)
  const valid = b.sub(like(count, n), count)
  if (!ignoreNaN) return b.where(b.eq(count, like(count, 0)), middle, valid) // the first NaN
  const last = b.sub(b.maximum(valid, like(valid, 1)), like(valid, 1))
  return b.shiftRight(last, like(last, 1))
}

function medianAlong(
  operation: string,
  x: Node,
  axis: number,
  keepdim: boolean,
  ignoreNaN: boolean,
): ValuesAndIndices {
  if (x.shape.length === 0) {
    normalizeAxis(axis, 1, operation)
    return { values: x, indices: b.full([], 0, 'i64') }
  }
  const a = axisOf(operation, x, axis)
  const [, order] = ordered(x, a)
  const index = b.gather(order, medianPosition(x, a, ignoreNaN), a)
  return { values: finish(b.gather(x, index, a), a, keepdim), indices: finish(index, a, keepdim) }
}

function medianOfAll(x: Node, ignoreNaN: boolean): Node {
  const flat = flatten(x)
  if (flat.shape[0] === 0) {
    if (isFloat(x.dtype)) return b.full([], Number.NaN, x.dtype)
    throw new ShapeError(`median: expected at least one element, got shape ${formatShape(x.shape)}.`)
  }
  const [values] = ordered(flat, 0)
  const kept = b.gather(values, medianPosition(flat, 0, ignoreNaN), 0)
  const value = b.cast(b.reshape(kept, []), x.dtype)
  if (!x.requiresGrad) return value
  // Equal elements share the gradient: value + mean of (x − x) over them.
  const wide = b.expand(b.reshape(value, [1]), flat.shape)
  const infinity = like(flat, Number.POSITIVE_INFINITY)
  const equal = b.or(b.eq(flat, wide), b.and(isnan(flat), isnan(wide)))
  const chosen = b.where(equal, flat, like(flat, 0))
  const zero = b.sub(chosen, b.stopGradient(chosen))
  const finite = b.where(b.lt(b.abs(b.stopGradient(chosen)), infinity), zero, like(zero, 0))
  const count = b.reduceSum(b.cast(equal, x.dtype), [0])
  return b.add(value, b.div(b.reduceSum(finite, [0]), count))
}

/** The lower of the two middle elements of all elements; NaN if one is NaN. Equal elements share the gradient. */
export const median = (x: Node): Node => medianOfAll(x, false)
/** The lower of the two middle elements of those that are not NaN. */
export const nanmedian = (x: Node): Node => medianOfAll(x, true)

/** The lower median along an axis and where it is; NaN, and the first one's index, where there is one. */
export const medianWithIndices = (
  x: Node,
  axis: number,
  { keepdim = false }: ReduceOptions = {},
): ValuesAndIndices => medianAlong('median', x, axis, keepdim, false)
/** The lower median of what is not NaN along an axis, and where it is. */
export const nanmedianWithIndices = (
  x: Node,
  axis: number,
  { keepdim = false }: ReduceOptions = {},
): ValuesAndIndices => medianAlong('nanmedian', x, axis, keepdim, true)

/**
 * The most frequent element along an axis (the smallest of equally frequent ones) and the index of its last occurrence.
 */
export function mode(x: Node, axis = -1, { keepdim = false }: ReduceOptions = {}): ValuesAndIndices {
  if (x.shape.length === 0) {
    normalizeAxis(axis, 1, 'mode')
    return { values: x, indices: b.full([], 0, 'i64') }
  }
  const a = axisOf('mode', x, axis)
  const n = x.shape[a]
  const [values, order] = ordered(x, a)
  const position = b.iota(x.shape, a, 'i32')
  // Where a run of equal elements begins; the longest run so far is the position minus that.
  const previous = b.concat([b.sliceAxis(values, a, 0, 1), b.sliceAxis(values, a, 0, n - 1)], a)
  const begins = b.where(b.eq(values, previous), like(position, 0), position)
  const length = b.sub(position, b.cumMax(begins, a, false))
  const at = b.reshape(b.argMax(length, a), keptShape(x.shape, [a]))
  const index = b.gather(order, at, a)
  return { values: finish(b.gather(x, index, a), a, keepdim), indices: finish(index, a, keepdim) }
}

export type Interpolation = 'linear' | 'lower' | 'higher' | 'midpoint' | 'nearest'

export interface QuantileOptions extends ReduceOptions {
  /** How to choose between the two elements around a rank. Default 'linear'. */
  readonly interpolation?: Interpolation
}

const interpolations: readonly Interpolation[] = ['linear', 'lower', 'higher', 'midpoint', 'nearest']

/** q as a 1-d node of x's dtype, and whether it was one number. */
function levels(
  operation: string,
  x: Node,
  q: number | readonly number[] | Node,
): { ranks: Node; single: boolean } {
  if (isNode(q)) {
    requireRank(operation, q, 0, 1)
    return { ranks: b.stopGradient(b.cast(flatten(q), x.dtype)), single: q.shape.length === 0 }
  }
  const list = typeof q === 'number' ? [q] : q
  for (const value of list) {
    if (!(value >= 0 && value <= 1)) {
      throw new ValueError(`${operation}: expected q in [0, 1], got ${value}.`)
    }
  }
  const scalars = list.map((value) => b.reshape(b.scalar(value, x.dtype), [1]))
  const ranks = scalars.length === 0 ? b.full([0], 0, x.dtype) : b.concat(scalars, 0)
  return { ranks, single: typeof q === 'number' }
}

function quantileOf(
  operation: string,
  x: Node,
  q: number | readonly number[] | Node,
  axis: number | null,
  { keepdim = false, interpolation = 'linear' }: QuantileOptions,
  ignoreNaN: boolean,
): Node {
  if (x.dtype !== 'f32' && x.dtype !== 'f64') {
    throw new DTypeError(`${operation}: expected f32 or f64, got ${x.dtype}. Cast first with .to('f32').`)
  }
  if (!interpolations.includes(interpolation)) {
    throw new ValueError(
      `${operation}: expected interpolation ${interpolations.join(', ')}, got ${String(interpolation)}.`,
    )
  }
  const { ranks: q1, single } = levels(operation, x, q)
  const whole = axis === null || x.shape.length === 0
  if (axis !== null && x.shape.length === 0) normalizeAxis(axis, 1, operation)
  const y = whole ? flatten(x) : x
  const a = axisOf(operation, y, whole ? 0 : axis)
  // The axis goes last: (…, n), and the results are (…, Q).
  const last = y.shape.length - 1
  const moved = b.moveAxis(y, a, last)
  const n = moved.shape[last]
  const [, order] = ordered(moved, last)
  const sorted = b.gather(moved, order, last)
  const shape = [...moved.shape.slice(0, last), q1.shape[0]]
  const spread = (node: Node): Node => b.expand(node, shape)
  const q2 = spread(b.reshape(q1, [...shape.slice(0, last).map(() => 1), q1.shape[0]]))
  const missing = countNaN(b.stopGradient(moved), last)
  const valid = b.cast(b.sub(like(missing, n), missing), x.dtype)
  let rank: Node
  if (ignoreNaN) {
    const top = b.maximum(b.sub(valid, like(valid, 1)), like(valid, 0))
    rank = b.mul(q2, spread(top))
  } else {
    const hole = spread(b.logicalNot(b.eq(missing, like(missing, 0))))
    rank = b.where(hole, like(q2, n - 1), b.mul(q2, like(q2, n - 1)))
  }
  const pick = (position: Node): Node => b.gather(sorted, b.cast(position, 'i64'), last)
  let result: Node
  if (interpolation === 'nearest') result = pick(b.round(rank))
  else if (interpolation === 'lower') result = pick(b.floor(rank))
  else if (interpolation === 'higher') result = pick(b.ceil(rank))
  else {
    const floor = b.floor(rank)
    const [low, high] = [pick(floor), pick(b.ceil(rank))]
    const weight = interpolation === 'midpoint' ? like(rank, 0.5) : b.sub(rank, floor)
    const difference = b.sub(high, low)
    // From the nearer end, as `lerp`.
    const fromLow = b.add(low, b.mul(weight, difference))
    const fromHigh = b.sub(high, b.mul(difference, b.sub(like(weight, 1), weight)))
    result = b.where(b.lt(weight, like(weight, 0.5)), fromLow, fromHigh)
  }
  const front = b.moveAxis(result, last, 0) // (Q, …)
  const kept = whole ? x.shape.map(() => 1) : keptShape(x.shape, [a])
  const tail = keepdim ? kept : front.shape.slice(1)
  return b.reshape(front, single ? tail : [q1.shape[0], ...tail])
}

/**
 * The elements below which the fractions q of all elements lie: q·(n − 1) is the rank among the sorted elements, and
 * between two ranks `interpolation` decides. A list (or 1-d tensor) of Q fractions gives a new first axis of size Q. NaN
 * if one is NaN. q outside [0, 1] is an error.
 */
export const quantile = (
  x: Node,
  q: number | readonly number[] | Node,
  axis: number | null = null,
  options: QuantileOptions = {},
): Node => quantileOf('quantile', x, q, axis, options, false)

/** `quantile` of the elements that are not NaN. */
export const nanquantile = (
  x: Node,
  q: number | readonly number[] | Node,
  axis: number | null = null,
  options: QuantileOptions = {},
): Node => quantileOf('nanquantile', x, q, axis, options, true)
