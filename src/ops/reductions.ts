/**
 * Reductions over any axes, their statistics, and cumulative sums. Integers and bool sum to i64, half types
 * accumulate in f32, as in PyTorch. `axis` missing means all axes.
 */
import { type DType, isFloat } from '../core/dtype.js'
import { ShapeError, ValueError } from '../core/errors.js'
import { formatShape, normalizeAxes, normalizeAxis, type Shape } from '../core/shape.js'
import * as b from '../ir/build.js'
import type { Node } from '../ir/node.js'
import { fullPrecision } from './autocast.js'
import { abs, isinf } from './elementwise.js'
import { divLiteral, inAccumulationType, like, requireFloat } from './operand.js'

export type Axes = number | readonly number[]

export interface ReduceOptions {
  /** Reduced axes stay with size 1. Default false. */
  readonly keepdim?: boolean
}

/** The sizes of `shape` with 1 on the reduced axes. */
export const keptShape = (shape: Shape, axes: readonly number[]): number[] =>
  shape.map((n, i) => (axes.includes(i) ? 1 : n))

/** Applies a primitive over normalized axes, and puts the axes back as size 1 where asked. */
function reduceWith(
  x: Node,
  axes: readonly number[],
  keepdim: boolean,
  primitive: (x: Node, axes: readonly number[]) => Node,
): Node {
  const y = primitive(x, axes)
  return keepdim ? b.reshape(y, keptShape(x.shape, axes)) : y
}

const countOf = (x: Node, axes: readonly number[]): number => axes.reduce((n, a) => n * x.shape[a], 1)

/** Integers and bool as i64. */
const widen = (x: Node, dtype?: DType): Node => b.cast(x, dtype ?? (isFloat(x.dtype) ? x.dtype : 'i64'))

/** Σ x. Integers and bool give i64 unless `dtype` says otherwise; the sum of nothing is 0. */
export function sum(
  x: Node,
  axis?: Axes | null,
  { keepdim = false, dtype }: ReduceOptions & { dtype?: DType } = {},
): Node {
  const axes = normalizeAxes(axis, x.shape.length, 'sum')
  return inAccumulationType(widen(fullPrecision(x), dtype), (y) => reduceWith(y, axes, keepdim, b.reduceSum))
}

/** Π x; the product of nothing is 1. */
export function prod(
  x: Node,
  axis?: Axes | null,
  { keepdim = false, dtype }: ReduceOptions & { dtype?: DType } = {},
): Node {
  const axes = normalizeAxes(axis, x.shape.length, 'prod')
  return inAccumulationType(widen(fullPrecision(x), dtype), (y) => reduceWith(y, axes, keepdim, b.reduceProd))
}

/** Σ x / n for float x; the mean of nothing is NaN. */
export function mean(x: Node, axis?: Axes | null, { keepdim = false }: ReduceOptions = {}): Node {
  requireFloat('mean', x)
  const axes = normalizeAxes(axis, x.shape.length, 'mean')
  return inAccumulationType(x, (y) => divLiteral(reduceWith(y, axes, keepdim, b.reduceSum), countOf(x, axes)))
}

const extremum =
  (operation: 'amax' | 'amin', primitive: (x: Node, axes: readonly number[]) => Node) =>
  (x: Node, axis?: Axes | null, { keepdim = false }: ReduceOptions = {}): Node => {
    const axes = normalizeAxes(axis, x.shape.length, operation)
    if (axes.some((a) => x.shape[a] === 0)) {
      throw new ShapeError(
        `${operation}: an empty axis of ${formatShape(x.shape)} has no largest or smallest element.`,
      )
    }
    if (x.dtype === 'bool') return b.cast(reduceWith(b.cast(x, 'u8'), axes, keepdim, primitive), 'bool')
    return reduceWith(x, axes, keepdim, primitive)
  }

/** The largest element over the axes; NaN wins; ties share the gradient evenly. */
export const amax = extremum('amax', b.reduceMax)
/** The smallest element over the axes; NaN wins; ties share the gradient evenly. */
export const amin = extremum('amin', b.reduceMin)

