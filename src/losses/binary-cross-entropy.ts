/**
 * Binary cross-entropy of probabilities.
 */
import * as node from '../ops/loss.js'
import { nodeOf, wrap } from '../tensor/base.js'
import type { Tensor } from '../tensor/tensor.js'
import { checkSameShape } from './check-shapes.js'
import { LossModule } from './loss-module.js'
import { onNodes } from './on-nodes.js'
import type { LossOptions } from './reduction.js'

export interface BCELossOptions extends LossOptions {
  /** A weight for each element, broadcast to the target. */
  readonly weight?: Tensor
}

/**
 * -y log x - (1 - y) log(1 - x) for probabilities x and float targets y of one shape; logarithms do not go below -100.
 * Prefer `bceWithLogits`, which does not round near 0 and 1.
 */
export function binaryCrossEntropy(prediction: Tensor, target: Tensor, options: BCELossOptions = {}): Tensor {
  checkSameShape('binaryCrossEntropy', prediction, target)
  return wrap(node.binaryCrossEntropy(nodeOf(prediction), nodeOf(target), onNodes(options)))
}

/** `binaryCrossEntropy` as a module: `new BCELoss(options).forward(prediction, target)`. */
export class BCELoss extends LossModule<BCELossOptions> {
  constructor(options: BCELossOptions = {}) {
    super(options)
  }

  override forward(prediction: Tensor, target: Tensor): Tensor {
    return binaryCrossEntropy(prediction, target, this.options)
  }
}
