/**
 * The mean absolute error.
 */
import * as node from '../ops/loss.js'
import { nodeOf, wrap } from '../tensor/base.js'
import type { Tensor } from '../tensor/tensor.js'
import { checkSameShape } from './check-shapes.js'
import { LossModule } from './loss-module.js'
import { onNodes } from './on-nodes.js'
import type { LossOptions } from './reduction.js'

/**
 * |prediction - target|, both of one shape; the gradient at 0 is 0.
 */
export function l1Loss(prediction: Tensor, target: Tensor, options: LossOptions = {}): Tensor {
  checkSameShape('l1Loss', prediction, target)
  return wrap(node.l1Loss(nodeOf(prediction), nodeOf(target), onNodes(options)))
}

/** `l1Loss` as a module: `new L1Loss(options).forward(prediction, target)`. */
export class L1Loss extends LossModule<LossOptions> {
  constructor(options: LossOptions = {}) {
    super(options)
  }

  override forward(prediction: Tensor, target: Tensor): Tensor {
    return l1Loss(prediction, target, this.options)
  }
}
