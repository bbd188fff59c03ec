/**
 * Max pooling over two spatial axes.
 */
import { checkOptions } from '../core/check-options.js'
import type { Shape } from '../core/shape.js'
import { maxPool2d } from '../tensor/functional.js'
import type { BaseRule, ConvRule, ConvShape } from '../tensor/layer-shapes.js'
import type { Fits, ShapeOr } from '../tensor/shape-types.js'
import type { Tensor } from '../tensor/tensor.js'
import type { Ceiled, Unless, Window } from '../tensor/window-shapes.js'
import { type MaxPoolOptions, type Pooled, PoolNd, type PoolWindowOptions } from './pool-nd.js'
import { checkSizes, formatTuple, type Sizes, tuple } from './tuple.js'

/**
 * The largest element of each window of x (N, C, H, W). `stride` defaults to the window's size; padding never wins;
 * of equal elements the first takes the gradient. With `returnIndices` the call gives
 * `[values, indices]`, indices (i64) counted in the flattened spatial axes of x, as MaxUnpool2d takes them.
 */
export class MaxPool2d<
  const K extends Sizes = Sizes,
  const Stride extends Sizes | null = Unless<K, Sizes | null, null>,
  const Pad extends Sizes = Unless<K, Sizes, 0>,
  const Dilation extends Sizes = Unless<K, Sizes, 1>,
  Ceil extends boolean = Unless<K, boolean, false>,
  Indices extends boolean = false,
> extends PoolNd {
  /** @internal What it does to shapes, for Sequential. */
  '~shapes'?(
    rule: ConvRule<'MaxPool2d', 2, number, null, Ceiled<Ceil, Window<K, Stride, Pad, Dilation>>> | BaseRule,
  ): readonly [K, Stride, Pad, Dilation, Ceil]
  readonly dilation: readonly number[]
  readonly returnIndices: boolean

  constructor(
    kernelSize: K,
    options: MaxPoolOptions &
      PoolWindowOptions<Stride, Pad, Ceil> & {
        readonly dilation?: Dilation
        readonly returnIndices?: Indices
      } = {},
  ) {
    super('MaxPool2d', kernelSize, options, 2)
    checkOptions<MaxPoolOptions>('MaxPool2d', options, {
      stride: true,
      padding: true,
      ceilMode: true,
      dilation: true,
      returnIndices: true,
    })
    this.dilation = tuple(options.dilation ?? 1, 2, 'MaxPool2d dilation')
    checkSizes('MaxPool2d dilation', this.dilation)
    this.returnIndices = options.returnIndices ?? false
  }

  override forward<S extends Shape>(
    x: Tensor<S> &
      Fits<ConvShape<S, 'MaxPool2d', 2, number, null, Ceiled<Ceil, Window<K, Stride, Pad, Dilation>>>>,
  ): Pooled<
    Indices,
    ShapeOr<ConvShape<S, 'MaxPool2d', 2, number, null, Ceiled<Ceil, Window<K, Stride, Pad, Dilation>>>>
  > {
    this.check(x)
    const { stride, padding, dilation, ceilMode } = this
    const options = { stride, padding, dilation, ceilMode }
    const result = this.returnIndices
      ? maxPool2d(x, this.kernelSize, { ...options, returnIndices: true })
      : maxPool2d(x, this.kernelSize, options)
    return result as Pooled<
      Indices,
      ShapeOr<ConvShape<S, 'MaxPool2d', 2, number, null, Ceiled<Ceil, Window<K, Stride, Pad, Dilation>>>>
    >
  }

  protected override describe(): string {
    return `${super.describe()}, dilation=${formatTuple(this.dilation)}`
  }
}
