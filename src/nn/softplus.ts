/**
 * The smooth rectifier.
 */
import { checkOptions } from '../core/check-options.js'
import type { Shape } from '../core/shape.js'
import { softplus } from '../tensor/functional.js'
import type { BaseRule, SameRule } from '../tensor/layer-shapes.js'
import type { Tensor } from '../tensor/tensor.js'
import { Module } from './module.js'

export interface SoftplusOptions {
  /** Sharpness (default 1). */
  readonly beta?: number
  /** Above this value of beta · x the function is x itself (default 20). */
  readonly threshold?: number
}

/** y = log(1 + exp(beta · x)) / beta. Dugas et al. (2001). */
export class Softplus extends Module {
  /** @internal What it does to shapes, for Sequential. */
  '~shapes'?(rule: SameRule | BaseRule): void
  readonly beta: number
  readonly threshold: number

  constructor(options: SoftplusOptions = {}) {
    super()
    checkOptions<SoftplusOptions>('Softplus', options, { beta: true, threshold: true })
    const { beta = 1, threshold = 20 } = options
    this.beta = beta
    this.threshold = threshold
  }

  override forward<S extends Shape>(x: Tensor<S>): Tensor<S> {
    return softplus(x, { beta: this.beta, threshold: this.threshold })
  }

  protected override describe(): string {
    return `beta=${this.beta}, threshold=${this.threshold}`
  }
}
