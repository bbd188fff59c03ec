/**
 * Convolution over two spatial axes.
 */
import { conv2d } from '../tensor/functional.js'
import type { Tensor } from '../tensor/tensor.js'
import { ConvNd, type ConvOptions } from './conv-nd.js'
import type { Sizes } from './tuple.js'

/**
 * Cross-correlation of x (N, inChannels, H, W) with `weight` (outChannels, inChannels/groups, ...kernelSize), plus
 * `bias` (outChannels). Each spatial size s becomes floor((s + 2·padding - dilation·(k - 1) - 1) / stride) + 1.
 */
export class Conv2d extends ConvNd {
  constructor(inChannels: number, outChannels: number, kernelSize: Sizes, options: ConvOptions = {}) {
    super(inChannels, outChannels, kernelSize, options, 2)
  }

  override forward(x: Tensor): Tensor {
    this.check(x)
    return conv2d(x, this.weight, this.bias, this.settings)
  }
}
