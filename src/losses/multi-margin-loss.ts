/**
 * The hinge loss of classes.
 */
import * as node from '../ops/margin-loss.js'
import { nodeOf, wrap } from '../tensor/base.js'
import type { Tensor } from '../tensor/tensor.js'
import { LossModule } from './loss-module.js'
import { onNodes } from './on-nodes.js'
import type { LossOptions } from './reduction.js'

export interface MultiMarginLossOptions extends LossOptions {
  /** Exponent, 1 (default) or 2. */
  readonly p?: 1 | 2
  /** Default 1. */
  readonly margin?: number
  /** A weight for each class (C). */
  readonly weight?: Tensor
}

/**
 * Σ over classes j ≠ y of w[y] · max(0, margin - x[y] + x[j])ᵖ / C for scores (N, C) or (C) and class indices (N) or 0-d.
 */
export function multiMarginLoss(
  prediction: Tensor,
  target: Tensor,
  options: MultiMarginLossOptions = {},
): Tensor {
  return wrap(node.multiMarginLoss(nodeOf(prediction), nodeOf(target), onNodes(options)))
}

/** `multiMarginLoss` as a module: `new MultiMarginLoss(options).forward(prediction, target)`. */
export class MultiMarginLoss extends LossModule<MultiMarginLossOptions> {
  constructor(options: MultiMarginLossOptions = {}) {
    super(options)
  }

  override forward(prediction: Tensor, target: Tensor): Tensor {
    return multiMarginLoss(prediction, target, this.options)
  }
}
