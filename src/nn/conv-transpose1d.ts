/**
 * Transposed convolution over one spatial axis.
 */
import type { Unless } from '../tensor/window-shapes.js'
import { ConvTransposeNd, type ConvTransposeWindowOptions } from './conv-transpose-nd.js'
import type { Sizes } from './tuple.js'

/**
 * The transpose of Conv1d: x (N, inChannels, L) with `weight` (inChannels, outChannels/groups, ...kernelSize), plus
 * `bias` (outChannels). Each size s becomes (s - 1)·stride - 2·padding + dilation·(k - 1) + outputPadding + 1.
 */
export class ConvTranspose1d<
  In extends number = number,
  Out extends number = number,
  const K extends Sizes = Sizes,
  const Stride extends Sizes = Unless<K, Sizes, 1>,
  const Pad extends Sizes = Unless<K, Sizes, 0>,
  const Dilation extends Sizes = Unless<K, Sizes, 1>,
  const Extra extends Sizes = Unless<K, Sizes, 0>,
> extends ConvTransposeNd<1, In, Out, K, Stride, Pad, Dilation, Extra> {
  constructor(
    inChannels: In,
    outChannels: Out,
    kernelSize: K,
    options: ConvTransposeWindowOptions<Stride, Pad, Dilation, Extra> = {},
  ) {
    super(inChannels, outChannels, kernelSize, options, 1)
  }
}
