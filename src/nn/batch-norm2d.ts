/**
 * Batch normalisation of images.
 */
import type { Tensor } from '../tensor/tensor.js'
import { BatchNormNd, type BatchNormOptions } from './batch-norm-nd.js'
import { checkInput } from './check-input.js'

/** Batch normalisation of x (N, numFeatures, H, W) over all axes but the second. */
export class BatchNorm2d extends BatchNormNd {
  constructor(numFeatures: number, options: BatchNormOptions = {}) {
    super(numFeatures, options)
  }

  override forward(x: Tensor): Tensor {
    const c = this.numFeatures
    checkInput('BatchNorm2d', x, x.rank === 4 && x.shape[1] === c, `(N, ${c}, H, W)`)
    return this.normalize(x)
  }
}
