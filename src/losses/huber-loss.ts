/**
 * Huber's loss.
 */
import * as node from '../ops/loss.js'
import { nodeOf, wrap } from '../tensor/base.js'
import type { Tensor } from '../tensor/tensor.js'
import { checkSameShape } from './check-shapes.js'
import { LossModule } from './loss-module.js'
import { onNodes } from './on-nodes.js'
import type { LossOptions } from './reduction.js'

export interface HuberLossOptions extends LossOptions {
  /** Where the quadratic part ends (default 1). */
  readonly delta?: number
}

/**
 * d² / 2 for |d| < delta, else delta · (|d| - delta / 2), with d = prediction - target. Huber (1964).
 */
export function huberLoss(prediction: Tensor, target: Tensor, options: HuberLossOptions = {}): Tensor {
  checkSameShape('huberLoss', prediction, target)
  return wrap(node.huberLoss(nodeOf(prediction), nodeOf(target), onNodes(options)))
}

/** `huberLoss` as a module: `new HuberLoss(options).forward(prediction, target)`. */
export class HuberLoss extends LossModule<HuberLossOptions> {
  constructor(options: HuberLossOptions = {}) {
    super(options)
  }

  override forward(prediction: Tensor, target: Tensor): Tensor {
    return huberLoss(prediction, target, this.options)
  }
}
