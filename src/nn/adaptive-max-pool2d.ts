/**
 * Max pooling to a fixed output size.
 */
import { adaptiveMaxPool2d } from '../tensor/functional.js'
import type { Tensor } from '../tensor/tensor.js'
import { checkInput } from './check-input.js'
import { Module } from './module.js'
import { checkSizes, formatTuple, type Sizes, tuple } from './tuple.js'

/** x (N, C, H, W) to (N, C, …outputSize): output i of n takes the largest element of positions floor(i·S/n) to ceil((i+1)·S/n) - 1. */
export class AdaptiveMaxPool2d extends Module {
  readonly outputSize: readonly number[]

  constructor(outputSize: Sizes) {
    super()
    this.outputSize = tuple(outputSize, 2, 'AdaptiveMaxPool2d outputSize')
    checkSizes('AdaptiveMaxPool2d outputSize', this.outputSize)
  }

  override forward(x: Tensor): Tensor {
    checkInput('AdaptiveMaxPool2d', x, x.rank === 4, '(N, C, H, W)')
    return adaptiveMaxPool2d(x, this.outputSize)
  }

  protected override describe(): string {
    return `outputSize=${formatTuple(this.outputSize)}`
  }
}
