/**
 * The mean squared error.
 */
import * as functional from '../tensor/functional.js'
import type { Tensor } from '../tensor/tensor.js'
import { checkSameShape } from './check-shapes.js'
import { LossModule } from './loss-module.js'
import type { LossOptions } from './reduction.js'

/** (prediction - target)², both of one shape. */
export function mseLoss(prediction: Tensor, target: Tensor, options: LossOptions = {}): Tensor {
  checkSameShape('mseLoss', prediction, target)
  return functional.mseLoss(prediction, target, options)
}

/** `mseLoss` as a module: `new MSELoss({ reduction: 'sum' }).forward(prediction, target)`. */
export class MSELoss extends LossModule<LossOptions> {
  constructor(options: LossOptions = {}) {
    super(options)
  }

  override forward(prediction: Tensor, target: Tensor): Tensor {
    return mseLoss(prediction, target, this.options)
  }
}
