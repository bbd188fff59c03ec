/**
 * The self-normalising exponential unit.
 */
import type { Shape } from '../core/shape.js'
import { selu } from '../tensor/functional.js'
import type { BaseRule, SameRule } from '../tensor/layer-shapes.js'
import type { Tensor } from '../tensor/tensor.js'
import { Module } from './module.js'

/** y = s · (x for x > 0, else α (exp(x) - 1)), s ≈ 1.0507, α ≈ 1.6733. Klambauer et al. (2017). */
export class SELU extends Module {
  /** @internal What it does to shapes, for Sequential. */
  '~shapes'?(rule: SameRule | BaseRule): void
  override forward<S extends Shape>(x: Tensor<S>): Tensor<S> {
    return selu(x)
  }
}
