/**
 * Normalisation by the root mean square.
 */
import { checkOptions } from '../core/check-options.js'
import type { Shape } from '../core/shape.js'
import { formatShape } from '../core/shape.js'
import { ones } from '../tensor/creation.js'
import { rmsNorm } from '../tensor/functional.js'
import type { BaseRule, FeatureRule, FeatureShape, LastSize } from '../tensor/layer-shapes.js'
import { Parameter } from '../tensor/parameter.js'
import type { Fits, ShapeOr } from '../tensor/shape-types.js'
import type { Tensor } from '../tensor/tensor.js'
import { checkInput } from './check-input.js'
import { Module } from './module.js'
import { checkSizes, type Sizes } from './tuple.js'

export interface RMSNormOptions {
  /** Added to the mean square; default: the machine epsilon of the input's dtype. */
  readonly eps?: number
  /** Learn a scale for each element (default true). */
  readonly elementwiseAffine?: boolean
}

/**
 * y = x / √(mean(x²) + eps) · weight over the last axes (`normalizedShape`). Zhang and Sennrich, "Root Mean Square
 * Layer Normalization" (2019).
 */
export class RMSNorm<const N extends Sizes = Sizes> extends Module {
  /** @internal What it does to shapes, for Sequential. */
  '~shapes'?(rule: FeatureRule<'RMSNorm', LastSize<N>> | BaseRule): N
  readonly normalizedShape: readonly number[]
  readonly eps: number | null
  weight: Parameter | null

  constructor(normalizedShape: N, options: RMSNormOptions = {}) {
    super()
    checkOptions<RMSNormOptions>('RMSNorm', options, { eps: true, elementwiseAffine: true })
    const { eps, elementwiseAffine = true } = options
    const sizes: Sizes = normalizedShape
    this.normalizedShape = typeof sizes === 'number' ? [sizes] : [...sizes]
    checkSizes('RMSNorm normalizedShape', this.normalizedShape)
    this.eps = eps ?? null
    this.weight = elementwiseAffine ? new Parameter(ones(this.normalizedShape)) : null
    this.guardState()
  }

  override forward<S extends Shape>(
    x: Tensor<S> & Fits<FeatureShape<S, 'RMSNorm', LastSize<N>>>,
  ): Tensor<ShapeOr<FeatureShape<S, 'RMSNorm', LastSize<N>>>> {
    const from = x.rank - this.normalizedShape.length
    const fits = from >= 0 && this.normalizedShape.every((n, i) => x.shape[from + i] === n)
    checkInput('RMSNorm', x, fits, `(…, ${this.normalizedShape.join(', ')})`)
    return rmsNorm(x, this.normalizedShape, this.weight, this.eps) as Tensor<
      ShapeOr<FeatureShape<S, 'RMSNorm', LastSize<N>>>
    >
  }

  protected override describe(): string {
    return `${formatShape(this.normalizedShape)}, eps=${this.eps}, elementwiseAffine=${this.weight !== null}`
  }
}
