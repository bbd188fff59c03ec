/** Counts of values: `bincount` of small whole numbers, `histc` of floats in bins of equal width. */
import { isFloat } from '../core/dtype.js'
import { DTypeError, ShapeError, ValueError } from '../core/errors.js'
import { formatShape } from '../core/shape.js'
import * as b from '../ir/build.js'
import type { Node } from '../ir/node.js'
import { like, requireFloat } from './operand.js'

/** The smallest and the largest of integers (0-d i64), 0 and −1 where there are none: what `bincount` looks at. */
export function bincountRange(x: Node): [Node, Node] {
  checkBins('bincount', x)
  if (x.shape[0] === 0) return [b.full([], 0, 'i64'), b.full([], -1, 'i64')]
  return [b.cast(b.reduceMin(x, [0]), 'i64'), b.cast(b.reduceMax(x, [0]), 'i64')]
}

function checkBins(operation: string, x: Node): void {
  if (isFloat(x.dtype) || x.dtype === 'bool') {
    throw new DTypeError(`${operation}: expected integers, got ${x.dtype}. Cast first with .to('i64').`)
  }
  if (x.shape.length !== 1) {
    throw new ShapeError(`${operation}: expected a tensor of rank 1, got shape ${formatShape(x.shape)}.`)
  }
}

/**
 * How often each of 0, 1, …, length − 1 occurs among the integers x, i64; or the sums of their weights, in the weights'
 * dtype (f64 for integer weights). A negative value, or one of at least `length`, is an error after the run.
 */
export function bincountStatic(x: Node, length: number, weights: Node | null = null): Node {
  checkBins('bincount', x)
  if (!Number.isInteger(length) || length < 0) {
    throw new ValueError(`bincount: expected a length ≥ 0 that is a whole number, got ${length}.`)
  }
  if (weights !== null && (weights.shape.length !== 1 || weights.shape[0] !== x.shape[0])) {
    throw new ShapeError(
      `bincount: expected one weight for each of ${x.shape[0]} values, got shape ${formatShape(weights.shape)}.`,
    )
  }
  const dtype = weights === null ? 'i64' : isFloat(weights.dtype) ? weights.dtype : 'f64'
  const updates = weights === null ? b.full(x.shape, 1, 'i64') : b.cast(weights, dtype)
  return b.scatter(b.full([length], 0, dtype), b.cast(x, 'i64'), updates, 0, 'add')
}

export interface HistcOptions {
  /** Number of bins. Default 100. */
  readonly bins?: number
  /** The lowest value counted. With min = max (default, both 0) the range is that of the data. */
  readonly min?: number
  /** The highest value counted. */
  readonly max?: number
}

/**
 * How many elements lie in each of `bins` bins of equal width over [min, max], in x's dtype; elements outside and NaN are
 * left out. A range of one value v becomes [v − 1, v + 1]. No gradient.
 */
export function histc(x: Node, { bins = 100, min = 0, max = 0 }: HistcOptions = {}): Node {
  requireFloat('histc', x)
  if (!Number.isInteger(bins) || bins < 1) {
    throw new ValueError(`histc: expected a whole number of bins ≥ 1, got ${bins}.`)
  }
  if (!(min <= max) || !Number.isFinite(min) || !Number.isFinite(max)) {
    throw new ValueError(`histc: expected finite min ≤ max, got ${min} and ${max}.`)
  }
  const wide = x.dtype === 'f64' ? 'f64' : 'f32'
  const flat = b.stopGradient(b.cast(b.reshape(x, [x.shape.reduce((m, n) => m * n, 1)]), wide))
  if (flat.shape[0] === 0) return b.full([bins], 0, x.dtype)
  const given = min < max
  const lowest = given ? b.scalar(min, wide) : b.reduceMin(flat, [0])
  const highest = given ? b.scalar(max, wide) : b.reduceMax(flat, [0])
  const point = b.eq(lowest, highest)
  const [zero, one] = [like(lowest, 0), like(lowest, 1)]
  const margin = b.where(point, one, zero)
  const spread = (node: Node): Node => b.expand(b.reshape(node, [1]), flat.shape)
  const low = spread(b.sub(lowest, margin))
  const high = spread(b.add(highest, margin))
  const inside = b.and(b.le(low, flat), b.le(flat, high))
  const place = b.mul(b.div(b.sub(b.where(inside, flat, low), low), b.sub(high, low)), like(flat, bins))
  const bin = b.minimum(b.cast(place, 'i64'), b.full(flat.shape, bins - 1, 'i64'))
  const safe = b.where(inside, bin, like(bin, 0))
  const counts = b.scatter(b.full([bins], 0, 'i32'), safe, b.cast(inside, 'i32'), 0, 'add')
  return b.cast(counts, x.dtype)
}
