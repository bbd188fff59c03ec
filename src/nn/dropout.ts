/**
 * Dropout.
 */
import type { Shape } from '../core/shape.js'
import { dropout } from '../tensor/functional.js'
import type { BaseRule, SameRule } from '../tensor/layer-shapes.js'
import type { Tensor } from '../tensor/tensor.js'
import { checkProbability } from './check-input.js'
import { Module } from './module.js'

/**
 * In training mode, sets each element to 0 with probability `p` (default 0.5) and scales the rest by 1 / (1 - p); in
 * evaluation mode, the identity. Srivastava et al., "Dropout" (2014).
 */
export class Dropout extends Module {
  /** @internal What it does to shapes, for Sequential. */
  '~shapes'?(rule: SameRule | BaseRule): void
  readonly p: number

  constructor(p = 0.5) {
    super()
    checkProbability('Dropout', p)
    this.p = p
  }

  override forward<S extends Shape>(x: Tensor<S>): Tensor<S> {
    return dropout(x, this.p, this.training)
  }

  protected override describe(): string {
    return `p=${this.p}`
  }
}
