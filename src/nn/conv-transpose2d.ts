/**
 * Transposed convolution over two spatial axes.
 */
import type { Shape } from '../core/shape.js'
import { convTranspose2d } from '../tensor/functional.js'
import type { BaseRule, ConvTransposeRule, ConvTransposeShape } from '../tensor/layer-shapes.js'
import type { Fits, ShapeOr } from '../tensor/shape-types.js'
import type { Tensor } from '../tensor/tensor.js'
import type { Unless, Window } from '../tensor/window-shapes.js'
import { ConvTransposeNd, type ConvTransposeOptions } from './conv-transpose-nd.js'
import type { Sizes, WindowOptions } from './tuple.js'

/**
 * The transpose of Conv2d: x (N, inChannels, H, W) with `weight` (inChannels, outChannels/groups, ...kernelSize), plus
 * `bias` (outChannels). Each size s becomes (s - 1)·stride - 2·padding + dilation·(k - 1) + outputPadding + 1.
 */
export class ConvTranspose2d<
  In extends number = number,
  Out extends number = number,
  const K extends Sizes = Sizes,
  const Stride extends Sizes = Unless<K, Sizes, 1>,
  const Pad extends Sizes = Unless<K, Sizes, 0>,
  const Dilation extends Sizes = Unless<K, Sizes, 1>,
  const Extra extends Sizes = Unless<K, Sizes, 0>,
> extends ConvTransposeNd {
  /** @internal What it does to shapes, for Sequential. */
  '~shapes'?(
    rule:
      | ConvTransposeRule<'ConvTranspose2d', 2, In, Out, Window<K, Stride, Pad, Dilation>, Extra>
      | BaseRule,
  ): readonly [In, Out, K, Stride, Pad, Dilation, Extra]
  constructor(
    inChannels: In,
    outChannels: Out,
    kernelSize: K,
    options: ConvTransposeOptions &
      WindowOptions<Stride, Pad, Dilation> & { readonly outputPadding?: Extra } = {},
  ) {
    super(inChannels, outChannels, kernelSize, options, 2)
  }

  override forward<S extends Shape>(
    x: Tensor<S> &
      Fits<ConvTransposeShape<S, 'ConvTranspose2d', 2, In, Out, Window<K, Stride, Pad, Dilation>, Extra>>,
  ): Tensor<
    ShapeOr<ConvTransposeShape<S, 'ConvTranspose2d', 2, In, Out, Window<K, Stride, Pad, Dilation>, Extra>>
  > {
    this.check(x)
    return convTranspose2d(x, this.weight, this.bias, this.settings) as Tensor<
      ShapeOr<ConvTransposeShape<S, 'ConvTranspose2d', 2, In, Out, Window<K, Stride, Pad, Dilation>, Extra>>
    >
  }
}
