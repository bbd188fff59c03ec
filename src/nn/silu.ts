/**
 * The sigmoid-weighted unit, also called swish.
 */
import type { Shape } from '../core/shape.js'
import type { BaseRule, SameRule } from '../tensor/layer-shapes.js'
import type { Tensor } from '../tensor/tensor.js'
import { Module } from './module.js'

/** y = x · σ(x). Hendrycks and Gimpel (2016); Ramachandran et al. (2017). */
export class SiLU extends Module {
  /** @internal What it does to shapes, for Sequential. */
  '~shapes'?(rule: SameRule | BaseRule): void
  override forward<S extends Shape>(x: Tensor<S>): Tensor<S> {
    return x.silu()
  }
}
