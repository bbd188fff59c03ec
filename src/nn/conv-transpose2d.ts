/**
 * Transposed convolution over two spatial axes.
 */
import type { Shape } from '../core/shape.js'
import { convTranspose2d } from '../tensor/functional.js'
import type { ConvRule, ConvShape } from '../tensor/layer-shapes.js'
import type { Fits, ShapeOr } from '../tensor/shape-types.js'
import type { Tensor } from '../tensor/tensor.js'
import { ConvTransposeNd, type ConvTransposeOptions } from './conv-transpose-nd.js'
import type { Sizes } from './tuple.js'

/**
 * The transpose of Conv2d: x (N, inChannels, H, W) with `weight` (inChannels, outChannels/groups, ...kernelSize), plus
 * `bias` (outChannels). Each size s becomes (s - 1)·stride - 2·padding + dilation·(k - 1) + outputPadding + 1.
 */
export class ConvTranspose2d<
  In extends number = number,
  Out extends number = number,
> extends ConvTransposeNd {
  /** @internal What it does to shapes, for Sequential. */
  declare readonly '~shapes'?: ConvRule<'ConvTranspose2d', 2, In, Out>
  constructor(inChannels: In, outChannels: Out, kernelSize: Sizes, options: ConvTransposeOptions = {}) {
    super(inChannels, outChannels, kernelSize, options, 2)
  }

  override forward<S extends Shape>(
    x: Tensor<S> & Fits<ConvShape<S, 'ConvTranspose2d', 2, In, Out>>,
  ): Tensor<ShapeOr<ConvShape<S, 'ConvTranspose2d', 2, In, Out>>> {
    this.check(x)
    return convTranspose2d(x, this.weight, this.bias, this.settings) as Tensor<
      ShapeOr<ConvShape<S, 'ConvTranspose2d', 2, In, Out>>
    >
  }
}
