/**
 * Max pooling to a fixed output size.
 */
import { checkOptions } from '../core/check-options.js'
import type { Shape } from '../core/shape.js'
import { adaptiveMaxPool2d } from '../tensor/functional.js'
import type { AdaptiveRule, AdaptiveShape, BaseRule } from '../tensor/layer-shapes.js'
import type { Fits, ShapeOr } from '../tensor/shape-types.js'
import type { Tensor } from '../tensor/tensor.js'
import { checkInput } from './check-input.js'
import { Module } from './module.js'
import type { AdaptiveMaxPoolOptions, Pooled } from './pool-nd.js'
import { checkSizes, formatTuple, type Sizes, tuple } from './tuple.js'

/**
 * x (N, C, H, W) to (N, C, …outputSize): output i of n takes the largest element of positions
 * floor(i·S/n) to ceil((i+1)·S/n) - 1. With `returnIndices` the call gives `[values, indices]`, indices
 * (i64) counted in the flattened spatial axes of x.
 */
export class AdaptiveMaxPool2d<
  const Size extends Sizes = Sizes,
  Indices extends boolean = false,
> extends Module {
  /** @internal What it does to shapes, for Sequential. */
  '~shapes'?(rule: AdaptiveRule<'AdaptiveMaxPool2d', 2, Size> | BaseRule): Size
  readonly outputSize: readonly number[]
  readonly returnIndices: boolean

  constructor(outputSize: Size, options: AdaptiveMaxPoolOptions & { readonly returnIndices?: Indices } = {}) {
    super()
    checkOptions<AdaptiveMaxPoolOptions>('AdaptiveMaxPool2d', options, { returnIndices: true })
    this.returnIndices = options.returnIndices ?? false
    this.outputSize = tuple(outputSize, 2, 'AdaptiveMaxPool2d outputSize')
    checkSizes('AdaptiveMaxPool2d outputSize', this.outputSize)
  }

  override forward<S extends Shape>(
    x: Tensor<S> & Fits<AdaptiveShape<S, 'AdaptiveMaxPool2d', 2, Size>>,
  ): Pooled<Indices, ShapeOr<AdaptiveShape<S, 'AdaptiveMaxPool2d', 2, Size>>> {
    checkInput('AdaptiveMaxPool2d', x, x.rank === 4, '(N, C, H, W)')
    const result = this.returnIndices
      ? adaptiveMaxPool2d(x, this.outputSize, { returnIndices: true })
      : adaptiveMaxPool2d(x, this.outputSize)
    return result as Pooled<Indices, ShapeOr<AdaptiveShape<S, 'AdaptiveMaxPool2d', 2, Size>>>
  }

  protected override describe(): string {
    return `outputSize=${formatTuple(this.outputSize)}`
  }
}
