/**
 * The triplet loss with a distance of your own.
 */
import * as node from '../ops/margin-loss.js'
import { nodeOf, wrap } from '../tensor/base.js'
import type { Tensor } from '../tensor/tensor.js'
import { LossModule } from './loss-module.js'
import type { LossOptions } from './reduction.js'

export interface TripletMarginWithDistanceLossOptions extends LossOptions {
  /** Distances of two batches of vectors; default ‖x - y + 1e-6‖₂ over the last axis. */
  readonly distanceFunction?: (x: Tensor, y: Tensor) => Tensor
  /** Default 1. */
  readonly margin?: number
  /** Take the smaller of the negative's distances to the anchor and to the positive (default false). */
  readonly swap?: boolean
}

/** max(0, d(anchor, positive) - d(anchor, negative) + margin). */
export function tripletMarginWithDistanceLoss(
  anchor: Tensor,
  positive: Tensor,
  negative: Tensor,
  { distanceFunction, ...options }: TripletMarginWithDistanceLossOptions = {},
): Tensor {
  return wrap(
    node.tripletMarginWithDistanceLoss(nodeOf(anchor), nodeOf(positive), nodeOf(negative), {
      ...options,
      distanceFunction:
        distanceFunction === undefined ? undefined : (x, y) => nodeOf(distanceFunction(wrap(x), wrap(y))),
    }),
  )
}

/** `tripletMarginWithDistanceLoss` as a module. */
export class TripletMarginWithDistanceLoss extends LossModule<
  TripletMarginWithDistanceLossOptions,
  [Tensor, Tensor, Tensor]
> {
  constructor(options: TripletMarginWithDistanceLossOptions = {}) {
    super(options)
  }

  override forward(anchor: Tensor, positive: Tensor, negative: Tensor): Tensor {
    return tripletMarginWithDistanceLoss(anchor, positive, negative, this.options)
  }
}
