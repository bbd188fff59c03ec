/**
 * Dropout of whole channels.
 */
import type { Shape } from '../core/shape.js'
import { dropout1d } from '../tensor/functional.js'
import type { BaseRule, SameRule } from '../tensor/layer-shapes.js'
import type { Tensor } from '../tensor/tensor.js'
import { checkProbability } from './check-input.js'
import { Module } from './module.js'

/** In training mode, sets each channel of x (N, C, L) or (C, L) to 0 with probability `p` (default 0.5) and scales the
 * rest by 1 / (1 - p); in evaluation mode, the identity. Tompson et al. (2015). */
export class Dropout1d extends Module {
  /** @internal What it does to shapes, for Sequential. */
  '~shapes'?(rule: SameRule | BaseRule): void
  readonly p: number

  constructor(p = 0.5) {
    super()
    checkProbability('Dropout1d', p)
    this.p = p
  }

  override forward<S extends Shape>(x: Tensor<S>): Tensor<S> {
    return dropout1d(x, this.p, this.training) as Tensor<S>
  }

  protected override describe(): string {
    return `p=${this.p}`
  }
}
