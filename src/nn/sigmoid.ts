/**
 * The logistic function.
 */
import type { Shape } from '../core/shape.js'
import type { BaseRule, SameRule } from '../tensor/layer-shapes.js'
import type { Tensor } from '../tensor/tensor.js'
import { Module } from './module.js'

/** y = 1 / (1 + exp(-x)). */
export class Sigmoid extends Module {
  /** @internal What it does to shapes, for Sequential. */
  '~shapes'?(rule: SameRule | BaseRule): void
  override forward<S extends Shape>(x: Tensor<S>): Tensor<S> {
    return x.sigmoid()
  }
}
