/**
 * Columns back to images.
 */
import type { UnfoldOptions } from '../ops/unfold.js'
import { fold } from '../tensor/functional.js'
import type { Tensor } from '../tensor/tensor.js'
import { Module } from './module.js'
import type { Sizes } from './tuple.js'

/**
 * The adjoint of Unfold: columns (N, C·KH·KW, L) to images (N, C, …outputSize), overlapping elements summed.
 */
export class Fold extends Module {
  readonly outputSize: Sizes
  readonly kernelSize: Sizes
  readonly options: UnfoldOptions

  constructor(outputSize: Sizes, kernelSize: Sizes, options: UnfoldOptions = {}) {
    super()
    this.outputSize = outputSize
    this.kernelSize = kernelSize
    this.options = { ...options }
  }

  override forward(x: Tensor): Tensor {
    return fold(x, this.outputSize, this.kernelSize, this.options)
  }

  protected override describe(): string {
    return `outputSize=${String(this.outputSize)}, kernelSize=${String(this.kernelSize)}`
  }
}
