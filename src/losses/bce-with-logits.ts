/**
 * Binary cross-entropy of logits.
 */
import * as functional from '../tensor/functional.js'
import type { Tensor } from '../tensor/tensor.js'
import { checkSameShape } from './check-shapes.js'
import { LossModule } from './loss-module.js'
import type { LossOptions } from './reduction.js'

export interface BCEWithLogitsOptions extends LossOptions {
  /** A weight for each element, broadcast to the target. */
  readonly weight?: Tensor
  /** A weight of the positive targets, broadcast to the target. */
  readonly posWeight?: Tensor
}

/** -y log σ(x) - (1 - y) log(1 - σ(x)) for logits x and float targets y of one shape, without overflow. */
export function bceWithLogits(logits: Tensor, target: Tensor, options: BCEWithLogitsOptions = {}): Tensor {
  checkSameShape('bceWithLogits', logits, target)
  return functional.bceWithLogits(logits, target, options)
}

/** `bceWithLogits` as a module: `new BCEWithLogitsLoss({ reduction: 'sum' }).forward(prediction, target)`. */
export class BCEWithLogitsLoss extends LossModule<BCEWithLogitsOptions> {
  constructor(options: BCEWithLogitsOptions = {}) {
    super(options)
  }

  override forward(prediction: Tensor, target: Tensor): Tensor {
    return bceWithLogits(prediction, target, this.options)
  }
}
