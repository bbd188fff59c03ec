/**
 * The absolute error with a quadratic bottom.
 */
import { ValueError } from '../core/errors.js'
import type { Tensor } from '../tensor/tensor.js'
import { where } from '../tensor/tensor-functions.js'
import { checkSameShape } from './check-shapes.js'
import { l1Loss } from './l1-loss.js'
import { type LossOptions, reduce } from './reduction.js'

export interface SmoothL1LossOptions extends LossOptions {
  /** Where the quadratic part ends (default 1); 0 gives `l1Loss`. */
  readonly beta?: number
}

/** d² / (2 beta) for |d| < beta, else |d| - beta / 2, with d = prediction - target. Girshick, "Fast R-CNN" (2015). */
export function smoothL1Loss(prediction: Tensor, target: Tensor, options: SmoothL1LossOptions = {}): Tensor {
  const { beta = 1, reduction = 'mean' } = options
  checkSameShape('smoothL1Loss', prediction, target)
  if (!(beta >= 0)) throw new ValueError(`smoothL1Loss: expected beta of at least 0, got ${beta}.`)
  if (beta === 0) return l1Loss(prediction, target, { reduction })
  const d = prediction.sub(target).abs()
  const losses = where(d.lt(beta), d.square().mul(0.5 / beta), d.sub(0.5 * beta))
  return reduce(losses, reduction, 'smoothL1Loss')
}
