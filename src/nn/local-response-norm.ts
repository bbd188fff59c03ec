/**
 * Local response normalisation.
 */
import { checkOptions } from '../core/check-options.js'
import type { Shape } from '../core/shape.js'
import { localResponseNorm } from '../tensor/functional.js'
import type { BaseRule, SameRule } from '../tensor/layer-shapes.js'
import type { Tensor } from '../tensor/tensor.js'
import { checkInteger } from './check-input.js'
import { Module } from './module.js'

export interface LocalResponseNormOptions {
  /** Default 1e-4. */
  readonly alpha?: number
  /** Default 0.75. */
  readonly beta?: number
  /** Default 1. */
  readonly k?: number
}

/** y = x / (k + alpha / size · Σ x²)^beta, summed over `size` neighbouring channels of x (N, C, …).
 * Krizhevsky et al. (2012). */
export class LocalResponseNorm extends Module {
  /** @internal What it does to shapes, for Sequential. */
  '~shapes'?(rule: SameRule | BaseRule): void
  readonly size: number
  readonly alpha: number
  readonly beta: number
  readonly k: number

  constructor(size: number, options: LocalResponseNormOptions = {}) {
    super()
    checkOptions<LocalResponseNormOptions>('LocalResponseNorm', options, { alpha: true, beta: true, k: true })
    checkInteger('LocalResponseNorm', 'size', size)
    const { alpha = 1e-4, beta = 0.75, k = 1 } = options
    this.size = size
    this.alpha = alpha
    this.beta = beta
    this.k = k
  }

  override forward<S extends Shape>(x: Tensor<S>): Tensor<S> {
    return localResponseNorm(x, this.size, { alpha: this.alpha, beta: this.beta, k: this.k }) as Tensor<S>
  }

  protected override describe(): string {
    return `${this.size}, alpha=${this.alpha}, beta=${this.beta}, k=${this.k}`
  }
}
