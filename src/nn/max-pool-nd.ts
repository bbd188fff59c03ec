/**
 * What the max pooling layers of one, two and three dimensions share.
 */
import { checkOptions } from '../core/check-options.js'
import type { Shape } from '../core/shape.js'
import { maxPool1d, maxPool2d, maxPool3d } from '../tensor/functional.js'
import type { BaseRule, ConvRule, ConvShape, Spatial } from '../tensor/layer-shapes.js'
import type { Fits, ShapeOr } from '../tensor/shape-types.js'
import type { Tensor } from '../tensor/tensor.js'
import type { Ceiled, Window } from '../tensor/window-shapes.js'
import { type MaxPoolOptions, type Pooled, PoolNd, type PoolWindowOptions } from './pool-nd.js'
import { checkSizes, formatTuple, type Sizes, tuple } from './tuple.js'

/** Options whose values are known as types. */
export type MaxPoolWindowOptions<
  Stride extends Sizes | null,
  Pad extends Sizes,
  Dilation extends Sizes,
  Ceil extends boolean,
  Indices extends boolean,
> = MaxPoolOptions &
  PoolWindowOptions<Stride, Pad, Ceil> & { readonly dilation?: Dilation; readonly returnIndices?: Indices }

const pools = { 1: maxPool1d, 2: maxPool2d, 3: maxPool3d }

/** The base of MaxPool1d, MaxPool2d and MaxPool3d; R is the number of spatial axes. */
export abstract class MaxPoolNd<
  R extends keyof Spatial,
  K extends Sizes,
  Stride extends Sizes | null,
  Pad extends Sizes,
  Dilation extends Sizes,
  Ceil extends boolean,
  Indices extends boolean,
> extends PoolNd {
  /** @internal What it does to shapes, for Sequential. */
  '~shapes'?(
    rule:
      | ConvRule<`MaxPool${R}d`, R, number, null, Ceiled<Ceil, Window<K, Stride, Pad, Dilation>>>
      | BaseRule,
  ): readonly [K, Stride, Pad, Dilation, Ceil]
  readonly dilation: readonly number[]
  readonly returnIndices: boolean

  constructor(kernelSize: K, options: MaxPoolWindowOptions<Stride, Pad, Dilation, Ceil, Indices>, rank: R) {
    const name = `MaxPool${rank}d`
    super(name, kernelSize, options, rank)
    checkOptions<MaxPoolOptions>(name, options, {
      stride: true,
      padding: true,
      ceilMode: true,
      dilation: true,
      returnIndices: true,
    })
    this.dilation = tuple(options.dilation ?? 1, rank, `${name} dilation`)
    checkSizes(`${name} dilation`, this.dilation)
    this.returnIndices = options.returnIndices ?? false
  }

  override forward<S extends Shape>(
    x: Tensor<S> &
      Fits<ConvShape<S, `MaxPool${R}d`, R, number, null, Ceiled<Ceil, Window<K, Stride, Pad, Dilation>>>>,
  ): Pooled<
    Indices,
    ShapeOr<ConvShape<S, `MaxPool${R}d`, R, number, null, Ceiled<Ceil, Window<K, Stride, Pad, Dilation>>>>
  > {
    this.check(x)
    const { stride, padding, dilation, ceilMode } = this
    const options = { stride, padding, dilation, ceilMode }
    const pool = pools[this.kernelSize.length as R]
    const result = this.returnIndices
      ? pool(x, this.kernelSize, { ...options, returnIndices: true })
      : pool(x, this.kernelSize, options)
    return result as Pooled<
      Indices,
      ShapeOr<ConvShape<S, `MaxPool${R}d`, R, number, null, Ceiled<Ceil, Window<K, Stride, Pad, Dilation>>>>
    >
  }

  protected override describe(): string {
    return `${super.describe()}, dilation=${formatTuple(this.dilation)}`
  }
}
