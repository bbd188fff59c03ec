/**
 * Huber's loss.
 */
import { ValueError } from '../core/errors.js'
import type { Tensor } from '../tensor/tensor.js'
import { where } from '../tensor/tensor-functions.js'
import { checkSameShape } from './check-shapes.js'
import { type LossOptions, reduce } from './reduction.js'

export interface HuberLossOptions extends LossOptions {
  /** Where the quadratic part ends (default 1). */
  readonly delta?: number
}

/** d² / 2 for |d| < delta, else delta · (|d| - delta / 2), with d = prediction - target. Huber (1964). */
export function huberLoss(prediction: Tensor, target: Tensor, options: HuberLossOptions = {}): Tensor {
  const { delta = 1, reduction = 'mean' } = options
  checkSameShape('huberLoss', prediction, target)
  if (!(delta > 0)) throw new ValueError(`huberLoss: expected delta above 0, got ${delta}.`)
  const d = prediction.sub(target).abs()
  const losses = where(d.lt(delta), d.square().mul(0.5), d.sub(0.5 * delta).mul(delta))
  return reduce(losses, reduction, 'huberLoss')
}
