/**
 * Resampling to another size.
 */
import { checkOptions } from '../core/check-options.js'
import type { InterpolateMode } from '../ops/interpolate.js'
import { interpolate } from '../tensor/functional.js'
import type { Tensor } from '../tensor/tensor.js'
import { Module } from './module.js'

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

/**
 * x (N, C, …) at another size; see `functional.interpolate`.
 */
export class Upsample extends Module {
  readonly options: UpsampleOptions

  constructor(options: UpsampleOptions) {
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

  override forward(x: Tensor): Tensor {
    return interpolate(x, this.options)
  }

  protected override describe(): string {
    const { size, scaleFactor, mode = 'nearest' } = this.options
    const target = size === undefined ? `scaleFactor=${String(scaleFactor)}` : `size=${String(size)}`
    return `${target}, mode='${mode}'`
  }
}
