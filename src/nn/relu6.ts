/**
 * The rectifier cut off at 6.
 */
import type { Shape } from '../core/shape.js'
import { relu6 } from '../tensor/functional.js'
import type { BaseRule, SameRule } from '../tensor/layer-shapes.js'
import type { Tensor } from '../tensor/tensor.js'
import { Module } from './module.js'

/** y = min(max(x, 0), 6). Krizhevsky (2010). */
export class ReLU6 extends Module {
  /** @internal What it does to shapes, for Sequential. */
  '~shapes'?(rule: SameRule | BaseRule): void
  override forward<S extends Shape>(x: Tensor<S>): Tensor<S> {
    return relu6(x)
  }
}
