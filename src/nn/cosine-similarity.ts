/**
 * The cosine of the angle between vectors.
 */
import { checkOptions } from '../core/check-options.js'
import type { Shape } from '../core/shape.js'
import { cosineSimilarity } from '../tensor/functional.js'
import type { SimilarityShape } from '../tensor/pair-shapes.js'
import type { Fits, ShapeOr } from '../tensor/shape-types.js'
import type { Tensor } from '../tensor/tensor.js'
import { checkAxis } from './check-input.js'
import { Module } from './module.js'

export interface CosineSimilarityOptions {
  /** Default 1. */
  readonly axis?: number
  /** The least norm (default 1e-8). */
  readonly eps?: number
}

/**
 * x · y / (max(‖x‖, eps) · max(‖y‖, eps)) along `axis` (default 1, eps 1e-8); `forward(x, y)`.
 */
export class CosineSimilarity<Axis extends number = 1> extends Module {
  readonly axis: number
  readonly eps: number

  constructor(options: CosineSimilarityOptions & { readonly axis?: Axis } = {}) {
    super()
    checkOptions<CosineSimilarityOptions>('CosineSimilarity', options, { axis: true, eps: true })
    const { axis = 1, eps = 1e-8 }: CosineSimilarityOptions = options
    checkAxis('CosineSimilarity', 'axis', axis)
    this.axis = axis
    this.eps = eps
  }

  override forward<S extends Shape, T extends Shape>(
    x: Tensor<S>,
    y: Tensor<T> & Fits<SimilarityShape<S, T, 'CosineSimilarity', Axis>>,
  ): Tensor<ShapeOr<SimilarityShape<S, T, 'CosineSimilarity', Axis>>> {
    return cosineSimilarity(x, y, { axis: this.axis, eps: this.eps }) as Tensor<
      ShapeOr<SimilarityShape<S, T, 'CosineSimilarity', Axis>>
    >
  }

  protected override describe(): string {
    return `axis=${this.axis}, eps=${this.eps}`
  }
}
