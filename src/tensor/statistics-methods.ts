/** Methods of Tensor for order statistics, scans, counts and integrals: thin wrappers over the files of `ops/`. */
import type { DType } from '../core/dtype.js'
import { ValueError } from '../core/errors.js'
import type { Shape } from '../core/shape.js'
import type { Node } from '../ir/node.js'
import * as histogram from '../ops/histogram.js'
import * as order from '../ops/order-statistics.js'
import * as reductions from '../ops/reductions.js'
import * as scans from '../ops/scans.js'
import { nodeOf, type Operand, operand, type TensorBase, wrap } from './base.js'
import { lookAt, lookNow } from './data-dependent.js'
import {
  type Axes,
  type ReduceOptions,
  ReductionMethods,
  type SumOptions,
  type VarianceOptions,
} from './reduction-methods.js'
import type { Tensor } from './tensor.js'

export interface ValuesAndIndices {
  readonly values: Tensor
  /** Positions along the axis, i64. */
  readonly indices: Tensor
}

const both = ({ values, indices }: reductions.ValuesAndIndices): ValuesAndIndices => ({
  values: wrap(values),
  indices: wrap(indices),
})

const maybe = (x: TensorBase | null | undefined): Node | null => (x == null ? null : nodeOf(x))

export interface DiffOptions {
  /** How many times. Default 1. */
  readonly n?: number
  /** Default -1. */
  readonly axis?: number
  /** Elements put before the axis first. */
  readonly prepend?: TensorBase | null
  /** Elements put behind the axis first. */
  readonly append?: TensorBase | null
}

export interface TrapezoidOptions {
  /** Distance of neighbours where no x is given. Default 1. */
  readonly dx?: Operand
  /** Default -1. */
  readonly axis?: number
}

const trapezoidOptions = ({ dx = 1, axis }: TrapezoidOptions): scans.TrapezoidOptions => ({
  dx: operand(dx),
  axis,
})

export interface BincountOptions {
  /** One weight a value: sums of weights instead of counts. */
  readonly weights?: TensorBase | null
  /** The result has at least so many elements. Default 0. */
  readonly minlength?: number
}

const insteadOfBincount = 'Use bincountStatic(length) there, which has a fixed size.'

const levelOf = (q: number | readonly number[] | TensorBase): number | readonly number[] | Node =>
  typeof q === 'number' || Array.isArray(q) ? (q as number | readonly number[]) : nodeOf(q as TensorBase)

export class StatisticsMethods<S extends Shape = Shape> extends ReductionMethods<S> {
  // ---------------------------------------------------------------- reductions

  /** Sum of the elements that are not NaN, over the axes (all by default). */
  nansum(axis?: Axes | null, options?: SumOptions): Tensor {
    return wrap(reductions.nansum(this.node, axis, options))
  }

  /** Mean of the elements that are not NaN, over the axes (all by default). */
  nanmean(axis?: Axes | null, options?: ReduceOptions): Tensor {
    return wrap(reductions.nanmean(this.node, axis, options))
  }

  /** Variance and mean over the axes (all by default). */
  varMean(axis?: Axes | null, options?: VarianceOptions): { variance: Tensor; mean: Tensor } {
    const { variance, mean } = reductions.varMean(this.node, axis, options)
    return { variance: wrap(variance), mean: wrap(mean) }
  }

  /** Standard deviation and mean over the axes (all by default). */
  stdMean(axis?: Axes | null, options?: VarianceOptions): { std: Tensor; mean: Tensor } {
    const { std, mean } = reductions.stdMean(this.node, axis, options)
    return { std: wrap(std), mean: wrap(mean) }
  }

  /** Smallest and largest element along an axis, or of all; the gradient of ties is split. */
  aminmax(axis?: number | null, options?: ReduceOptions): { min: Tensor; max: Tensor } {
    const { min, max } = reductions.aminmax(this.node, axis, options)
    return { min: wrap(min), max: wrap(max) }
  }

  /** Largest elements along an axis and where they are (the first of equals). */
  maxWithIndices(axis: number, options?: ReduceOptions): ValuesAndIndices {
    return both(reductions.maxWithIndices(this.node, axis, options))
  }

  /** Smallest elements along an axis and where they are (the first of equals). */
  minWithIndices(axis: number, options?: ReduceOptions): ValuesAndIndices {
    return both(reductions.minWithIndices(this.node, axis, options))
  }

  /** How many elements are not 0 (i64), over the axes (all by default). */
  countNonzero(axis?: Axes | null): Tensor {
    return wrap(reductions.countNonzero(this.node, axis))
  }

  // ---------------------------------------------------------------- order statistics

  /** The lower of the two middle elements of all; NaN if one is NaN. Along an axis: `medianWithIndices(axis).values`. */
  median(): Tensor<readonly []> {
    return wrap(order.median(this.node)) as Tensor<readonly []>
  }

  /** The lower of the two middle elements of those that are not NaN. */
  nanmedian(): Tensor<readonly []> {
    return wrap(order.nanmedian(this.node)) as Tensor<readonly []>
  }

