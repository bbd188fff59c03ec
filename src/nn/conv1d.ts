/**
 * Convolution over one spatial axis.
 */
import type { Unless } from '../tensor/window-shapes.js'
import { ConvNd, type ConvOptions } from './conv-nd.js'
import type { Sizes, WindowOptions } from './tuple.js'

/**
 * Cross-correlation of x (N, inChannels, L) with `weight` (outChannels, inChannels/groups, ...kernelSize), plus
 * `bias` (outChannels). Each spatial size s becomes floor((s + 2·padding - dilation·(k - 1) - 1) / stride) + 1.
 */
export class Conv1d<
  In extends number = number,
  Out extends number = number,
  const K extends Sizes = Sizes,
  const Stride extends Sizes = Unless<K, Sizes, 1>,
  const Pad extends Sizes | 'same' | 'valid' = Unless<K, Sizes | 'same' | 'valid', 0>,
  const Dilation extends Sizes = Unless<K, Sizes, 1>,
> extends ConvNd<1, In, Out, K, Stride, Pad, Dilation> {
  constructor(
    inChannels: In,
    outChannels: Out,
    kernelSize: K,
    options: ConvOptions & WindowOptions<Stride, Pad, Dilation> = {},
  ) {
    super(inChannels, outChannels, kernelSize, options, 1)
  }
}
