/**
 * Softmax as a layer.
 */
import type { Tensor } from '../tensor/tensor.js'
import { Module } from './module.js'

/** y = exp(x) / Σ exp(x) along `axis` (default -1), computed after subtracting the largest element. */
export class Softmax extends Module {
  readonly axis: number

  constructor(axis = -1) {
    super()
    this.axis = axis
  }

  override forward(x: Tensor): Tensor {
    return x.softmax(this.axis)
  }

  protected override describe(): string {
    return `axis=${this.axis}`
  }
}
