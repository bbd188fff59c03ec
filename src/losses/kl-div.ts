/**
 * The Kullback-Leibler divergence.
 */
import * as node from '../ops/loss.js'
import { nodeOf, wrap } from '../tensor/base.js'
import type { Tensor } from '../tensor/tensor.js'
import { checkSameShape } from './check-shapes.js'
import { LossModule } from './loss-module.js'
import { onNodes } from './on-nodes.js'
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
  return wrap(node.klDiv(nodeOf(logPrediction), nodeOf(target), onNodes(options)))
}

/** `klDiv` as a module: `new KLDivLoss(options).forward(logPrediction, target)`. */
export class KLDivLoss extends LossModule<KLDivOptions> {
  constructor(options: KLDivOptions = {}) {
    super(options)
  }

  override forward(logPrediction: Tensor, target: Tensor): Tensor {
    return klDiv(logPrediction, target, this.options)
  }
}
