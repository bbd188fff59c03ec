/**
 * The mean absolute error.
 */
import type { Tensor } from '../tensor/tensor.js'
import { checkSameShape } from './check-shapes.js'
import { type LossOptions, reduce } from './reduction.js'

/** |prediction - target|, both of one shape; the gradient at 0 is 0. */
export function l1Loss(prediction: Tensor, target: Tensor, { reduction = 'mean' }: LossOptions = {}): Tensor {
  checkSameShape('l1Loss', prediction, target)
  return reduce(prediction.sub(target).abs(), reduction, 'l1Loss')
}
