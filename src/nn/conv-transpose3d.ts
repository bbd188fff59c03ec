/**
 * Transposed convolution over three spatial axes.
 */
import type { Shape } from '../core/shape.js'
import { convTranspose3d } from '../tensor/functional.js'
import type { ConvRule, ConvShape } from '../tensor/layer-shapes.js'
import type { Fits, ShapeOr } from '../tensor/shape-types.js'
import type { Tensor } from '../tensor/tensor.js'
import { ConvTransposeNd, type ConvTransposeOptions } from './conv-transpose-nd.js'
import type { Sizes } from './tuple.js'

/**
 * The transpose of Conv3d: x (N, inChannels, D, H, W) with `weight` (inChannels, outChannels/groups, ...kernelSize), plus
 * `bias` (outChannels). Each size s becomes (s - 1)·stride - 2·padding + dilation·(k - 1) + outputPadding + 1.
 */
export class ConvTranspose3d<
  In extends number = number,
  Out extends number = number,
> extends ConvTransposeNd {
  /** @internal What it does to shapes, for Sequential. */
  declare readonly '~shapes'?: ConvRule<'ConvTranspose3d', 3, In, Out>
  constructor(inChannels: In, outChannels: Out, kernelSize: Sizes, options: ConvTransposeOptions = {}) {
    super(inChannels, outChannels, kernelSize, options, 3)
  }

  override forward<S extends Shape>(
    x: Tensor<S> & Fits<ConvShape<S, 'ConvTranspose3d', 3, In, Out>>,
  ): Tensor<ShapeOr<ConvShape<S, 'ConvTranspose3d', 3, In, Out>>> {
    this.check(x)
    return convTranspose3d(x, this.weight, this.bias, this.settings) as Tensor<
      ShapeOr<ConvShape<S, 'ConvTranspose3d', 3, In, Out>>
    >
  }
}
