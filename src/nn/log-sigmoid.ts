/**
 * The logarithm of the sigmoid.
 */
import type { Shape } from '../core/shape.js'
import { logSigmoid } from '../tensor/functional.js'
import type { BaseRule, SameRule } from '../tensor/layer-shapes.js'
import type { Tensor } from '../tensor/tensor.js'
import { Module } from './module.js'

/** y = log(1 / (1 + exp(-x))), without overflow. */
export class LogSigmoid extends Module {
  /** @internal What it does to shapes, for Sequential. */
  '~shapes'?(rule: SameRule | BaseRule): void
  override forward<S extends Shape>(x: Tensor<S>): Tensor<S> {
    return logSigmoid(x)
  }
}