  /** The lower median along an axis and where it is. */
  medianWithIndices(axis: number, options?: ReduceOptions): ValuesAndIndices {
    return both(order.medianWithIndices(this.node, axis, options))
  }

  /** The lower median of what is not NaN along an axis, and where it is. */
  nanmedianWithIndices(axis: number, options?: ReduceOptions): ValuesAndIndices {
    return both(order.nanmedianWithIndices(this.node, axis, options))
  }

  /** The most frequent element along an axis (the smallest of equally frequent ones), and the index of its last occurrence. */
  mode(axis = -1, options?: ReduceOptions): ValuesAndIndices {
    return both(order.mode(this.node, axis, options))
  }

  /** The element below which a fraction q lies, along an axis or of all; a list of fractions gives a new first axis. */
  quantile(
    q: number | readonly number[] | TensorBase,
    axis: number | null = null,
    options?: order.QuantileOptions,
  ): Tensor {
    return wrap(order.quantile(this.node, levelOf(q), axis, options))
  }

  /** `quantile` of the elements that are not NaN. */
  nanquantile(
    q: number | readonly number[] | TensorBase,
    axis: number | null = null,
    options?: order.QuantileOptions,
  ): Tensor {
    return wrap(order.nanquantile(this.node, levelOf(q), axis, options))
  }

  // ---------------------------------------------------------------- scans

  /** Running sum along an axis; integers give i64 unless `dtype` says otherwise. */
  cumsum(axis: number, options?: { readonly dtype?: DType }): Tensor<S> {
    return wrap(reductions.cumsum(this.node, axis, options)) as Tensor<S>
  }

  /** Running product along an axis; integers give i64 unless `dtype` says otherwise. */
  cumprod(axis: number, options?: { readonly dtype?: DType }): Tensor<S> {
    return wrap(reductions.cumprod(this.node, axis, options)) as Tensor<S>
  }

  /** Largest element so far along an axis, and where it is (the latest of equals). */
  cummax(axis: number): { values: Tensor<S>; indices: Tensor<S> } {
    return both(scans.cummax(this.node, axis)) as { values: Tensor<S>; indices: Tensor<S> }
  }

  /** Smallest element so far along an axis, and where it is (the latest of equals). */
  cummin(axis: number): { values: Tensor<S>; indices: Tensor<S> } {
    return both(scans.cummin(this.node, axis)) as { values: Tensor<S>; indices: Tensor<S> }
  }

  /** Running ln Σ e^x along an axis, without overflow. */
  logcumsumexp(axis: number): Tensor<S> {
    return wrap(scans.logcumsumexp(this.node, axis)) as Tensor<S>
  }

  /** Differences of neighbours along an axis, n times. */
  diff({ prepend, append, ...rest }: DiffOptions = {}): Tensor {
    return wrap(scans.diff(this.node, { ...rest, prepend: maybe(prepend), append: maybe(append) }))
  }

  /** The integral along an axis by the trapezoidal rule, at places x or `dx` apart. */
  trapezoid(x: TensorBase | null = null, options: TrapezoidOptions = {}): Tensor {
    return wrap(scans.trapezoid(this.node, maybe(x), trapezoidOptions(options)))
  }

  /** The running integral along an axis by the trapezoidal rule. */
  cumulativeTrapezoid(x: TensorBase | null = null, options: TrapezoidOptions = {}): Tensor {
    return wrap(scans.cumulativeTrapezoid(this.node, maybe(x), trapezoidOptions(options)))
  }

  // ---------------------------------------------------------------- counting

  /**
   * How often each of 0, 1, … occurs among non-negative integers, or the sums of their weights. The size is the largest
   * value plus 1 (at least `minlength`), so it depends on data: not inside `compile` or `vmap`.
   */
  bincount(options: BincountOptions = {}): Promise<Tensor> {
    const node = this.node
    return lookNow('bincount', insteadOfBincount, () => countBins(node, options))
  }

  /** `bincount()` on the calling thread, on devices that can. */
  bincountSync(options: BincountOptions = {}): Tensor {
    return countBins(this.node, options)
  }

  /** How often each of 0, 1, …, length - 1 occurs, or the sums of weights; larger values are an error. */
  bincountStatic(length: number, weights: TensorBase | null = null): Tensor {
    return wrap(histogram.bincountStatic(this.node, length, maybe(weights)))
  }

  /** How many elements lie in each of `bins` (100) bins of equal width over [min, max], by default the data's range. */
  histc(options?: histogram.HistcOptions): Tensor {
    return wrap(histogram.histc(this.node, options))
  }
}

function countBins(x: Node, { weights = null, minlength = 0 }: BincountOptions): Tensor {
  if (!Number.isInteger(minlength) || minlength < 0) {
    throw new ValueError(`bincount: expected a whole number minlength ≥ 0, got ${minlength}.`)
  }
  const [least, most] = histogram.bincountRange(x).map((n) => lookAt('bincount', insteadOfBincount, n))
  if (least < 0) throw new ValueError(`bincount: expected values ≥ 0, got ${least}.`)
  return wrap(histogram.bincountStatic(x, Math.max(most + 1, minlength), maybe(weights)))
}
