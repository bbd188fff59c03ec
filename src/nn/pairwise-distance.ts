/**
 * Distances of pairs of vectors.
 */
import { checkOptions } from '../core/check-options.js'
import type { Shape } from '../core/shape.js'
import { pairwiseDistance } from '../tensor/functional.js'
import type { SimilarityShape } from '../tensor/pair-shapes.js'
import type { Fits, ShapeOr } from '../tensor/shape-types.js'
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
export class PairwiseDistance<Keep extends boolean = false> extends Module {
  readonly options: PairwiseDistanceOptions

  constructor(options: PairwiseDistanceOptions & { readonly keepdim?: Keep } = {}) {
    super()
    checkOptions<PairwiseDistanceOptions>('PairwiseDistance', options, { p: true, eps: true, keepdim: true })
    this.options = { ...options }
  }

  override forward<S extends Shape, T extends Shape>(
    x: Tensor<S>,
    y: Tensor<T> & Fits<SimilarityShape<S, T, 'PairwiseDistance', -1, Keep>>,
  ): Tensor<ShapeOr<SimilarityShape<S, T, 'PairwiseDistance', -1, Keep>>> {
    return pairwiseDistance(x, y, this.options) as Tensor<
      ShapeOr<SimilarityShape<S, T, 'PairwiseDistance', -1, Keep>>
    >
  }
}
