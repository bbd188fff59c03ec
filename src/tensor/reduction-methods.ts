/** Methods of Tensor that reduce or accumulate: thin wrappers over `ops/reductions`. */
import type { DType } from '../core/dtype.js'
import type { Shape } from '../core/shape.js'
import * as ops from '../ops/reductions.js'
import { type TensorBase, wrap } from './base.js'
import type { Reduce, ReduceResult } from './reduce-shapes.js'
import { ShapeMethods } from './shape-methods.js'
import type { Fits } from './shape-types.js'
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
  sum<A extends Shape, const X extends Axes | null = null, K extends boolean = false>(
    this: TensorBase<A> & Fits<ReduceResult<A, X, K, 'sum'>>,
    axis?: X,
    options?: SumOptions & { readonly keepdim?: K },
  ): Tensor<Reduce<A, X, K>> {
    return wrap(ops.sum(this.node, axis, options)) as Tensor<Reduce<A, X, K>>
  }

  /** Mean over the axes (all by default). */
  mean<A extends Shape, const X extends Axes | null = null, K extends boolean = false>(
    this: TensorBase<A> & Fits<ReduceResult<A, X, K, 'mean'>>,
    axis?: X,
    options?: ReduceOptions & { readonly keepdim?: K },
  ): Tensor<Reduce<A, X, K>> {
    return wrap(ops.mean(this.node, axis, options)) as Tensor<Reduce<A, X, K>>
  }

  /** Product over the axes (all by default). */
  prod<A extends Shape, const X extends Axes | null = null, K extends boolean = false>(
    this: TensorBase<A> & Fits<ReduceResult<A, X, K, 'prod'>>,
    axis?: X,
    options?: SumOptions & { readonly keepdim?: K },
  ): Tensor<Reduce<A, X, K>> {
    return wrap(ops.prod(this.node, axis, options)) as Tensor<Reduce<A, X, K>>
  }

  /** Largest element over the axes (all by default); along one axis the first of equals gets the gradient. */
  max<A extends Shape, const X extends Axes | null = null, K extends boolean = false>(
    this: TensorBase<A> & Fits<ReduceResult<A, X, K, 'max'>>,
    axis?: X,
    options?: ReduceOptions & { readonly keepdim?: K },
  ): Tensor<Reduce<A, X, K>> {
    return wrap(
      typeof axis === 'object' ? ops.amax(this.node, axis, options) : ops.max(this.node, axis, options),
    ) as Tensor<Reduce<A, X, K>>
  }

  /** Smallest element over the axes (all by default); along one axis the first of equals gets the gradient. */
  min<A extends Shape, const X extends Axes | null = null, K extends boolean = false>(
    this: TensorBase<A> & Fits<ReduceResult<A, X, K, 'min'>>,
    axis?: X,
    options?: ReduceOptions & { readonly keepdim?: K },
  ): Tensor<Reduce<A, X, K>> {
    return wrap(
      typeof axis === 'object' ? ops.amin(this.node, axis, options) : ops.min(this.node, axis, options),
    ) as Tensor<Reduce<A, X, K>>
  }

  /** Largest element over the axes; the gradient of ties is split evenly. */
  amax<A extends Shape, const X extends Axes | null = null, K extends boolean = false>(
    this: TensorBase<A> & Fits<ReduceResult<A, X, K, 'amax'>>,
    axis?: X,
    options?: ReduceOptions & { readonly keepdim?: K },
  ): Tensor<Reduce<A, X, K>> {
    return wrap(ops.amax(this.node, axis, options)) as Tensor<Reduce<A, X, K>>
  }

  /** Smallest element over the axes; the gradient of ties is split evenly. */
  amin<A extends Shape, const X extends Axes | null = null, K extends boolean = false>(
    this: TensorBase<A> & Fits<ReduceResult<A, X, K, 'amin'>>,
    axis?: X,
    options?: ReduceOptions & { readonly keepdim?: K },
  ): Tensor<Reduce<A, X, K>> {
    return wrap(ops.amin(this.node, axis, options)) as Tensor<Reduce<A, X, K>>
  }

  /** Index (i64) of the first largest element along an axis, or of all elements in row-major order. */
  argmax<A extends Shape, const X extends number | null = null, K extends boolean = false>(
    this: TensorBase<A> & Fits<ReduceResult<A, X, K, 'argmax'>>,
    axis?: X,
    options?: ReduceOptions & { readonly keepdim?: K },
  ): Tensor<Reduce<A, X, K>> {
    return wrap(ops.argmax(this.node, axis, options)) as Tensor<Reduce<A, X, K>>
  }

  /** Index (i64) of the first smallest element along an axis, or of all elements in row-major order. */
  argmin<A extends Shape, const X extends number | null = null, K extends boolean = false>(
    this: TensorBase<A> & Fits<ReduceResult<A, X, K, 'argmin'>>,
    axis?: X,
    options?: ReduceOptions & { readonly keepdim?: K },
  ): Tensor<Reduce<A, X, K>> {
    return wrap(ops.argmin(this.node, axis, options)) as Tensor<Reduce<A, X, K>>
  }

  /** Variance over the axes. */
  var<A extends Shape, const X extends Axes | null = null, K extends boolean = false>(
    this: TensorBase<A> & Fits<ReduceResult<A, X, K, 'var'>>,
    axis?: X,
    options?: VarianceOptions & { readonly keepdim?: K },
  ): Tensor<Reduce<A, X, K>> {
    return wrap(ops.variance(this.node, axis, options)) as Tensor<Reduce<A, X, K>>
  }

  /** Standard deviation over the axes. */
  std<A extends Shape, const X extends Axes | null = null, K extends boolean = false>(
    this: TensorBase<A> & Fits<ReduceResult<A, X, K, 'std'>>,
    axis?: X,
    options?: VarianceOptions & { readonly keepdim?: K },
  ): Tensor<Reduce<A, X, K>> {
    return wrap(ops.std(this.node, axis, options)) as Tensor<Reduce<A, X, K>>
  }

  /** ln Σ e^x over the axes, without overflow. */
  logsumexp<A extends Shape, const X extends Axes | null = null, K extends boolean = false>(
    this: TensorBase<A> & Fits<ReduceResult<A, X, K, 'logsumexp'>>,
    axis?: X,
    options?: ReduceOptions & { readonly keepdim?: K },
  ): Tensor<Reduce<A, X, K>> {
    return wrap(ops.logsumexp(this.node, axis, options)) as Tensor<Reduce<A, X, K>>
  }

  /** (Σ |x|^p)^(1/p) over the axes; Infinity gives the largest magnitude. */
  norm(p = 2, axis?: Axes | null, options?: ReduceOptions): Tensor {
    return wrap(ops.norm(this.node, p, axis, options))
  }

  /** Whether all elements are true. */
  all<A extends Shape, const X extends Axes | null = null, K extends boolean = false>(
    this: TensorBase<A> & Fits<ReduceResult<A, X, K, 'all'>>,
    axis?: X,
    options?: ReduceOptions & { readonly keepdim?: K },
  ): Tensor<Reduce<A, X, K>> {
    return wrap(ops.all(this.node, axis, options)) as Tensor<Reduce<A, X, K>>
  }

  /** Whether any element is true. */
  any<A extends Shape, const X extends Axes | null = null, K extends boolean = false>(
    this: TensorBase<A> & Fits<ReduceResult<A, X, K, 'any'>>,
    axis?: X,
    options?: ReduceOptions & { readonly keepdim?: K },
  ): Tensor<Reduce<A, X, K>> {
    return wrap(ops.any(this.node, axis, options)) as Tensor<Reduce<A, X, K>>
  }
}
