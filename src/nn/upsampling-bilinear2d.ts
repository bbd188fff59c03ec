/**
 * Resampling of images under an older name.
 */
import { checkOptions } from '../core/check-options.js'
import type { Sizes } from './tuple.js'
import { Upsample, type UpsamplingOptions } from './upsample.js'

/** `new Upsample({ …options, mode: 'bilinear', alignCorners: true })` for (N, C, H, W). */
export class UpsamplingBilinear2d<
  const Size extends Sizes | undefined = undefined,
  const Factor extends Sizes | undefined = undefined,
> extends Upsample<Size, Factor> {
  constructor(options: UpsamplingOptions & { readonly size?: Size; readonly scaleFactor?: Factor }) {
    checkOptions<UpsamplingOptions>('UpsamplingBilinear2d', options, { size: true, scaleFactor: true })
    super({ ...options, mode: 'bilinear', alignCorners: true })
  }
}
