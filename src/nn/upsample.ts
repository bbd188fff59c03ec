/**
 * Resampling to another size.
 */
import { checkOptions } from '../core/check-options.js'
import type { Shape } from '../core/shape.js'
import type { InterpolateMode } from '../ops/interpolate.js'
import { interpolate } from '../tensor/functional.js'
import type { ResizeRule, ResizeShape } from '../tensor/image-shapes.js'
import type { BaseRule } from '../tensor/layer-shapes.js'
import type { Fits, ShapeOr } from '../tensor/shape-types.js'
import type { Tensor } from '../tensor/tensor.js'
import { Module } from './module.js'
import type { Sizes } from './tuple.js'

export interface UpsampleOptions {
  /** Size of the result; or a scale factor. */
  readonly size?: number | readonly number[]
  readonly scaleFactor?: number | readonly number[]
  /** 'nearest' (default), 'linear', 'bilinear', 'bicubic' or 'trilinear'. */
  readonly mode?: InterpolateMode
  /** The corner pixels' centres stay where they are (default false). */
  readonly alignCorners?: boolean
  /** Positions come from the rounded sizes (default false). */
  readonly recomputeScaleFactor?: boolean
}

/** The size of the result, or a scale factor. */
export type UpsamplingOptions = Pick<UpsampleOptions, 'size' | 'scaleFactor'>

/**
 * x (N, C, …) at another size; see `functional.interpolate`.
 */
export class Upsample<
  const Size extends Sizes | undefined = undefined,
  const Factor extends Sizes | undefined = undefined,
> extends Module {
  /** @internal What it does to shapes, for Sequential. */
  '~shapes'?(rule: ResizeRule<'Upsample', Size, Factor> | BaseRule): void
  readonly options: UpsampleOptions

  constructor(options: UpsampleOptions & { readonly size?: Size; readonly scaleFactor?: Factor }) {
    super()
    checkOptions<UpsampleOptions>('Upsample', options, {
      size: true,
      scaleFactor: true,
      mode: true,
      alignCorners: true,
      recomputeScaleFactor: true,
    })
    this.options = { ...options }
  }

  override forward<S extends Shape>(
    x: Tensor<S> & Fits<ResizeShape<S, 'Upsample', Size, Factor>>,
  ): Tensor<ShapeOr<ResizeShape<S, 'Upsample', Size, Factor>>> {
    return interpolate(x, this.options) as Tensor<ShapeOr<ResizeShape<S, 'Upsample', Size, Factor>>>
  }

  protected override describe(): string {
    const { size, scaleFactor, mode = 'nearest' } = this.options
    const target = size === undefined ? `scaleFactor=${String(scaleFactor)}` : `size=${String(size)}`
    return `${target}, mode='${mode}'`
  }
}
