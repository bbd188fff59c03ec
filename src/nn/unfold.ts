/**
 * Sliding blocks of images as columns.
 */
import type { UnfoldOptions } from '../ops/unfold.js'
import { unfold } from '../tensor/functional.js'
import type { Tensor } from '../tensor/tensor.js'
import { Module } from './module.js'
import type { Sizes } from './tuple.js'

export type { UnfoldOptions }

/**
 * Blocks of x (N, C, H, W) as columns (N, C·KH·KW, L), L counting the block's places row by row.
 */
export class Unfold extends Module {
  readonly kernelSize: Sizes
  readonly options: UnfoldOptions

  constructor(kernelSize: Sizes, options: UnfoldOptions = {}) {
    super()
    this.kernelSize = kernelSize
    this.options = { ...options }
  }

  override forward(x: Tensor): Tensor {
    return unfold(x, this.kernelSize, this.options)
  }

  protected override describe(): string {
    return `kernelSize=${String(this.kernelSize)}`
  }
}
