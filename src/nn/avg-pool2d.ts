/**
 * Average pooling over two spatial axes.
 */
import { avgPool2d } from '../tensor/functional.js'
import type { Tensor } from '../tensor/tensor.js'
import { type AvgPoolOptions, PoolNd } from './pool-nd.js'
import type { Sizes } from './tuple.js'

/**
 * The mean of each window of x (N, C, H, W). `stride` defaults to the window's size; `countIncludePad` (default true)
 * counts the zeros of the padding.
 */
export class AvgPool2d extends PoolNd {
  readonly countIncludePad: boolean

  constructor(kernelSize: Sizes, options: AvgPoolOptions = {}) {
    super('AvgPool2d', kernelSize, options, 2)
    this.countIncludePad = options.countIncludePad ?? true
  }

  override forward(x: Tensor): Tensor {
    this.check(x)
    const { stride, padding, ceilMode, countIncludePad } = this
    return avgPool2d(x, this.kernelSize, { stride, padding, ceilMode, countIncludePad })
  }
}
