/**
 * Logistic loss of targets 1 and -1.
 */
import * as node from '../ops/margin-loss.js'
import { nodeOf, wrap } from '../tensor/base.js'
import type { Tensor } from '../tensor/tensor.js'
import { checkSameShape } from './check-shapes.js'
import { LossModule } from './loss-module.js'
import { onNodes } from './on-nodes.js'
import type { LossOptions } from './reduction.js'

/**
 * log(1 + exp(-target · prediction)).
 */
export function softMarginLoss(prediction: Tensor, target: Tensor, options: LossOptions = {}): Tensor {
  checkSameShape('softMarginLoss', prediction, target)
  return wrap(node.softMarginLoss(nodeOf(prediction), nodeOf(target), onNodes(options)))
}

/** `softMarginLoss` as a module: `new SoftMarginLoss(options).forward(prediction, target)`. */
export class SoftMarginLoss extends LossModule<LossOptions> {
  constructor(options: LossOptions = {}) {
    super(options)
  }

  override forward(prediction: Tensor, target: Tensor): Tensor {
    return softMarginLoss(prediction, target, this.options)
  }
}
