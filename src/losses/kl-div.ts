/**
 * The Kullback-Leibler divergence.
 */
import * as functional from '../tensor/functional.js'
import type { Tensor } from '../tensor/tensor.js'
import { checkSameShape } from './check-shapes.js'
import { LossModule } from './loss-module.js'
import type { Reduction } from './reduction.js'

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
  checkSameShape('klDiv', logPrediction, target)
  return functional.klDiv(logPrediction, target, options)
}

/** `klDiv` as a module: `new KLDivLoss({ reduction: 'sum' }).forward(prediction, target)`. */
export class KLDivLoss extends LossModule<KLDivOptions> {
  constructor(options: KLDivOptions = {}) {
    super(options)
  }

  override forward(prediction: Tensor, target: Tensor): Tensor {
    return klDiv(prediction, target, this.options)
  }
}
