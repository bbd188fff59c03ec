/**
 * Transposed convolution over three spatial axes.
 */
import { convTranspose3d } from '../tensor/functional.js'
import type { Tensor } from '../tensor/tensor.js'
import { ConvTransposeNd, type ConvTransposeOptions } from './conv-transpose-nd.js'
import type { Sizes } from './tuple.js'

/**
 * The transpose of Conv3d: x (N, inChannels, D, H, W) with `weight` (inChannels, outChannels/groups, ...kernelSize), plus
 * `bias` (outChannels). Each size s becomes (s - 1)·stride - 2·padding + dilation·(k - 1) + outputPadding + 1.
 */
export class ConvTranspose3d extends ConvTransposeNd {
  constructor(
    inChannels: number,
    outChannels: number,
    kernelSize: Sizes,
    options: ConvTransposeOptions = {},
  ) {
    super(inChannels, outChannels, kernelSize, options, 3)
  }

  override forward(x: Tensor): Tensor {
    this.check(x)
    return convTranspose3d(x, this.weight, this.bias, this.settings)
  }
}