/** Extremes need something to choose from. `axis` null: all elements. */
function requireElements(operation: string, x: Node, axis: number | null): void {
  if (axis === null ? x.shape.includes(0) : x.shape[axis] === 0) {
    const where = axis === null ? '' : ` along axis ${axis}`
    throw new ShapeError(
      `${operation}: expected at least one element${where}, got shape ${formatShape(x.shape)}.`,
    )
  }
}

const argExtremum =
  (operation: 'argmax' | 'argmin', primitive: (x: Node, axis: number) => Node) =>
  (x: Node, axis?: number | null, { keepdim = false }: ReduceOptions = {}): Node => {
    const y = x.dtype === 'bool' ? b.cast(x, 'u8') : x
    if (axis === undefined || axis === null) {
      requireElements(operation, y, null)
      const flat = primitive(b.reshape(y, [y.shape.reduce((m, n) => m * n, 1)]), 0)
      return keepdim
        ? b.reshape(
            flat,
            y.shape.map(() => 1),
          )
        : flat
    }
    if (y.shape.length === 0) {
      normalizeAxis(axis, 1, operation)
      return b.full([], 0, 'i64')
    }
    const a = normalizeAxis(axis, y.shape.length, operation)
    requireElements(operation, y, a)
    const r = primitive(y, a)
    return keepdim ? b.reshape(r, keptShape(y.shape, [a])) : r
  }

/** Index (i64) of the first largest element along the axis, or in the flattened tensor; NaN counts as largest. */
export const argmax = argExtremum('argmax', b.argMax)
/** Index (i64) of the first smallest element along the axis, or in the flattened tensor; NaN counts as smallest. */
export const argmin = argExtremum('argmin', b.argMin)

export interface ValuesAndIndices {
  readonly values: Node
  /** Positions along the axis, i64. */
  readonly indices: Node
}

const withIndices =
  (operation: string, arg: (x: Node, axis?: number | null, options?: ReduceOptions) => Node) =>
  (x: Node, axis: number, { keepdim = false }: ReduceOptions = {}): ValuesAndIndices => {
    if (x.shape.length === 0) return { values: x, indices: arg(x, axis) }
    const a = normalizeAxis(axis, x.shape.length, operation)
    requireElements(operation, x, a)
    const kept = arg(x, axis, { keepdim: true })
    const values = b.gather(x, kept, a)
    const shape = keepdim ? kept.shape : kept.shape.filter((_, i) => i !== a)
    return { values: b.reshape(values, shape), indices: b.reshape(kept, shape) }
  }

/** Largest elements along an axis and where they are (the first of equals, which gets the whole gradient). */
export const maxWithIndices = withIndices('max', argmax)
/** Smallest elements along an axis and where they are (the first of equals, which gets the whole gradient). */
export const minWithIndices = withIndices('min', argmin)

/** The largest element: over everything as `amax`, or along one axis with the gradient to the first of equals. */
export const max = (x: Node, axis?: number | null, options: ReduceOptions = {}): Node =>
  axis === undefined || axis === null ? amax(x, null, options) : maxWithIndices(x, axis, options).values

/** The smallest element: over everything as `amin`, or along one axis with the gradient to the first of equals. */
export const min = (x: Node, axis?: number | null, options: ReduceOptions = {}): Node =>
  axis === undefined || axis === null ? amin(x, null, options) : minWithIndices(x, axis, options).values

/** Whether any element is ≠ 0; false for nothing. */
export function any(x: Node, axis?: Axes | null, { keepdim = false }: ReduceOptions = {}): Node {
  const axes = normalizeAxes(axis, x.shape.length, 'any')
  const hits = b.cast(b.cast(x, 'bool'), 'i32')
  return b.cast(reduceWith(hits, axes, keepdim, b.reduceSum), 'bool')
}

/** Whether all elements are ≠ 0; true for nothing. */
export function all(x: Node, axis?: Axes | null, options: ReduceOptions = {}): Node {
  return b.logicalNot(any(b.logicalNot(b.cast(x, 'bool')), axis, options))
}

