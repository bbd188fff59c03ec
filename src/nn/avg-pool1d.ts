/**
 * Average pooling over one spatial axis.
 */
import { avgPool1d } from '../tensor/functional.js'
import type { Tensor } from '../tensor/tensor.js'
import { type AvgPoolOptions, PoolNd } from './pool-nd.js'
import type { Sizes } from './tuple.js'

/**
 * The mean of each window of x (N, C, L). `stride` defaults to the window's size; `countIncludePad` (default true)
 * counts the zeros of the padding.
 */
export class AvgPool1d extends PoolNd {
  readonly countIncludePad: boolean

  constructor(kernelSize: Sizes, options: AvgPoolOptions = {}) {
    super('AvgPool1d', kernelSize, options, 1)
    this.countIncludePad = options.countIncludePad ?? true
  }

  override forward(x: Tensor): Tensor {
    this.check(x)
    const { stride, padding, ceilMode, countIncludePad } = this
    return avgPool1d(x, this.kernelSize, { stride, padding, ceilMode, countIncludePad })
  }
}
