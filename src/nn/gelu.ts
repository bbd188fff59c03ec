/**
 * The Gaussian error linear unit.
 */
import { checkOptions } from '../core/check-options.js'
import type { Shape } from '../core/shape.js'
import { gelu } from '../tensor/functional.js'
import type { BaseRule, SameRule } from '../tensor/layer-shapes.js'
import type { Tensor } from '../tensor/tensor.js'
import { Module } from './module.js'

export interface GELUOptions {
  /** 'none' (default): exact, with erf. 'tanh': 0.5 x (1 + tanh(√(2/π) (x + 0.044715 x³))). */
  readonly approximate?: 'none' | 'tanh'
}

/** y = x · Φ(x), Φ the normal distribution function. Hendrycks and Gimpel, "Gaussian Error Linear Units" (2016). */
export class GELU extends Module {
  /** @internal What it does to shapes, for Sequential. */
  '~shapes'?(rule: SameRule | BaseRule): void
  readonly approximate: 'none' | 'tanh'

  constructor(options: GELUOptions = {}) {
    super()
    checkOptions<GELUOptions>('GELU', options, { approximate: true })
    const { approximate = 'none' } = options
    this.approximate = approximate
  }

  override forward<S extends Shape>(x: Tensor<S>): Tensor<S> {
    return gelu(x, this.approximate)
  }

  protected override describe(): string {
    return `approximate=${this.approximate}`
  }
}
