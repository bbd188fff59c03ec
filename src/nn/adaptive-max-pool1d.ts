/**
 * Max pooling to a fixed output size.
 */
import { adaptiveMaxPool1d } from '../tensor/functional.js'
import type { Tensor } from '../tensor/tensor.js'
import { checkInput } from './check-input.js'
import { Module } from './module.js'
import { checkSizes, formatTuple, type Sizes, tuple } from './tuple.js'

/**
 * x (N, C, L) to (N, C, …outputSize): output i of n takes the largest element of positions floor(i·S/n) to
 * ceil((i+1)·S/n) - 1.
 */
export class AdaptiveMaxPool1d extends Module {
  readonly outputSize: readonly number[]

  constructor(outputSize: Sizes) {
    super()
    this.outputSize = tuple(outputSize, 1, 'AdaptiveMaxPool1d outputSize')
    checkSizes('AdaptiveMaxPool1d outputSize', this.outputSize)
  }

  override forward(x: Tensor): Tensor {
    checkInput('AdaptiveMaxPool1d', x, x.rank === 3, '(N, C, L)')
    return adaptiveMaxPool1d(x, this.outputSize)
  }

  protected override describe(): string {
    return `outputSize=${formatTuple(this.outputSize)}`
  }
}
