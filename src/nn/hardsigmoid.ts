/**
 * A cheap sigmoid.
 */
import type { Shape } from '../core/shape.js'
import { hardsigmoid } from '../tensor/functional.js'
import type { BaseRule, SameRule } from '../tensor/layer-shapes.js'
import type { Tensor } from '../tensor/tensor.js'
import { Module } from './module.js'

/** y = min(max(x + 3, 0), 6) / 6. */
export class Hardsigmoid extends Module {
  /** @internal What it does to shapes, for Sequential. */
  '~shapes'?(rule: SameRule | BaseRule): void
  override forward<S extends Shape>(x: Tensor<S>): Tensor<S> {
    return hardsigmoid(x)
  }
}
