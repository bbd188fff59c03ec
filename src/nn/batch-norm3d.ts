/**
 * Batch normalisation of volumes.
 */
import type { Tensor } from '../tensor/tensor.js'
import { BatchNormNd, type BatchNormOptions } from './batch-norm-nd.js'
import { checkInput } from './check-input.js'

/** Batch normalisation of x (N, numFeatures, D, H, W) over all axes but the second. */
export class BatchNorm3d extends BatchNormNd {
  constructor(numFeatures: number, options: BatchNormOptions = {}) {
    super(numFeatures, options)
  }

  override forward(x: Tensor): Tensor {
    const c = this.numFeatures
    checkInput('BatchNorm3d', x, x.rank === 5 && x.shape[1] === c, `(N, ${c}, D, H, W)`)
    return this.normalize(x)
  }
}
