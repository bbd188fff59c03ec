/**
 * What the hyperbolic tangent takes off.
 */
import type { Shape } from '../core/shape.js'
import { tanhshrink } from '../tensor/functional.js'
import type { BaseRule, SameRule } from '../tensor/layer-shapes.js'
import type { Tensor } from '../tensor/tensor.js'
import { Module } from './module.js'

/** y = x - tanh(x). */
export class Tanhshrink extends Module {
  /** @internal What it does to shapes, for Sequential. */
  '~shapes'?(rule: SameRule | BaseRule): void

  override forward<S extends Shape>(x: Tensor<S>): Tensor<S> {
    return tanhshrink(x) as Tensor<S>
  }
}
