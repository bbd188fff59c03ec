/**
 * Layer normalisation.
 */
import { checkOptions } from '../core/check-options.js'
import type { Shape } from '../core/shape.js'
import { formatShape } from '../core/shape.js'
import { ones, zeros } from '../tensor/creation.js'
import { layerNorm } from '../tensor/functional.js'
import type { BaseRule, FeatureRule, FeatureShape, LastSize } from '../tensor/layer-shapes.js'
import { Parameter } from '../tensor/parameter.js'
import type { Fits, ShapeOr } from '../tensor/shape-types.js'
import type { Tensor } from '../tensor/tensor.js'
import { checkInput } from './check-input.js'
import { Module } from './module.js'
import { checkSizes, type Sizes } from './tuple.js'

export interface LayerNormOptions {
  /** Added to the variance (default 1e-5). */
  readonly eps?: number
  /** Learn a scale and a shift for each element (default true). */
  readonly elementwiseAffine?: boolean
  /** With a scale: learn a shift too (default true). */
  readonly bias?: boolean
}

/**
 * y = (x - mean) / √(var + eps) · weight + bias, mean and biased variance over the last axes (`normalizedShape`).
 * Ba et al., "Layer Normalization" (2016).
 */
export class LayerNorm<const N extends Sizes = Sizes> extends Module {
  /** @internal What it does to shapes, for Sequential. */
  '~shapes'?(rule: FeatureRule<'LayerNorm', LastSize<N>> | BaseRule): N
  readonly normalizedShape: readonly number[]
  readonly eps: number
  weight: Parameter | null
  bias: Parameter | null

  constructor(normalizedShape: N, options: LayerNormOptions = {}) {
    super()
    checkOptions<LayerNormOptions>('LayerNorm', options, { eps: true, elementwiseAffine: true, bias: true })
    const { eps = 1e-5, elementwiseAffine = true, bias = true } = options
    const sizes: Sizes = normalizedShape
    this.normalizedShape = typeof sizes === 'number' ? [sizes] : [...sizes]
    checkSizes('LayerNorm normalizedShape', this.normalizedShape)
    this.eps = eps
    this.weight = elementwiseAffine ? new Parameter(ones(this.normalizedShape)) : null
    this.bias = elementwiseAffine && bias ? new Parameter(zeros(this.normalizedShape)) : null
    this.guardState()
  }

  override forward<S extends Shape>(
    x: Tensor<S> & Fits<FeatureShape<S, 'LayerNorm', LastSize<N>>>,
  ): Tensor<ShapeOr<FeatureShape<S, 'LayerNorm', LastSize<N>>>> {
    const from = x.rank - this.normalizedShape.length
    const fits = from >= 0 && this.normalizedShape.every((n, i) => x.shape[from + i] === n)
    checkInput('LayerNorm', x, fits, `(…, ${this.normalizedShape.join(', ')})`)
    return layerNorm(x, this.normalizedShape, this.weight, this.bias, this.eps) as Tensor<
      ShapeOr<FeatureShape<S, 'LayerNorm', LastSize<N>>>
    >
  }

  protected override describe(): string {
    return `${formatShape(this.normalizedShape)}, eps=${this.eps}, elementwiseAffine=${this.weight !== null}`
  }
}
