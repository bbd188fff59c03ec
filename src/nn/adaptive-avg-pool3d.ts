/**
 * Average pooling to a fixed output size.
 */
import { adaptiveAvgPool3d } from '../tensor/functional.js'
import type { Tensor } from '../tensor/tensor.js'
import { checkInput } from './check-input.js'
import { Module } from './module.js'
import { checkSizes, formatTuple, type Sizes, tuple } from './tuple.js'

/** x (N, C, D, H, W) to (N, C, …outputSize): output i of n takes the mean of positions floor(i·S/n) to ceil((i+1)·S/n) - 1. */
export class AdaptiveAvgPool3d extends Module {
  readonly outputSize: readonly number[]

  constructor(outputSize: Sizes) {
    super()
    this.outputSize = tuple(outputSize, 3, 'AdaptiveAvgPool3d outputSize')
    checkSizes('AdaptiveAvgPool3d outputSize', this.outputSize)
  }

  override forward(x: Tensor): Tensor {
    checkInput('AdaptiveAvgPool3d', x, x.rank === 5, '(N, C, D, H, W)')
    return adaptiveAvgPool3d(x, this.outputSize)
  }

  protected override describe(): string {
    return `outputSize=${formatTuple(this.outputSize)}`
  }
}
