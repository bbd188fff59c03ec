/**
 * Rearranges between channels and pixels.
 */
import type { Shape } from '../core/shape.js'
import { pixelUnshuffle } from '../tensor/functional.js'
import type { UnshuffleRule, UnshuffleShape } from '../tensor/image-shapes.js'
import type { BaseRule } from '../tensor/layer-shapes.js'
import type { Fits, ShapeOr } from '../tensor/shape-types.js'
import type { Tensor } from '../tensor/tensor.js'
import { checkInteger } from './check-input.js'
import { Module } from './module.js'

/**
 * (…, C, H·r, W·r) to (…, C·r², H, W) with r = `downscaleFactor`: the inverse of PixelShuffle.
 */
export class PixelUnshuffle<F extends number = number> extends Module {
  /** @internal What it does to shapes, for Sequential. */
  '~shapes'?(rule: UnshuffleRule<F> | BaseRule): F
  readonly downscaleFactor: number

  constructor(downscaleFactor: F) {
    super()
    checkInteger('PixelUnshuffle', 'downscaleFactor', downscaleFactor)
    this.downscaleFactor = downscaleFactor
  }

  override forward<S extends Shape>(
    x: Tensor<S> & Fits<UnshuffleShape<S, F>>,
  ): Tensor<ShapeOr<UnshuffleShape<S, F>>> {
    return pixelUnshuffle(x, this.downscaleFactor) as Tensor<ShapeOr<UnshuffleShape<S, F>>>
  }

  protected override describe(): string {
    return `downscaleFactor=${this.downscaleFactor}`
  }
}
