/**
 * The continuously differentiable exponential linear unit.
 */
import type { Shape } from '../core/shape.js'
import { celu } from '../tensor/functional.js'
import type { BaseRule, SameRule } from '../tensor/layer-shapes.js'
import type { Tensor } from '../tensor/tensor.js'
import { Module } from './module.js'

/** y = max(0, x) + min(0, alpha · (exp(x / alpha) - 1)) (default 1). Barron (2017). */
export class CELU extends Module {
  /** @internal What it does to shapes, for Sequential. */
  '~shapes'?(rule: SameRule | BaseRule): void
  readonly alpha: number

  constructor(alpha = 1) {
    super()
    this.alpha = alpha
  }

  override forward<S extends Shape>(x: Tensor<S>): Tensor<S> {
    return celu(x, this.alpha) as Tensor<S>
  }

  protected override describe(): string {
    return `alpha=${this.alpha}`
  }
}
