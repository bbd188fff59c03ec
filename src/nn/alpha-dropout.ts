/**
 * Dropout for self-normalizing networks.
 */
import type { Shape } from '../core/shape.js'
import { alphaDropout } from '../tensor/functional.js'
import type { BaseRule, SameRule } from '../tensor/layer-shapes.js'
import type { Tensor } from '../tensor/tensor.js'
import { checkProbability } from './check-input.js'
import { Module } from './module.js'

/** In training mode, moves elements with probability `p` (default 0.5) to SELU's lower limit and keeps mean 0 and
 * variance 1; in evaluation mode, the identity. Klambauer et al. (2017). */
export class AlphaDropout extends Module {
  /** @internal What it does to shapes, for Sequential. */
  '~shapes'?(rule: SameRule | BaseRule): void
  readonly p: number

  constructor(p = 0.5) {
    super()
    checkProbability('AlphaDropout', p)
    this.p = p
  }

  override forward<S extends Shape>(x: Tensor<S>): Tensor<S> {
    return alphaDropout(x, this.p, this.training) as Tensor<S>
  }

  protected override describe(): string {
    return `p=${this.p}`
  }
}
