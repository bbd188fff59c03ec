/**
 * The partial inverse of max pooling.
 */
import type { MaxUnpoolOptions } from '../ops/max-unpool.js'
import { maxUnpool2d } from '../tensor/functional.js'
import type { Tensor } from '../tensor/tensor.js'
import { Module } from './module.js'
import type { Sizes } from './tuple.js'

/**
 * Values of `functional.maxPool2d` with `returnIndices` back at their places, zeros elsewhere; `forward(x, indices)`.
 * `outputSize` may be given there where several sizes pool to one.
 */
export class MaxUnpool2d extends Module {
  readonly kernelSize: Sizes
  readonly options: Omit<MaxUnpoolOptions, 'outputSize'>

  constructor(kernelSize: Sizes, options: Omit<MaxUnpoolOptions, 'outputSize'> = {}) {
    super()
    this.kernelSize = kernelSize
    this.options = { ...options }
  }

  override forward(x: Tensor, indices: Tensor, outputSize?: readonly number[]): Tensor {
    return maxUnpool2d(x, indices, this.kernelSize, { ...this.options, outputSize })
  }

  protected override describe(): string {
    return `kernelSize=${String(this.kernelSize)}`
  }
}
