/**
 * Rearranges between channels and pixels.
 */
import { pixelUnshuffle } from '../tensor/functional.js'
import type { Tensor } from '../tensor/tensor.js'
import { checkInteger } from './check-input.js'
import { Module } from './module.js'

/**
 * (…, C, H·r, W·r) to (…, C·r², H, W) with r = `downscaleFactor`: the inverse of PixelShuffle.
 */
export class PixelUnshuffle extends Module {
  readonly downscaleFactor: number

  constructor(downscaleFactor: number) {
    super()
    checkInteger('PixelUnshuffle', 'downscaleFactor', downscaleFactor)
    this.downscaleFactor = downscaleFactor
  }

  override forward(x: Tensor): Tensor {
    return pixelUnshuffle(x, this.downscaleFactor)
  }

  protected override describe(): string {
    return `downscaleFactor=${this.downscaleFactor}`
  }
}
