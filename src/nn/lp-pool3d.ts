/**
 * Power-average pooling over 3 spatial axes.
 */
import type { Shape } from '../core/shape.js'
import type { LpPoolOptions } from '../ops/lp-pooling.js'
import { lpPool3d } from '../tensor/functional.js'
import type { PoolRule, PoolShape } from '../tensor/image-shapes.js'
import type { BaseRule } from '../tensor/layer-shapes.js'
import type { Fits, ShapeOr } from '../tensor/shape-types.js'
import type { Tensor } from '../tensor/tensor.js'
import type { Ceiled, Unless, Window } from '../tensor/window-shapes.js'
import { LpPoolNd } from './lp-pool-nd.js'
import type { Sizes } from './tuple.js'

/**
 * (Σ xᵖ)^(1/p) over each window of x (N, C, D, H, W) or without N, p = `normType`; `stride` defaults to the window's size.
 */
export class LPPool3d<
  const K extends Sizes = Sizes,
  const Stride extends Sizes | null = Unless<K, Sizes | null, null>,
  Ceil extends boolean = Unless<K, boolean, false>,
> extends LpPoolNd {
  /** @internal What it does to shapes, for Sequential. */
  '~shapes'?(
    rule: PoolRule<'LPPool3d', 3, Ceiled<Ceil, Window<K, Stride>>> | BaseRule,
  ): readonly [K, Stride, Ceil]

  constructor(
    normType: number,
    kernelSize: K,
    options: LpPoolOptions & { readonly stride?: Stride & Sizes; readonly ceilMode?: Ceil } = {},
  ) {
    super('LPPool3d', normType, kernelSize, options, 3)
  }

  override forward<S extends Shape>(
    x: Tensor<S> & Fits<PoolShape<S, 'LPPool3d', 3, Ceiled<Ceil, Window<K, Stride>>>>,
  ): Tensor<ShapeOr<PoolShape<S, 'LPPool3d', 3, Ceiled<Ceil, Window<K, Stride>>>>> {
    return lpPool3d(x, this.normType, this.kernelSize, this.options) as Tensor<
      ShapeOr<PoolShape<S, 'LPPool3d', 3, Ceiled<Ceil, Window<K, Stride>>>>
    >
  }
}
