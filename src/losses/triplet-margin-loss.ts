/**
 * An anchor that should be nearer to one example than to another.
 */
import * as node from '../ops/margin-loss.js'
import { nodeOf, wrap } from '../tensor/base.js'
import type { Tensor } from '../tensor/tensor.js'
import { LossModule } from './loss-module.js'
import { onNodes } from './on-nodes.js'
import type { LossOptions } from './reduction.js'

export interface TripletMarginLossOptions extends LossOptions {
  /** Default 1. */
  readonly margin?: number
  /** The norm of the distance (default 2). */
  readonly p?: number
  /** Added to the differences (default 1e-6). */
  readonly eps?: number
  /** Take the smaller of the negative's distances to the anchor and to the positive (default false). */
  readonly swap?: boolean
}

/**
 * max(0, d(anchor, positive) - d(anchor, negative) + margin) with d(x, y) = ‖x - y + eps‖ₚ over the last axis.
 * Schroff et al., "FaceNet" (2015).
 */
export function tripletMarginLoss(
  anchor: Tensor,
  positive: Tensor,
  negative: Tensor,
  options: TripletMarginLossOptions = {},
): Tensor {
  return wrap(node.tripletMarginLoss(nodeOf(anchor), nodeOf(positive), nodeOf(negative), onNodes(options)))
}

/** `tripletMarginLoss` as a module: `new TripletMarginLoss(options).forward(anchor, positive, negative)`. */
export class TripletMarginLoss extends LossModule<TripletMarginLossOptions, [Tensor, Tensor, Tensor]> {
  constructor(options: TripletMarginLossOptions = {}) {
    super(options)
  }

  override forward(anchor: Tensor, positive: Tensor, negative: Tensor): Tensor {
    return tripletMarginLoss(anchor, positive, negative, this.options)
  }
}
