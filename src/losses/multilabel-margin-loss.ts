/**
 * The hinge loss of several classes an example.
 */
import * as node from '../ops/margin-loss.js'
import { nodeOf, wrap } from '../tensor/base.js'
import type { Tensor } from '../tensor/tensor.js'
import { checkSameShape } from './check-shapes.js'
import { LossModule } from './loss-module.js'
import { onNodes } from './on-nodes.js'
import type { LossOptions } from './reduction.js'

/**
 * Σ over target classes j and other classes i of max(0, 1 - x[j] + x[i]) / C for scores (N, C) or (C). Targets of that
 * shape list class indices; the first -1 ends the list.
 */
export function multilabelMarginLoss(prediction: Tensor, target: Tensor, options: LossOptions = {}): Tensor {
  checkSameShape('multilabelMarginLoss', prediction, target)
  return wrap(node.multilabelMarginLoss(nodeOf(prediction), nodeOf(target), onNodes(options)))
}

/** `multilabelMarginLoss` as a module: `new MultiLabelMarginLoss(options).forward(prediction, target)`. */
export class MultiLabelMarginLoss extends LossModule<LossOptions> {
  constructor(options: LossOptions = {}) {
    super(options)
  }

  override forward(prediction: Tensor, target: Tensor): Tensor {
    return multilabelMarginLoss(prediction, target, this.options)
  }
}
