/**
 * Negative log-likelihood of a Poisson distribution.
 */
import * as node from '../ops/loss.js'
import { nodeOf, wrap } from '../tensor/base.js'
import type { Tensor } from '../tensor/tensor.js'
import { checkSameShape } from './check-shapes.js'
import { LossModule } from './loss-module.js'
import { onNodes } from './on-nodes.js'
import type { LossOptions } from './reduction.js'

export interface PoissonNLLLossOptions extends LossOptions {
  /** The prediction is the logarithm of the rate (default true). */
  readonly logInput?: boolean
  /** Add Stirling's approximation of log y! (default false). */
  readonly full?: boolean
  /** Keeps log(x + eps) finite (default 1e-8). */
  readonly eps?: number
}

/**
 * exp(x) - y·x for log rates x and counts y, or x - y·log(x + eps) for rates with `logInput` false.
 */
export function poissonNllLoss(
  prediction: Tensor,
  target: Tensor,
  options: PoissonNLLLossOptions = {},
): Tensor {
  checkSameShape('poissonNllLoss', prediction, target)
  return wrap(node.poissonNllLoss(nodeOf(prediction), nodeOf(target), onNodes(options)))
}

/** `poissonNllLoss` as a module: `new PoissonNLLLoss(options).forward(prediction, target)`. */
export class PoissonNLLLoss extends LossModule<PoissonNLLLossOptions> {
  constructor(options: PoissonNLLLossOptions = {}) {
    super(options)
  }

  override forward(prediction: Tensor, target: Tensor): Tensor {
    return poissonNllLoss(prediction, target, this.options)
  }
}
