/**
 * The cosine of the angle between vectors.
 */
import { cosineSimilarity } from '../tensor/functional.js'
import type { Tensor } from '../tensor/tensor.js'
import { Module } from './module.js'

/**
 * x · y / (max(‖x‖, eps) · max(‖y‖, eps)) along `axis` (default 1, eps 1e-8); `forward(x, y)`.
 */
export class CosineSimilarity extends Module {
  readonly axis: number
  readonly eps: number

  constructor({ axis = 1, eps = 1e-8 }: { readonly axis?: number; readonly eps?: number } = {}) {
    super()
    this.axis = axis
    this.eps = eps
  }

  override forward(x: Tensor, y: Tensor): Tensor {
    return cosineSimilarity(x, y, { axis: this.axis, eps: this.eps })
  }

  protected override describe(): string {
    return `axis=${this.axis}, eps=${this.eps}`
  }
}