/** √x whose gradient at 0 is 0 instead of infinite (PyTorch's subgradient of `norm` and `std`). */
export function safeSqrt(x: Node): Node {
  const isZero = b.eq(x, like(x, 0))
  return b.where(isZero, like(x, 0), b.sqrt(b.where(isZero, like(x, 1), x)))
}

export interface Moments {
  /** Σx/n, axes kept as size 1. */
  readonly mean: Node
  /** Σ(x − mean)², axes kept as size 1. */
  readonly squares: Node
  readonly count: number
}

/**
 * Mean and centred sum of squares in two passes.
 *
 * With c = stopGradient(m): Σ(x−c)² − n(m−c)² = Σ(x−m)² for any c. The second term is 0 in value and in first
 * derivative, and makes higher derivatives right; so the gradient of the variance, 2(x−m), needs no reduction of its
 * own, which a plain Σ(x−m)² would (Σ(x−m) = 0, but a graph cannot know).
 */
export function moments(x: Node, axes: readonly number[]): Moments {
  const count = countOf(x, axes)
  const m = divLiteral(b.reshape(b.reduceSum(x, axes), keptShape(x.shape, axes)), count)
  if (!x.requiresGrad) {
    const d = b.sub(x, b.expand(m, x.shape))
    return { mean: m, squares: b.reshape(b.reduceSum(b.mul(d, d), axes), m.shape), count }
  }
  const c = b.stopGradient(m)
  const d = b.sub(x, b.expand(c, x.shape))
  const about = b.reshape(b.reduceSum(b.mul(d, d), axes), m.shape)
  const shift = b.sub(m, c)
  return { mean: m, squares: b.sub(about, b.mul(like(m, count), b.mul(shift, shift))), count }
}

export interface VarianceOptions extends ReduceOptions {
  /** Divides by n − correction; 1 (default) is the unbiased estimate, 0 the population variance. */
  readonly correction?: number
}

function varianceOf(
  operation: string,
  x: Node,
  axis: Axes | null | undefined,
  options: VarianceOptions,
  root: boolean,
): Node {
  requireFloat(operation, x)
  const { correction = 1, keepdim = false } = options
  const axes = normalizeAxes(axis, x.shape.length, operation)
  return inAccumulationType(x, (y) => {
    const { squares, count } = moments(y, axes)
    const v = divLiteral(squares, Math.max(0, count - correction))
    const r = root ? safeSqrt(v) : v
    return keepdim
      ? r
      : b.reshape(
          r,
          x.shape.filter((_, i) => !axes.includes(i)),
        )
  })
}

/** Variance Σ(x − x̄)²/(n − correction), in two passes. `var` on tensors. */
export const variance = (x: Node, axis?: Axes | null, options: VarianceOptions = {}): Node =>
  varianceOf('var', x, axis, options, false)

/** Standard deviation, the root of the variance; gradient 0 where it is 0. */
export const std = (x: Node, axis?: Axes | null, options: VarianceOptions = {}): Node =>
  varianceOf('std', x, axis, options, true)

/** Variance and mean over the same axes. */
export function varMean(
  x: Node,
  axis?: Axes | null,
  options: VarianceOptions = {},
): { readonly variance: Node; readonly mean: Node } {
  return { variance: variance(x, axis, options), mean: mean(x, axis, options) }
}

/** Standard deviation and mean over the same axes. */
export function stdMean(
  x: Node,
  axis?: Axes | null,
  options: VarianceOptions = {},
): { readonly std: Node; readonly mean: Node } {
  return { std: std(x, axis, options), mean: mean(x, axis, options) }
}

/** The smallest and the largest element along one axis (or of all): `amin` and `amax` together. */
export const aminmax = (
  x: Node,
  axis?: number | null,
  options: ReduceOptions = {},
): { readonly min: Node; readonly max: Node } => ({
  min: amin(x, axis, options),
  max: amax(x, axis, options),
})

const numbersOf = (x: Node): Node => b.eq(x, x)

