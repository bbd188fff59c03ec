/**
 * Binary cross-entropy of logits.
 */
import * as node from '../ops/loss.js'
import { nodeOf, wrap } from '../tensor/base.js'
import type { Tensor } from '../tensor/tensor.js'
import { checkSameShape } from './check-shapes.js'
import { LossModule } from './loss-module.js'
import { onNodes } from './on-nodes.js'
import type { LossOptions } from './reduction.js'

export interface BCEWithLogitsOptions extends LossOptions {
  /** A weight for each element, broadcast to the target. */
  readonly weight?: Tensor
  /** A weight of the positive targets, broadcast to the target. */
  readonly posWeight?: Tensor
}

/**
 * -y log σ(x) - (1 - y) log(1 - σ(x)) for logits x and float targets y of one shape, without overflow.
 */
export function bceWithLogits(
  prediction: Tensor,
  target: Tensor,
  options: BCEWithLogitsOptions = {},
): Tensor {
  checkSameShape('bceWithLogits', prediction, target)
  return wrap(node.bceWithLogits(nodeOf(prediction), nodeOf(target), onNodes(options)))
}

/** `bceWithLogits` under PyTorch's long name. */
export const binaryCrossEntropyWithLogits = bceWithLogits

/** `bceWithLogits` as a module: `new BCEWithLogitsLoss(options).forward(prediction, target)`. */
export class BCEWithLogitsLoss extends LossModule<BCEWithLogitsOptions> {
  constructor(options: BCEWithLogitsOptions = {}) {
    super(options)
  }

  override forward(prediction: Tensor, target: Tensor): Tensor {
    return bceWithLogits(prediction, target, this.options)
  }
}
