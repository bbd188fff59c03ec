/**
 * Binary cross-entropy of several classes, averaged over them.
 */
import * as node from '../ops/margin-loss.js'
import { nodeOf, wrap } from '../tensor/base.js'
import type { Tensor } from '../tensor/tensor.js'
import { checkSameShape } from './check-shapes.js'
import { LossModule } from './loss-module.js'
import { onNodes } from './on-nodes.js'
import type { LossOptions } from './reduction.js'

export interface MultiLabelSoftMarginLossOptions extends LossOptions {
  /** A weight for each class (C). */
  readonly weight?: Tensor
}

/**
 * -Σ over classes of y log σ(x) + (1 - y) log σ(-x), over C, for logits and targets (…, C).
 */
export function multilabelSoftMarginLoss(
  prediction: Tensor,
  target: Tensor,
  options: MultiLabelSoftMarginLossOptions = {},
): Tensor {
  checkSameShape('multilabelSoftMarginLoss', prediction, target)
  return wrap(node.multilabelSoftMarginLoss(nodeOf(prediction), nodeOf(target), onNodes(options)))
}

/** `multilabelSoftMarginLoss` as a module: `new MultiLabelSoftMarginLoss(options).forward(prediction, target)`. */
export class MultiLabelSoftMarginLoss extends LossModule<MultiLabelSoftMarginLossOptions> {
  constructor(options: MultiLabelSoftMarginLossOptions = {}) {
    super(options)
  }

  override forward(prediction: Tensor, target: Tensor): Tensor {
    return multilabelSoftMarginLoss(prediction, target, this.options)
  }
}
