/**
 * Resampling of images under an older name.
 */
import { Upsample, type UpsampleOptions } from './upsample.js'

/** `new Upsample({ …options, mode: 'bilinear', alignCorners: true })` for (N, C, H, W). */
export class UpsamplingBilinear2d extends Upsample {
  constructor(options: Pick<UpsampleOptions, 'size' | 'scaleFactor'>) {
    super({ ...options, mode: 'bilinear', alignCorners: true })
  }
}
