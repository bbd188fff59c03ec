/** Methods of Tensor that reduce or accumulate: thin wrappers over `ops/reductions`. */
import type { DType } from '../core/dtype.js'
import type { Shape } from '../core/shape.js'
import * as ops from '../ops/reductions.js'
import { wrap } from './base.js'
import { ShapeMethods } from './shape-methods.js'
import type { Tensor } from './tensor.js'

/** One axis, several, or all when left out. */
export type Axes = number | readonly number[]

export interface ReduceOptions {
  /** Keeps reduced axes with size 1. Default false. */
  readonly keepdim?: boolean
}

export interface SumOptions extends ReduceOptions {
  /** Converts first. */
  readonly dtype?: DType
}

export interface VarianceOptions extends ReduceOptions {
  /** Degrees of freedom taken off the count. Default 1. */
  readonly correction?: number
}

export class ReductionMethods<S extends Shape = Shape> extends ShapeMethods<S> {
  /** Sum over the axes (all by default). Integers and bool sum to i64. */
  sum(axis?: Axes | null, options?: SumOptions): Tensor {
    return wrap(ops.sum(this.node, axis, options))
  }

  /** Mean over the axes (all by default). */
  mean(axis?: Axes | null, options?: ReduceOptions): Tensor {
    return wrap(ops.mean(this.node, axis, options))
  }

  /** Product over the axes (all by default). */
  prod(axis?: Axes | null, options?: SumOptions): Tensor {
    return wrap(ops.prod(this.node, axis, options))
  }

  /** Largest element over the axes (all by default); along one axis the first of equals gets the gradient. */
  max(axis?: Axes | null, options?: ReduceOptions): Tensor {
    return wrap(typeof axis === 'object' ? ops.amax(this.node, axis, options) : ops.max(this.node, axis, options))
  }

  /** Smallest element over the axes (all by default); along one axis the first of equals gets the gradient. */
  min(axis?: Axes | null, options?: ReduceOptions): Tensor {
    return wrap(typeof axis === 'object' ? ops.amin(this.node, axis, options) : ops.min(this.node, axis, options))
  }

  /** Largest element over the axes; the gradient of ties is split evenly. */
  amax(axis?: Axes | null, options?: ReduceOptions): Tensor {
    return wrap(ops.amax(this.node, axis, options))
  }

  /** Smallest element over the axes; the gradient of ties is split evenly. */
  amin(axis?: Axes | null, options?: ReduceOptions): Tensor {
    return wrap(ops.amin(this.node, axis, options))
  }

  /** Index (i64) of the first largest element along an axis, or of all elements in row-major order. */
  argmax(axis?: number | null, options?: ReduceOptions): Tensor {
    return wrap(ops.argmax(this.node, axis, options))
  }

  /** Index (i64) of the first smallest element along an axis, or of all elements in row-major order. */
  argmin(axis?: number | null, options?: ReduceOptions): Tensor {
    return wrap(ops.argmin(this.node, axis, options))
  }

  /** Variance over the axes. */
  var(axis?: Axes | null, options?: VarianceOptions): Tensor {
    return wrap(ops.variance(this.node, axis, options))
  }

  /** Standard deviation over the axes. */
  std(axis?: Axes | null, options?: VarianceOptions): Tensor {
    return wrap(ops.std(this.node, axis, options))
  }

  /** ln Σ e^x over the axes, without overflow. */
  logsumexp(axis?: Axes | null, options?: ReduceOptions): Tensor {
    return wrap(ops.logsumexp(this.node, axis, options))
  }

  /** (Σ |x|^p)^(1/p) over the axes; Infinity gives the largest magnitude. */
  norm(p = 2, axis?: Axes | null, options?: ReduceOptions): Tensor {
    return wrap(ops.norm(this.node, p, axis, options))
  }

  /** Whether all elements are true. */
  all(axis?: Axes | null, options?: ReduceOptions): Tensor {
    return wrap(ops.all(this.node, axis, options))
  }

  /** Whether any element is true. */
  any(axis?: Axes | null, options?: ReduceOptions): Tensor {
    return wrap(ops.any(this.node, axis, options))
  }

  /** Running sum along an axis. */
  cumsum(axis: number): Tensor<S> {
    return wrap(ops.cumsum(this.node, axis)) as Tensor<S>
  }

  /** Running product along an axis. */
  cumprod(axis: number): Tensor<S> {
    return wrap(ops.cumprod(this.node, axis)) as Tensor<S>
  }
}
