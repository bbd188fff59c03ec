/**
 * Rearranges between channels and pixels.
 */
import type { Shape } from '../core/shape.js'
import { pixelShuffle } from '../tensor/functional.js'
import type { ShuffleRule, ShuffleShape } from '../tensor/image-shapes.js'
import type { BaseRule } from '../tensor/layer-shapes.js'
import type { Fits, ShapeOr } from '../tensor/shape-types.js'
import type { Tensor } from '../tensor/tensor.js'
import { checkInteger } from './check-input.js'
import { Module } from './module.js'

/**
 * (…, C·r², H, W) to (…, C, H·r, W·r) with r = `upscaleFactor`. Shi et al. (2016).
 */
export class PixelShuffle<F extends number = number> extends Module {
  /** @internal What it does to shapes, for Sequential. */
  '~shapes'?(rule: ShuffleRule<F> | BaseRule): F
  readonly upscaleFactor: number

  constructor(upscaleFactor: F) {
    super()
    checkInteger('PixelShuffle', 'upscaleFactor', upscaleFactor)
    this.upscaleFactor = upscaleFactor
  }

  override forward<S extends Shape>(
    x: Tensor<S> & Fits<ShuffleShape<S, F>>,
  ): Tensor<ShapeOr<ShuffleShape<S, F>>> {
    return pixelShuffle(x, this.upscaleFactor) as Tensor<ShapeOr<ShuffleShape<S, F>>>
  }

  protected override describe(): string {
    return `upscaleFactor=${this.upscaleFactor}`
  }
}
