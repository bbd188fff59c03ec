/**
 * Transposed convolution over one spatial axis.
 */
import type { Shape } from '../core/shape.js'
import { convTranspose1d } from '../tensor/functional.js'
import type { ConvRule, ConvShape } from '../tensor/layer-shapes.js'
import type { Fits, ShapeOr } from '../tensor/shape-types.js'
import type { Tensor } from '../tensor/tensor.js'
import { ConvTransposeNd, type ConvTransposeOptions } from './conv-transpose-nd.js'
import type { Sizes } from './tuple.js'

/**
 * The transpose of Conv1d: x (N, inChannels, L) with `weight` (inChannels, outChannels/groups, ...kernelSize), plus
 * `bias` (outChannels). Each size s becomes (s - 1)·stride - 2·padding + dilation·(k - 1) + outputPadding + 1.
 */
export class ConvTranspose1d<
  In extends number = number,
  Out extends number = number,
> extends ConvTransposeNd {
  /** @internal What it does to shapes, for Sequential. */
  declare readonly '~shapes'?: ConvRule<'ConvTranspose1d', 1, In, Out>
  constructor(inChannels: In, outChannels: Out, kernelSize: Sizes, options: ConvTransposeOptions = {}) {
    super(inChannels, outChannels, kernelSize, options, 1)
  }

  override forward<S extends Shape>(
    x: Tensor<S> & Fits<ConvShape<S, 'ConvTranspose1d', 1, In, Out>>,
  ): Tensor<ShapeOr<ConvShape<S, 'ConvTranspose1d', 1, In, Out>>> {
    this.check(x)
    return convTranspose1d(x, this.weight, this.bias, this.settings) as Tensor<
      ShapeOr<ConvShape<S, 'ConvTranspose1d', 1, In, Out>>
    >
  }
}
