/**
 * Transposed convolution over one spatial axis.
 */
import { convTranspose1d } from '../tensor/functional.js'
import type { Tensor } from '../tensor/tensor.js'
import { ConvTransposeNd, type ConvTransposeOptions } from './conv-transpose-nd.js'
import type { Sizes } from './tuple.js'

/**
 * The transpose of Conv1d: x (N, inChannels, L) with `weight` (inChannels, outChannels/groups, ...kernelSize), plus
 * `bias` (outChannels). Each size s becomes (s - 1)·stride - 2·padding + dilation·(k - 1) + outputPadding + 1.
 */
export class ConvTranspose1d extends ConvTransposeNd {
  constructor(
    inChannels: number,
    outChannels: number,
    kernelSize: Sizes,
    options: ConvTransposeOptions = {},
  ) {
    super(inChannels, outChannels, kernelSize, options, 1)
  }

  override forward(x: Tensor): Tensor {
    this.check(x)
    return convTranspose1d(x, this.weight, this.bias, this.settings)
  }
}
