/**
 * Joins axes into one.
 */
import type { Tensor } from '../tensor/tensor.js'
import { Module } from './module.js'

/** Joins the axes `startDim` (default 1) to `endDim` (default -1): (N, C, H, W) becomes (N, C·H·W). */
export class Flatten extends Module {
  readonly startDim: number
  readonly endDim: number

  constructor(startDim = 1, endDim = -1) {
    super()
    this.startDim = startDim
    this.endDim = endDim
  }

  override forward(x: Tensor): Tensor {
    return x.flatten(this.startDim, this.endDim)
  }

  protected override describe(): string {
    return `startDim=${this.startDim}, endDim=${this.endDim}`
  }
}
