/**
 * Softmin as a layer.
 */
import type { Shape } from '../core/shape.js'
import { softmin } from '../tensor/functional.js'
import type { BaseRule, SameRule } from '../tensor/layer-shapes.js'
import type { Tensor } from '../tensor/tensor.js'
import { Module } from './module.js'

/** y = softmax(-x) along `axis` (default -1). */
export class Softmin extends Module {
  /** @internal What it does to shapes, for Sequential. */
  '~shapes'?(rule: SameRule | BaseRule): void
  readonly axis: number

  constructor(axis = -1) {
    super()
    this.axis = axis
  }

  override forward<S extends Shape>(x: Tensor<S>): Tensor<S> {
    return softmin(x, this.axis) as Tensor<S>
  }

  protected override describe(): string {
    return `axis=${this.axis}`
  }
}
