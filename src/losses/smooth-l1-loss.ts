/**
 * The absolute error with a quadratic bottom.
 */
import * as node from '../ops/loss.js'
import { nodeOf, wrap } from '../tensor/base.js'
import type { Tensor } from '../tensor/tensor.js'
import { checkSameShape } from './check-shapes.js'
import { LossModule } from './loss-module.js'
import { onNodes } from './on-nodes.js'
import type { LossOptions } from './reduction.js'

export interface SmoothL1LossOptions extends LossOptions {
  /** Where the quadratic part ends (default 1); 0 gives `l1Loss`. */
  readonly beta?: number
}

/**
 * d² / (2 beta) for |d| < beta, else |d| - beta / 2, with d = prediction - target. Girshick, "Fast R-CNN" (2015).
 */
export function smoothL1Loss(prediction: Tensor, target: Tensor, options: SmoothL1LossOptions = {}): Tensor {
  checkSameShape('smoothL1Loss', prediction, target)
  return wrap(node.smoothL1Loss(nodeOf(prediction), nodeOf(target), onNodes(options)))
}

/** `smoothL1Loss` as a module: `new SmoothL1Loss(options).forward(prediction, target)`. */
export class SmoothL1Loss extends LossModule<SmoothL1LossOptions> {
  constructor(options: SmoothL1LossOptions = {}) {
    super(options)
  }

  override forward(prediction: Tensor, target: Tensor): Tensor {
    return smoothL1Loss(prediction, target, this.options)
  }
}
