/**
 * Convolution over two spatial axes.
 */
import type { Shape } from '../core/shape.js'
import { conv2d } from '../tensor/functional.js'
import type { ConvRule, ConvShape } from '../tensor/layer-shapes.js'
import type { Fits, ShapeOr } from '../tensor/shape-types.js'
import type { Tensor } from '../tensor/tensor.js'
import { ConvNd, type ConvOptions } from './conv-nd.js'
import type { Sizes } from './tuple.js'

/**
 * Cross-correlation of x (N, inChannels, H, W) with `weight` (outChannels, inChannels/groups, ...kernelSize), plus
 * `bias` (outChannels). Each spatial size s becomes floor((s + 2·padding - dilation·(k - 1) - 1) / stride) + 1.
 */
export class Conv2d<In extends number = number, Out extends number = number> extends ConvNd {
  /** @internal What it does to shapes, for Sequential. */
  declare readonly '~shapes'?: ConvRule<'Conv2d', 2, In, Out>
  constructor(inChannels: In, outChannels: Out, kernelSize: Sizes, options: ConvOptions = {}) {
    super(inChannels, outChannels, kernelSize, options, 2)
  }

  override forward<S extends Shape>(
    x: Tensor<S> & Fits<ConvShape<S, 'Conv2d', 2, In, Out>>,
  ): Tensor<ShapeOr<ConvShape<S, 'Conv2d', 2, In, Out>>> {
    this.check(x)
    return conv2d(x, this.weight, this.bias, this.settings) as Tensor<
      ShapeOr<ConvShape<S, 'Conv2d', 2, In, Out>>
    >
  }
}
