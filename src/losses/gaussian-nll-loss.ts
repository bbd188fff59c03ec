/**
 * Negative log-likelihood of a normal distribution.
 */
import * as node from '../ops/loss.js'
import { nodeOf, wrap } from '../tensor/base.js'
import type { Tensor } from '../tensor/tensor.js'
import { checkSameShape } from './check-shapes.js'
import { LossModule } from './loss-module.js'
import { onNodes } from './on-nodes.js'
import type { LossOptions } from './reduction.js'

export interface GaussianNLLLossOptions extends LossOptions {
  /** Add log(2π) / 2 (default false). */
  readonly full?: boolean
  /** The smallest variance (default 1e-6). */
  readonly eps?: number
}

/**
 * (log v + (x - y)² / v) / 2 with v = max(variance, eps). The variance is shaped as the prediction, or has 1 as its last
 * size, or no last axis. Nix & Weigend (1994).
 */
export function gaussianNllLoss(
  prediction: Tensor,
  target: Tensor,
  variance: Tensor,
  options: GaussianNLLLossOptions = {},
): Tensor {
  checkSameShape('gaussianNllLoss', prediction, target)
  return wrap(node.gaussianNllLoss(nodeOf(prediction), nodeOf(target), nodeOf(variance), onNodes(options)))
}

/** `gaussianNllLoss` as a module: `new GaussianNLLLoss(options).forward(prediction, target, variance)`. */
export class GaussianNLLLoss extends LossModule<GaussianNLLLossOptions, [Tensor, Tensor, Tensor]> {
  constructor(options: GaussianNLLLossOptions = {}) {
    super(options)
  }

  override forward(prediction: Tensor, target: Tensor, variance: Tensor): Tensor {
    return gaussianNllLoss(prediction, target, variance, this.options)
  }
}
