/**
 * The rectifier with a small slope for negative inputs.
 */
import type { Shape } from '../core/shape.js'
import { leakyRelu } from '../tensor/functional.js'
import type { BaseRule, SameRule } from '../tensor/layer-shapes.js'
import type { Tensor } from '../tensor/tensor.js'
import { Module } from './module.js'

/** y = x for x > 0, else negativeSlope · x (default 0.01). Maas et al. (2013). */
export class LeakyReLU extends Module {
  /** @internal What it does to shapes, for Sequential. */
  '~shapes'?(rule: SameRule | BaseRule): void
  readonly negativeSlope: number

  constructor(negativeSlope = 0.01) {
    super()
    this.negativeSlope = negativeSlope
  }

  override forward<S extends Shape>(x: Tensor<S>): Tensor<S> {
    return leakyRelu(x, this.negativeSlope)
  }

  protected override describe(): string {
    return `negativeSlope=${this.negativeSlope}`
  }
}