/** Σ x over the elements that are not NaN. */
export function nansum(x: Node, axis?: Axes | null, options: ReduceOptions & { dtype?: DType } = {}): Node {
  return sum(isFloat(x.dtype) ? b.where(numbersOf(x), x, like(x, 0)) : x, axis, options)
}

/** The mean of the elements that are not NaN; NaN where there is none. */
export function nanmean(x: Node, axis?: Axes | null, options: ReduceOptions = {}): Node {
  requireFloat('nanmean', x)
  return inAccumulationType(x, (y) =>
    b.div(nansum(y, axis, options), sum(b.cast(numbersOf(y), y.dtype), axis, options)),
  )
}

/** log Σ exp(x), shifted by the largest element so that nothing overflows. */
export function logsumexp(x: Node, axis?: Axes | null, { keepdim = false }: ReduceOptions = {}): Node {
  requireFloat('logsumexp', x)
  const axes = normalizeAxes(axis, x.shape.length, 'logsumexp')
  return inAccumulationType(x, (y) => {
    if (countOf(y, axes) === 0)
      return reduceWith(b.exp(y), axes, keepdim, (z, over) => b.log(b.reduceSum(z, over)))
    const largest = b.stopGradient(reduceWith(y, axes, true, b.reduceMax))
    // An infinite maximum would give ∞ − ∞.
    const shift = b.where(isinf(largest), like(largest, 0), largest)
    const total = b.reshape(b.reduceSum(b.exp(b.sub(y, b.expand(shift, y.shape))), axes), shift.shape)
    const r = b.add(b.log(total), shift)
    return keepdim
      ? r
      : b.reshape(
          r,
          y.shape.filter((_, i) => !axes.includes(i)),
        )
  })
}

/**
 * Vector norm (Σ|x|ᵖ)^(1/p) over the axes, default p = 2; ±Infinity give the largest and smallest |x|, 0 counts
 * nonzeros. The gradient where the norm is 0 is 0.
 */
export function norm(x: Node, p = 2, axis?: Axes | null, { keepdim = false }: ReduceOptions = {}): Node {
  requireFloat('norm', x)
  if (Number.isNaN(p)) throw new ValueError('norm: expected a number p, got NaN.')
  if (p === Number.POSITIVE_INFINITY) return amax(abs(x), axis, { keepdim })
  if (p === Number.NEGATIVE_INFINITY) return amin(abs(x), axis, { keepdim })
  const axes = normalizeAxes(axis, x.shape.length, 'norm')
  return inAccumulationType(fullPrecision(x), (y) => {
    const total = (z: Node): Node => reduceWith(z, axes, keepdim, b.reduceSum)
    const zero = like(y, 0)
    if (p === 0) return total(b.cast(b.logicalNot(b.eq(y, zero)), y.dtype))
    if (p === 1) return total(b.abs(y))
    if (p === 2) return safeSqrt(total(b.mul(y, y)))
    const isZero = b.eq(y, zero)
    const powers = b.pow(b.abs(b.where(isZero, like(y, 1), y)), like(y, p))
    const s = total(b.where(isZero, like(y, p < 0 ? Number.POSITIVE_INFINITY : 0), powers))
    const none = b.eq(s, like(s, 0))
    return b.where(none, like(s, 0), b.pow(b.where(none, like(s, 1), s), like(s, 1 / p)))
  })
}

const cumulative =
  (operation: string, primitive: (x: Node, axis: number, reverse: boolean) => Node) =>
  (x: Node, axis: number, { dtype }: { dtype?: DType } = {}): Node => {
    const y = widen(fullPrecision(x), dtype)
    if (y.shape.length === 0) {
      normalizeAxis(axis, 1, operation)
      return y
    }
    return inAccumulationType(y, (z) => primitive(z, normalizeAxis(axis, x.shape.length, operation), false))
  }

/** Running sum along an axis; integers give i64. */
export const cumsum = cumulative('cumsum', b.cumSum)
/** Running product along an axis; integers give i64. */
export const cumprod = cumulative('cumprod', b.cumProd)

/** How many elements are ≠ 0, i64. */
export function countNonzero(x: Node, axis?: Axes | null): Node {
  return sum(b.cast(x, 'bool'), axis)
}
