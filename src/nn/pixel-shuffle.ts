/**
 * Rearranges between channels and pixels.
 */
import { pixelShuffle } from '../tensor/functional.js'
import type { Tensor } from '../tensor/tensor.js'
import { checkInteger } from './check-input.js'
import { Module } from './module.js'

/**
 * (…, C·r², H, W) to (…, C, H·r, W·r) with r = `upscaleFactor`. Shi et al. (2016).
 */
export class PixelShuffle extends Module {
  readonly upscaleFactor: number

  constructor(upscaleFactor: number) {
    super()
    checkInteger('PixelShuffle', 'upscaleFactor', upscaleFactor)
    this.upscaleFactor = upscaleFactor
  }

  override forward(x: Tensor): Tensor {
    return pixelShuffle(x, this.upscaleFactor)
  }

  protected override describe(): string {
    return `upscaleFactor=${this.upscaleFactor}`
  }
}
