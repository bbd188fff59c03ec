/**
 * Max pooling to a fixed output size.
 */
import type { Shape } from '../core/shape.js'
import { adaptiveMaxPool2d } from '../tensor/functional.js'
import type { AdaptiveRule, AdaptiveShape } from '../tensor/layer-shapes.js'
import type { Fits, ShapeOr } from '../tensor/shape-types.js'
import type { Tensor } from '../tensor/tensor.js'
import { checkInput } from './check-input.js'
import { Module } from './module.js'
import { checkSizes, formatTuple, type Sizes, tuple } from './tuple.js'

/** x (N, C, H, W) to (N, C, …outputSize): output i of n takes the largest element of positions floor(i·S/n) to ceil((i+1)·S/n) - 1. */
export class AdaptiveMaxPool2d<const Size extends Sizes = Sizes> extends Module {
  /** @internal What it does to shapes, for Sequential. */
  declare readonly '~shapes'?: AdaptiveRule<'AdaptiveMaxPool2d', 2, Size>
  readonly outputSize: readonly number[]

  constructor(outputSize: Size) {
    super()
    this.outputSize = tuple(outputSize, 2, 'AdaptiveMaxPool2d outputSize')
    checkSizes('AdaptiveMaxPool2d outputSize', this.outputSize)
  }

  override forward<S extends Shape>(
    x: Tensor<S> & Fits<AdaptiveShape<S, 'AdaptiveMaxPool2d', 2, Size>>,
  ): Tensor<ShapeOr<AdaptiveShape<S, 'AdaptiveMaxPool2d', 2, Size>>> {
    checkInput('AdaptiveMaxPool2d', x, x.rank === 4, '(N, C, H, W)')
    return adaptiveMaxPool2d(x, this.outputSize) as Tensor<
      ShapeOr<AdaptiveShape<S, 'AdaptiveMaxPool2d', 2, Size>>
    >
  }

  protected override describe(): string {
    return `outputSize=${formatTuple(this.outputSize)}`
  }
}
