/**
 * Power-average pooling over 1 spatial axis.
 */
import type { LpPoolOptions } from '../ops/lp-pooling.js'
import { lpPool1d } from '../tensor/functional.js'
import type { Tensor } from '../tensor/tensor.js'
import { Module } from './module.js'
import type { Sizes } from './tuple.js'

/**
 * (Σ xᵖ)^(1/p) over each window, p = `normType`; `stride` defaults to the window's size.
 */
export class LPPool1d extends Module {
  readonly normType: number
  readonly kernelSize: Sizes
  readonly options: LpPoolOptions

  constructor(normType: number, kernelSize: Sizes, options: LpPoolOptions = {}) {
    super()
    this.normType = normType
    this.kernelSize = kernelSize
    this.options = { ...options }
  }

  override forward(x: Tensor): Tensor {
    return lpPool1d(x, this.normType, this.kernelSize, this.options)
  }

  protected override describe(): string {
    return `normType=${this.normType}, kernelSize=${String(this.kernelSize)}`
  }
}
