/**
 * Average pooling to a fixed output size.
 */
import type { Shape } from '../core/shape.js'
import { adaptiveAvgPool2d } from '../tensor/functional.js'
import type { AdaptiveRule, AdaptiveShape, BaseRule } from '../tensor/layer-shapes.js'
import type { Fits, ShapeOr } from '../tensor/shape-types.js'
import type { Tensor } from '../tensor/tensor.js'
import { checkInput } from './check-input.js'
import { Module } from './module.js'
import { checkSizes, formatTuple, type Sizes, tuple } from './tuple.js'

/** x (N, C, H, W) to (N, C, …outputSize): output i of n takes the mean of positions floor(i·S/n) to ceil((i+1)·S/n) - 1. */
export class AdaptiveAvgPool2d<const Size extends Sizes = Sizes> extends Module {
  /** @internal What it does to shapes, for Sequential. */
  '~shapes'?(rule: AdaptiveRule<'AdaptiveAvgPool2d', 2, Size> | BaseRule): Size
  readonly outputSize: readonly number[]

  constructor(outputSize: Size) {
    super()
    this.outputSize = tuple(outputSize, 2, 'AdaptiveAvgPool2d outputSize')
    checkSizes('AdaptiveAvgPool2d outputSize', this.outputSize)
  }

  override forward<S extends Shape>(
    x: Tensor<S> & Fits<AdaptiveShape<S, 'AdaptiveAvgPool2d', 2, Size>>,
  ): Tensor<ShapeOr<AdaptiveShape<S, 'AdaptiveAvgPool2d', 2, Size>>> {
    checkInput('AdaptiveAvgPool2d', x, x.rank === 4, '(N, C, H, W)')
    return adaptiveAvgPool2d(x, this.outputSize) as Tensor<
      ShapeOr<AdaptiveShape<S, 'AdaptiveAvgPool2d', 2, Size>>
    >
  }

  protected override describe(): string {
    return `outputSize=${formatTuple(this.outputSize)}`
  }
}
