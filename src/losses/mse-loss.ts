/**
 * The mean squared error.
 */
import * as node from '../ops/loss.js'
import { nodeOf, wrap } from '../tensor/base.js'
import type { Tensor } from '../tensor/tensor.js'
import { checkSameShape } from './check-shapes.js'
import { LossModule } from './loss-module.js'
import { onNodes } from './on-nodes.js'
import type { LossOptions } from './reduction.js'

/**
 * (prediction - target)², both of one shape.
 */
export function mseLoss(prediction: Tensor, target: Tensor, options: LossOptions = {}): Tensor {
  checkSameShape('mseLoss', prediction, target)
  return wrap(node.mseLoss(nodeOf(prediction), nodeOf(target), onNodes(options)))
}

/** `mseLoss` as a module: `new MSELoss(options).forward(prediction, target)`. */
export class MSELoss extends LossModule<LossOptions> {
  constructor(options: LossOptions = {}) {
    super(options)
  }

  override forward(prediction: Tensor, target: Tensor): Tensor {
    return mseLoss(prediction, target, this.options)
  }
}
