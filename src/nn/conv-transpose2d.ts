/**
 * Transposed convolution over two spatial axes.
 */
import { convTranspose2d } from '../tensor/functional.js'
import type { Tensor } from '../tensor/tensor.js'
import { ConvTransposeNd, type ConvTransposeOptions } from './conv-transpose-nd.js'
import type { Sizes } from './tuple.js'

/**
 * The transpose of Conv2d: x (N, inChannels, H, W) with `weight` (inChannels, outChannels/groups, ...kernelSize), plus
 * `bias` (outChannels). Each size s becomes (s - 1)·stride - 2·padding + dilation·(k - 1) + outputPadding + 1.
 */
export class ConvTranspose2d extends ConvTransposeNd {
  constructor(
    inChannels: number,
    outChannels: number,
    kernelSize: Sizes,
    options: ConvTransposeOptions = {},
  ) {
    super(inChannels, outChannels, kernelSize, options, 2)
  }

  override forward(x: Tensor): Tensor {
    this.check(x)
    return convTranspose2d(x, this.weight, this.bias, this.settings)
  }
}
