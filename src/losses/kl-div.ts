/**
 * The Kullback-Leibler divergence.
 */

import type { Tensor } from '../tensor/tensor.js'
import { where } from '../tensor/tensor-functions.js'
import { checkSameShape } from './check-shapes.js'
import { type Reduction, reduce } from './reduction.js'

export interface KLDivOptions {
  /** 'mean' (over all elements, the default), 'batchmean' (sum / N: the divergence), 'sum' or 'none'. */
  readonly reduction?: Reduction | 'batchmean'
  /** The target holds log-probabilities (default false). */
  readonly logTarget?: boolean
}

/**
 * target · (log target - logPrediction), elements with target 0 counting 0; both of one shape, the prediction as
 * log-probabilities.
 */
export function klDiv(logPrediction: Tensor, target: Tensor, options: KLDivOptions = {}): Tensor {
  const { reduction = 'mean', logTarget = false } = options
  checkSameShape('klDiv', logPrediction, target)
  let losses: Tensor
  if (logTarget) losses = target.exp().mul(target.sub(logPrediction))
  else {
    const positive = target.gt(0)
    // The logarithm of 1 stands in where the target is 0, so that no gradient is NaN.
    const entropy = target.mul(where(positive, target, 1).log())
    losses = entropy.sub(target.mul(logPrediction))
  }
  if (reduction === 'batchmean') return losses.sum().div(logPrediction.shape[0])
  return reduce(losses, reduction, 'klDiv')
}
