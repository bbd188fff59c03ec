/**
 * The gated linear unit.
 */
import { glu } from '../tensor/functional.js'
import type { Tensor } from '../tensor/tensor.js'
import { Module } from './module.js'

/** y = a · σ(b), a and b the two halves of x along `axis` (default -1). Dauphin et al. (2017). */
export class GLU extends Module {
  readonly axis: number

  constructor(axis = -1) {
    super()
    this.axis = axis
  }

  override forward(x: Tensor): Tensor {
    return glu(x, this.axis)
  }

  protected override describe(): string {
    return `axis=${this.axis}`
  }
}
