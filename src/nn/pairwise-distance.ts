/**
 * Distances of pairs of vectors.
 */
import { pairwiseDistance } from '../tensor/functional.js'
import type { Tensor } from '../tensor/tensor.js'
import { Module } from './module.js'

export interface PairwiseDistanceOptions {
  /** The norm (default 2). */
  readonly p?: number
  /** Added to the differences (default 1e-6). */
  readonly eps?: number
  /** Keep the last axis with size 1 (default false). */
  readonly keepdim?: boolean
}

/**
 * ‖x - y + eps‖ₚ over the last axis; `forward(x, y)`.
 */
export class PairwiseDistance extends Module {
  readonly options: PairwiseDistanceOptions

  constructor(options: PairwiseDistanceOptions = {}) {
    super()
    this.options = { ...options }
  }

  override forward(x: Tensor, y: Tensor): Tensor {
    return pairwiseDistance(x, y, this.options)
  }
}
