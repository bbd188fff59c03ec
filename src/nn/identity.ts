/**
 * The layer that does nothing.
 */
import type { Shape } from '../core/shape.js'
import type { BaseRule, SameRule } from '../tensor/layer-shapes.js'
import type { Tensor } from '../tensor/tensor.js'
import { Module } from './module.js'

/** y = x: a place holder, or what replaces a layer that is not wanted. */
export class Identity extends Module {
  /** @internal What it does to shapes, for Sequential. */
  '~shapes'?(rule: SameRule | BaseRule): void
  override forward<S extends Shape>(x: Tensor<S>): Tensor<S> {
    return x
  }
}
