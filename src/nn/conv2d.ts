/**
 * Convolution over two spatial axes.
 */
import type { Shape } from '../core/shape.js'
import { conv2d } from '../tensor/functional.js'
import type { BaseRule, ConvRule, ConvShape } from '../tensor/layer-shapes.js'
import type { Fits, ShapeOr } from '../tensor/shape-types.js'
import type { Tensor } from '../tensor/tensor.js'
import type { Unless, Window } from '../tensor/window-shapes.js'
import { ConvNd, type ConvOptions } from './conv-nd.js'
import type { Sizes, WindowOptions } from './tuple.js'

/**
 * Cross-correlation of x (N, inChannels, H, W) with `weight` (outChannels, inChannels/groups, ...kernelSize), plus
 * `bias` (outChannels). Each spatial size s becomes floor((s + 2·padding - dilation·(k - 1) - 1) / stride) + 1.
 */
export class Conv2d<
  In extends number = number,
  Out extends number = number,
  const K extends Sizes = Sizes,
  const Stride extends Sizes = Unless<K, Sizes, 1>,
  const Pad extends Sizes | 'same' | 'valid' = Unless<K, Sizes | 'same' | 'valid', 0>,
  const Dilation extends Sizes = Unless<K, Sizes, 1>,
> extends ConvNd {
  /** @internal What it does to shapes, for Sequential. */
  '~shapes'?(
    rule: ConvRule<'Conv2d', 2, In, Out, Window<K, Stride, Pad, Dilation>> | BaseRule,
  ): readonly [In, Out, K, Stride, Pad, Dilation]
  constructor(
    inChannels: In,
    outChannels: Out,
    kernelSize: K,
    options: ConvOptions & WindowOptions<Stride, Pad, Dilation> = {},
  ) {
    super(inChannels, outChannels, kernelSize, options, 2)
  }

  override forward<S extends Shape>(
    x: Tensor<S> & Fits<ConvShape<S, 'Conv2d', 2, In, Out, Window<K, Stride, Pad, Dilation>>>,
  ): Tensor<ShapeOr<ConvShape<S, 'Conv2d', 2, In, Out, Window<K, Stride, Pad, Dilation>>>> {
    this.check(x)
    return conv2d(x, this.weight, this.bias, this.settings) as Tensor<
      ShapeOr<ConvShape<S, 'Conv2d', 2, In, Out, Window<K, Stride, Pad, Dilation>>>
    >
  }
}
