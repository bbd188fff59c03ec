/**
 * The mean absolute error.
 */
import * as functional from '../tensor/functional.js'
import type { Tensor } from '../tensor/tensor.js'
import { checkSameShape } from './check-shapes.js'
import { LossModule } from './loss-module.js'
import type { LossOptions } from './reduction.js'

/** |prediction - target|, both of one shape; the gradient at 0 is 0. */
export function l1Loss(prediction: Tensor, target: Tensor, options: LossOptions = {}): Tensor {
  checkSameShape('l1Loss', prediction, target)
  return functional.l1Loss(prediction, target, options)
}

/** `l1Loss` as a module: `new L1Loss({ reduction: 'sum' }).forward(prediction, target)`. */
export class L1Loss extends LossModule<LossOptions> {
  constructor(options: LossOptions = {}) {
    super(options)
  }

  override forward(prediction: Tensor, target: Tensor): Tensor {
    return l1Loss(prediction, target, this.options)
  }
}
