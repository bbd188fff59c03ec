/**
 * The mean squared error.
 */
import * as functional from '../tensor/functional.js'
import type { Tensor } from '../tensor/tensor.js'
import { checkSameShape } from './check-shapes.js'
import type { LossOptions } from './reduction.js'

/** (prediction - target)², both of one shape. */
export function mseLoss(prediction: Tensor, target: Tensor, options: LossOptions = {}): Tensor {
  checkSameShape('mseLoss', prediction, target)
  return functional.mseLoss(prediction, target, options)
}
