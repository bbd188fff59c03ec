/**
 * The mean absolute error.
 */
import * as functional from '../tensor/functional.js'
import type { Tensor } from '../tensor/tensor.js'
import { checkSameShape } from './check-shapes.js'
import type { LossOptions } from './reduction.js'

/** |prediction - target|, both of one shape; the gradient at 0 is 0. */
export function l1Loss(prediction: Tensor, target: Tensor, options: LossOptions = {}): Tensor {
  checkSameShape('l1Loss', prediction, target)
  return functional.l1Loss(prediction, target, options)
}
