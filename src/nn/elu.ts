/**
 * The exponential linear unit.
 */
import type { Shape } from '../core/shape.js'
import { elu } from '../tensor/functional.js'
import type { BaseRule, SameRule } from '../tensor/layer-shapes.js'
import type { Tensor } from '../tensor/tensor.js'
import { Module } from './module.js'

/** y = x for x > 0, else alpha · (exp(x) - 1) (default 1). Clevert et al. (2015). */
export class ELU extends Module {
  /** @internal What it does to shapes, for Sequential. */
  '~shapes'?(rule: SameRule | BaseRule): void
  readonly alpha: number

  constructor(alpha = 1) {
    super()
    this.alpha = alpha
  }

  override forward<S extends Shape>(x: Tensor<S>): Tensor<S> {
    return elu(x, this.alpha)
  }

  protected override describe(): string {
    return `alpha=${this.alpha}`
  }
}
