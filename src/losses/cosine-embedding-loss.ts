/**
 * Vectors that should point the same way, or not.
 */
import * as node from '../ops/margin-loss.js'
import { nodeOf, wrap } from '../tensor/base.js'
import type { Tensor } from '../tensor/tensor.js'
import { LossModule } from './loss-module.js'
import { onNodes } from './on-nodes.js'
import type { LossOptions } from './reduction.js'

export interface CosineEmbeddingLossOptions extends LossOptions {
  /** Default 0. */
  readonly margin?: number
}

/**
 * 1 - cos(x1, x2) where the target is 1, max(0, cos(x1, x2) - margin) where it is -1; x1 and x2 (N, D), target (N), or
 * (D), (D) and 0-d.
 */
export function cosineEmbeddingLoss(
  x1: Tensor,
  x2: Tensor,
  target: Tensor,
  options: CosineEmbeddingLossOptions = {},
): Tensor {
  return wrap(node.cosineEmbeddingLoss(nodeOf(x1), nodeOf(x2), nodeOf(target), onNodes(options)))
}

/** `cosineEmbeddingLoss` as a module: `new CosineEmbeddingLoss(options).forward(x1, x2, target)`. */
export class CosineEmbeddingLoss extends LossModule<CosineEmbeddingLossOptions, [Tensor, Tensor, Tensor]> {
  constructor(options: CosineEmbeddingLossOptions = {}) {
    super(options)
  }

  override forward(x1: Tensor, x2: Tensor, target: Tensor): Tensor {
    return cosineEmbeddingLoss(x1, x2, target, this.options)
  }
}
