/**
 * Convolution over three spatial axes.
 */
import type { Shape } from '../core/shape.js'
import { conv3d } from '../tensor/functional.js'
import type { ConvRule, ConvShape } from '../tensor/layer-shapes.js'
import type { Fits, ShapeOr } from '../tensor/shape-types.js'
import type { Tensor } from '../tensor/tensor.js'
import { ConvNd, type ConvOptions } from './conv-nd.js'
import type { Sizes } from './tuple.js'

/**
 * Cross-correlation of x (N, inChannels, D, H, W) with `weight` (outChannels, inChannels/groups, ...kernelSize), plus
 * `bias` (outChannels). Each spatial size s becomes floor((s + 2·padding - dilation·(k - 1) - 1) / stride) + 1.
 */
export class Conv3d<In extends number = number, Out extends number = number> extends ConvNd {
  /** @internal What it does to shapes, for Sequential. */
  declare readonly '~shapes'?: ConvRule<'Conv3d', 3, In, Out>
  constructor(inChannels: In, outChannels: Out, kernelSize: Sizes, options: ConvOptions = {}) {
    super(inChannels, outChannels, kernelSize, options, 3)
  }

  override forward<S extends Shape>(
    x: Tensor<S> & Fits<ConvShape<S, 'Conv3d', 3, In, Out>>,
  ): Tensor<ShapeOr<ConvShape<S, 'Conv3d', 3, In, Out>>> {
    this.check(x)
    return conv3d(x, this.weight, this.bias, this.settings) as Tensor<
      ShapeOr<ConvShape<S, 'Conv3d', 3, In, Out>>
    >
  }
}
