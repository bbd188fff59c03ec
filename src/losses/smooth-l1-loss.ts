/**
 * The absolute error with a quadratic bottom.
 */
import * as functional from '../tensor/functional.js'
import type { Tensor } from '../tensor/tensor.js'
import { checkSameShape } from './check-shapes.js'
import type { LossOptions } from './reduction.js'

export interface SmoothL1LossOptions extends LossOptions {
  /** Where the quadratic part ends (default 1); 0 gives `l1Loss`. */
  readonly beta?: number
}

/** d² / (2 beta) for |d| < beta, else |d| - beta / 2, with d = prediction - target. Girshick, "Fast R-CNN" (2015). */
export function smoothL1Loss(prediction: Tensor, target: Tensor, options: SmoothL1LossOptions = {}): Tensor {
  checkSameShape('smoothL1Loss', prediction, target)
  return functional.smoothL1Loss(prediction, target, options)
}
