/**
 * The mish activation.
 */
import type { Shape } from '../core/shape.js'
import { mish } from '../tensor/functional.js'
import type { BaseRule, SameRule } from '../tensor/layer-shapes.js'
import type { Tensor } from '../tensor/tensor.js'
import { Module } from './module.js'

/** y = x · tanh(log(1 + exp(x))). Misra (2019). */
export class Mish extends Module {
  /** @internal What it does to shapes, for Sequential. */
  '~shapes'?(rule: SameRule | BaseRule): void
  override forward<S extends Shape>(x: Tensor<S>): Tensor<S> {
    return mish(x)
  }
}
