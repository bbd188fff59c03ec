/**
 * Average pooling over two spatial axes.
 */
import { checkOptions } from '../core/check-options.js'
import type { Shape } from '../core/shape.js'
import { avgPool2d } from '../tensor/functional.js'
import type { BaseRule, ConvRule, ConvShape } from '../tensor/layer-shapes.js'
import type { Fits, ShapeOr } from '../tensor/shape-types.js'
import type { Tensor } from '../tensor/tensor.js'
import type { Ceiled, Unless, Window } from '../tensor/window-shapes.js'
import { type AvgPoolOptions, PoolNd, type PoolWindowOptions } from './pool-nd.js'
import type { Sizes } from './tuple.js'

/**
 * The mean of each window of x (N, C, H, W). `stride` defaults to the window's size; `countIncludePad` (default true)
 * counts the zeros of the padding.
 */
export class AvgPool2d<
  const K extends Sizes = Sizes,
  const Stride extends Sizes | null = Unless<K, Sizes | null, null>,
  const Pad extends Sizes = Unless<K, Sizes, 0>,
  Ceil extends boolean = Unless<K, boolean, false>,
> extends PoolNd {
  /** @internal What it does to shapes, for Sequential. */
  '~shapes'?(
    rule: ConvRule<'AvgPool2d', 2, number, null, Ceiled<Ceil, Window<K, Stride, Pad>>> | BaseRule,
  ): readonly [K, Stride, Pad, Ceil]
  readonly countIncludePad: boolean

  constructor(kernelSize: K, options: AvgPoolOptions & PoolWindowOptions<Stride, Pad, Ceil> = {}) {
    super('AvgPool2d', kernelSize, options, 2)
    checkOptions<AvgPoolOptions>('AvgPool2d', options, {
      stride: true,
      padding: true,
      ceilMode: true,
      countIncludePad: true,
    })
    this.countIncludePad = options.countIncludePad ?? true
  }

  override forward<S extends Shape>(
    x: Tensor<S> & Fits<ConvShape<S, 'AvgPool2d', 2, number, null, Ceiled<Ceil, Window<K, Stride, Pad>>>>,
  ): Tensor<ShapeOr<ConvShape<S, 'AvgPool2d', 2, number, null, Ceiled<Ceil, Window<K, Stride, Pad>>>>> {
    this.check(x)
    const { stride, padding, ceilMode, countIncludePad } = this
    return avgPool2d(x, this.kernelSize, { stride, padding, ceilMode, countIncludePad }) as Tensor<
      ShapeOr<ConvShape<S, 'AvgPool2d', 2, number, null, Ceiled<Ceil, Window<K, Stride, Pad>>>>
    >
  }
}
