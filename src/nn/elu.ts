/**
 * The exponential linear unit.
 */
import { elu } from '../tensor/functional.js'
import type { Tensor } from '../tensor/tensor.js'
import { Module } from './module.js'

/** y = x for x > 0, else alpha · (exp(x) - 1) (default 1). Clevert et al. (2015). */
export class ELU extends Module {
  readonly alpha: number

  constructor(alpha = 1) {
    super()
    this.alpha = alpha
  }

  override forward(x: Tensor): Tensor {
    return elu(x, this.alpha)
  }

  protected override describe(): string {
    return `alpha=${this.alpha}`
  }
}
