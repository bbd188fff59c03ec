/**
 * Max pooling to a fixed output size.
 */
import { checkOptions } from '../core/check-options.js'
import type { Shape } from '../core/shape.js'
import { adaptiveMaxPool3d } from '../tensor/functional.js'
import type { AdaptiveRule, AdaptiveShape, BaseRule } from '../tensor/layer-shapes.js'
import type { Fits, ShapeOr } from '../tensor/shape-types.js'
import type { Tensor } from '../tensor/tensor.js'
import { checkInput } from './check-input.js'
import { Module } from './module.js'
import type { AdaptiveMaxPoolOptions, Pooled } from './pool-nd.js'
import { checkSizes, formatTuple, type Sizes, tuple } from './tuple.js'

/**
 * x (N, C, D, H, W) to (N, C, …outputSize): output i of n takes the largest element of positions
 * floor(i·S/n) to ceil((i+1)·S/n) - 1. With `returnIndices` the call gives `[values, indices]`, indices
 * (i64) counted in the flattened spatial axes of x.
 */
export class AdaptiveMaxPool3d<
  const Size extends Sizes = Sizes,
  Indices extends boolean = false,
> extends Module {
  /** @internal What it does to shapes, for Sequential. */
  '~shapes'?(rule: AdaptiveRule<'AdaptiveMaxPool3d', 3, Size> | BaseRule): Size
  readonly outputSize: readonly number[]
  readonly returnIndices: boolean

  constructor(outputSize: Size, options: AdaptiveMaxPoolOptions & { readonly returnIndices?: Indices } = {}) {
    super()
    checkOptions<AdaptiveMaxPoolOptions>('AdaptiveMaxPool3d', options, { returnIndices: true })
    this.returnIndices = options.returnIndices ?? false
    this.outputSize = tuple(outputSize, 3, 'AdaptiveMaxPool3d outputSize')
    checkSizes('AdaptiveMaxPool3d outputSize', this.outputSize)
  }

  override forward<S extends Shape>(
    x: Tensor<S> & Fits<AdaptiveShape<S, 'AdaptiveMaxPool3d', 3, Size>>,
  ): Pooled<Indices, ShapeOr<AdaptiveShape<S, 'AdaptiveMaxPool3d', 3, Size>>> {
    checkInput('AdaptiveMaxPool3d', x, x.rank === 5, '(N, C, D, H, W)')
    const result = this.returnIndices
      ? adaptiveMaxPool3d(x, this.outputSize, { returnIndices: true })
      : adaptiveMaxPool3d(x, this.outputSize)
    return result as Pooled<Indices, ShapeOr<AdaptiveShape<S, 'AdaptiveMaxPool3d', 3, Size>>>
  }

  protected override describe(): string {
    return `outputSize=${formatTuple(this.outputSize)}`
  }
}
