/**
 * The randomized leaky rectifier.
 */
import { ValueError } from '../core/errors.js'
import type { Shape } from '../core/shape.js'
import { rrelu } from '../tensor/functional.js'
import type { BaseRule, SameRule } from '../tensor/layer-shapes.js'
import type { Tensor } from '../tensor/tensor.js'
import { Module } from './module.js'

/** y = x for x ≥ 0, else a · x with a from U(lower, upper) for each element in training mode, (lower + upper) / 2 in
 * evaluation mode (defaults 1/8 and 1/3). Xu et al. (2015). */
export class RReLU extends Module {
  /** @internal What it does to shapes, for Sequential. */
  '~shapes'?(rule: SameRule | BaseRule): void
  readonly lower: number
  readonly upper: number

  constructor(lower = 1 / 8, upper = 1 / 3) {
    super()
    if (!(lower <= upper)) throw new ValueError(`RReLU: expected lower ≤ upper, got ${lower} and ${upper}.`)
    this.lower = lower
    this.upper = upper
  }

  override forward<S extends Shape>(x: Tensor<S>): Tensor<S> {
    return rrelu(x, { lower: this.lower, upper: this.upper, training: this.training }) as Tensor<S>
  }

  protected override describe(): string {
    return `lower=${this.lower}, upper=${this.upper}`
  }
}
