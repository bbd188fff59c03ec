/**
 * Dropout of whole channels.
 */
import type { Shape } from '../core/shape.js'
import { featureDropout } from '../tensor/functional.js'
import type { BaseRule, ImageRule, ImageShape } from '../tensor/layer-shapes.js'
import type { Fits, ShapeOr } from '../tensor/shape-types.js'
import type { Tensor } from '../tensor/tensor.js'
import { checkInput, checkProbability } from './check-input.js'
import { Module } from './module.js'

/**
 * In training mode, sets each channel of x (N, C, H, W) to 0 with probability `p` (default 0.5) and scales the rest by
 * 1 / (1 - p); in evaluation mode, the identity. Tompson et al. (2015).
 */
export class Dropout2d extends Module {
  /** @internal What it does to shapes, for Sequential. */
  '~shapes'?(rule: ImageRule<'Dropout2d', number, 2> | BaseRule): void
  readonly p: number

  constructor(p = 0.5) {
    super()
    checkProbability('Dropout2d', p)
    this.p = p
  }

  override forward<S extends Shape>(
    x: Tensor<S> & Fits<ImageShape<S, 'Dropout2d', number, 2>>,
  ): Tensor<ShapeOr<ImageShape<S, 'Dropout2d', number, 2>>> {
    checkInput('Dropout2d', x, x.rank === 4, '(N, C, H, W)')
    return featureDropout(x, this.p, this.training) as Tensor<ShapeOr<ImageShape<S, 'Dropout2d', number, 2>>>
  }

  protected override describe(): string {
    return `p=${this.p}`
  }
}
