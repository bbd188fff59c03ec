/**
 * Average pooling to a fixed output size.
 */
import type { Shape } from '../core/shape.js'
import { adaptiveAvgPool3d } from '../tensor/functional.js'
import type { AdaptiveRule, AdaptiveShape, BaseRule } from '../tensor/layer-shapes.js'
import type { Fits, ShapeOr } from '../tensor/shape-types.js'
import type { Tensor } from '../tensor/tensor.js'
import { checkInput } from './check-input.js'
import { Module } from './module.js'
import { checkSizes, formatTuple, type Sizes, tuple } from './tuple.js'

/** x (N, C, D, H, W) to (N, C, …outputSize): output i of n takes the mean of positions floor(i·S/n) to ceil((i+1)·S/n) - 1. */
export class AdaptiveAvgPool3d<const Size extends Sizes = Sizes> extends Module {
  /** @internal What it does to shapes, for Sequential. */
  '~shapes'?(rule: AdaptiveRule<'AdaptiveAvgPool3d', 3, Size> | BaseRule): Size
  readonly outputSize: readonly number[]

  constructor(outputSize: Size) {
    super()
    this.outputSize = tuple(outputSize, 3, 'AdaptiveAvgPool3d outputSize')
    checkSizes('AdaptiveAvgPool3d outputSize', this.outputSize)
  }

  override forward<S extends Shape>(
    x: Tensor<S> & Fits<AdaptiveShape<S, 'AdaptiveAvgPool3d', 3, Size>>,
  ): Tensor<ShapeOr<AdaptiveShape<S, 'AdaptiveAvgPool3d', 3, Size>>> {
    checkInput('AdaptiveAvgPool3d', x, x.rank === 5, '(N, C, D, H, W)')
    return adaptiveAvgPool3d(x, this.outputSize) as Tensor<
      ShapeOr<AdaptiveShape<S, 'AdaptiveAvgPool3d', 3, Size>>
    >
  }

  protected override describe(): string {
    return `outputSize=${formatTuple(this.outputSize)}`
  }
}
