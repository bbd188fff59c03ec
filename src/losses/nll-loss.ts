/**
 * The negative log-likelihood.
 */
import * as functional from '../tensor/functional.js'
import type { Tensor } from '../tensor/tensor.js'
import { LossModule } from './loss-module.js'
import type { LossOptions } from './reduction.js'

export interface NLLLossOptions extends LossOptions {
  /** A weight for each class (C). The mean is then weighted too. */
  readonly weight?: Tensor
  /** Targets of this class do not count (default -100). */
  readonly ignoreIndex?: number
}

/** -logProbabilities[target] for log-probabilities (N, C), (N, C, d₁, …) or (C) and class indices without C. */
export const nllLoss = (logProbabilities: Tensor, target: Tensor, options: NLLLossOptions = {}): Tensor =>
  functional.nllLoss(logProbabilities, target, options)

/** `nllLoss` as a module: `new NLLLoss({ reduction: 'sum' }).forward(prediction, target)`. */
export class NLLLoss extends LossModule<NLLLossOptions> {
  constructor(options: NLLLossOptions = {}) {
    super(options)
  }

  override forward(prediction: Tensor, target: Tensor): Tensor {
    return nllLoss(prediction, target, this.options)
  }
}
