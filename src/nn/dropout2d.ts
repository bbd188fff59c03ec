/**
 * Dropout of whole channels.
 */
import { featureDropout } from '../tensor/functional.js'
import type { Tensor } from '../tensor/tensor.js'
import { checkInput, checkProbability } from './check-input.js'
import { Module } from './module.js'

/**
 * In training mode, sets each channel of x (N, C, H, W) to 0 with probability `p` (default 0.5) and scales the rest by
 * 1 / (1 - p); in evaluation mode, the identity. Tompson et al. (2015).
 */
export class Dropout2d extends Module {
  readonly p: number

  constructor(p = 0.5) {
    super()
    checkProbability('Dropout2d', p)
    this.p = p
  }

  override forward(x: Tensor): Tensor {
    checkInput('Dropout2d', x, x.rank === 4, '(N, C, H, W)')
    return featureDropout(x, this.p, this.training)
  }

  protected override describe(): string {
    return `p=${this.p}`
  }
}
