/**
 * Distances that should be small or beyond a margin.
 */
import * as node from '../ops/margin-loss.js'
import { nodeOf, wrap } from '../tensor/base.js'
import type { Tensor } from '../tensor/tensor.js'
import { checkSameShape } from './check-shapes.js'
import { LossModule } from './loss-module.js'
import { onNodes } from './on-nodes.js'
import type { LossOptions } from './reduction.js'

export interface HingeEmbeddingLossOptions extends LossOptions {
  /** Default 1. */
  readonly margin?: number
}

/**
 * x where the target is 1, max(0, margin - x) where it is -1.
 */
export function hingeEmbeddingLoss(
  prediction: Tensor,
  target: Tensor,
  options: HingeEmbeddingLossOptions = {},
): Tensor {
  checkSameShape('hingeEmbeddingLoss', prediction, target)
  return wrap(node.hingeEmbeddingLoss(nodeOf(prediction), nodeOf(target), onNodes(options)))
}

/** `hingeEmbeddingLoss` as a module: `new HingeEmbeddingLoss(options).forward(prediction, target)`. */
export class HingeEmbeddingLoss extends LossModule<HingeEmbeddingLossOptions> {
  constructor(options: HingeEmbeddingLossOptions = {}) {
    super(options)
  }

  override forward(prediction: Tensor, target: Tensor): Tensor {
    return hingeEmbeddingLoss(prediction, target, this.options)
  }
}
