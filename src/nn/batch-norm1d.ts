/**
 * Batch normalisation of vectors or of sequences.
 */
import type { Tensor } from '../tensor/tensor.js'
import { BatchNormNd, type BatchNormOptions } from './batch-norm-nd.js'
import { checkInput } from './check-input.js'

/** Batch normalisation of x (N, numFeatures) or (N, numFeatures, L) over all axes but the second. */
export class BatchNorm1d extends BatchNormNd {
  constructor(numFeatures: number, options: BatchNormOptions = {}) {
    super(numFeatures, options)
  }

  override forward(x: Tensor): Tensor {
    const c = this.numFeatures
    checkInput(
      'BatchNorm1d',
      x,
      (x.rank === 2 || x.rank === 3) && x.shape[1] === c,
      `(N, ${c}) or (N, ${c}, L)`,
    )
    return this.normalize(x)
  }
}
