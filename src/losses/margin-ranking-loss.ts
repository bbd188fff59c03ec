/**
 * A margin between two scores.
 */
import * as node from '../ops/margin-loss.js'
import { nodeOf, wrap } from '../tensor/base.js'
import type { Tensor } from '../tensor/tensor.js'
import { LossModule } from './loss-module.js'
import { onNodes } from './on-nodes.js'
import type { LossOptions } from './reduction.js'

export interface MarginRankingLossOptions extends LossOptions {
  /** Default 0. */
  readonly margin?: number
}

/**
 * max(0, -y(x1 - x2) + margin): y = 1 wants x1 above x2, y = -1 below.
 */
export function marginRankingLoss(
  x1: Tensor,
  x2: Tensor,
  target: Tensor,
  options: MarginRankingLossOptions = {},
): Tensor {
  return wrap(node.marginRankingLoss(nodeOf(x1), nodeOf(x2), nodeOf(target), onNodes(options)))
}

/** `marginRankingLoss` as a module: `new MarginRankingLoss(options).forward(x1, x2, target)`. */
export class MarginRankingLoss extends LossModule<MarginRankingLossOptions, [Tensor, Tensor, Tensor]> {
  constructor(options: MarginRankingLossOptions = {}) {
    super(options)
  }

  override forward(x1: Tensor, x2: Tensor, target: Tensor): Tensor {
    return marginRankingLoss(x1, x2, target, this.options)
  }
}
