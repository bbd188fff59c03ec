/**
 * Average pooling to a fixed output size.
 */
import { adaptiveAvgPool2d } from '../tensor/functional.js'
import type { Tensor } from '../tensor/tensor.js'
import { checkInput } from './check-input.js'
import { Module } from './module.js'
import { checkSizes, formatTuple, type Sizes, tuple } from './tuple.js'

/** x (N, C, H, W) to (N, C, …outputSize): output i of n takes the mean of positions floor(i·S/n) to ceil((i+1)·S/n) - 1. */
export class AdaptiveAvgPool2d extends Module {
  readonly outputSize: readonly number[]

  constructor(outputSize: Sizes) {
    super()
    this.outputSize = tuple(outputSize, 2, 'AdaptiveAvgPool2d outputSize')
    checkSizes('AdaptiveAvgPool2d outputSize', this.outputSize)
  }

  override forward(x: Tensor): Tensor {
    checkInput('AdaptiveAvgPool2d', x, x.rank === 4, '(N, C, H, W)')
    return adaptiveAvgPool2d(x, this.outputSize)
  }

  protected override describe(): string {
    return `outputSize=${formatTuple(this.outputSize)}`
  }
}
