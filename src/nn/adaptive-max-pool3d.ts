/**
 * Max pooling to a fixed output size.
 */
import { adaptiveMaxPool3d } from '../tensor/functional.js'
import type { Tensor } from '../tensor/tensor.js'
import { checkInput } from './check-input.js'
import { Module } from './module.js'
import { checkSizes, formatTuple, type Sizes, tuple } from './tuple.js'

/**
 * x (N, C, D, H, W) to (N, C, …outputSize): output i of n takes the largest element of positions floor(i·S/n) to
 * ceil((i+1)·S/n) - 1.
 */
export class AdaptiveMaxPool3d extends Module {
  readonly outputSize: readonly number[]

  constructor(outputSize: Sizes) {
    super()
    this.outputSize = tuple(outputSize, 3, 'AdaptiveMaxPool3d outputSize')
    checkSizes('AdaptiveMaxPool3d outputSize', this.outputSize)
  }

  override forward(x: Tensor): Tensor {
    checkInput('AdaptiveMaxPool3d', x, x.rank === 5, '(N, C, D, H, W)')
    return adaptiveMaxPool3d(x, this.outputSize)
  }

  protected override describe(): string {
    return `outputSize=${formatTuple(this.outputSize)}`
  }
}
