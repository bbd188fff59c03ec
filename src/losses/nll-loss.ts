/**
 * The negative log-likelihood.
 */
import * as node from '../ops/classification-loss.js'
import { nodeOf, wrap } from '../tensor/base.js'
import type { Tensor } from '../tensor/tensor.js'
import { LossModule } from './loss-module.js'
import { onNodes } from './on-nodes.js'
import type { LossOptions } from './reduction.js'

export interface NLLLossOptions extends LossOptions {
  /** A weight for each class (C). The mean is then weighted too. */
  readonly weight?: Tensor
  /** Targets of this class do not count (default -100). */
  readonly ignoreIndex?: number
}

/**
 * -logProbabilities[target] for log-probabilities (N, C), (N, C, d₁, …) or (C) and class indices without C.
 */
export function nllLoss(logProbabilities: Tensor, target: Tensor, options: NLLLossOptions = {}): Tensor {
  return wrap(node.nllLoss(nodeOf(logProbabilities), nodeOf(target), onNodes(options)))
}

/** `nllLoss` as a module: `new NLLLoss(options).forward(logProbabilities, target)`. */
export class NLLLoss extends LossModule<NLLLossOptions> {
  constructor(options: NLLLossOptions = {}) {
    super(options)
  }

  override forward(logProbabilities: Tensor, target: Tensor): Tensor {
    return nllLoss(logProbabilities, target, this.options)
  }
}
