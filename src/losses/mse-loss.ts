/**
 * The mean squared error.
 */
import type { Tensor } from '../tensor/tensor.js'
import { checkSameShape } from './check-shapes.js'
import { type LossOptions, reduce } from './reduction.js'

/** (prediction - target)², both of one shape. */
export function mseLoss(
  prediction: Tensor,
  target: Tensor,
  { reduction = 'mean' }: LossOptions = {},
): Tensor {
  checkSameShape('mseLoss', prediction, target)
  return reduce(prediction.sub(target).square(), reduction, 'mseLoss')
}
