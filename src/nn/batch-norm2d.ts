/**
 * Batch normalisation of images.
 */
import type { Shape } from '../core/shape.js'
import type { BaseRule, ImageRule, ImageShape } from '../tensor/layer-shapes.js'
import type { Fits, ShapeOr } from '../tensor/shape-types.js'
import type { Tensor } from '../tensor/tensor.js'
import { BatchNormNd, type BatchNormOptions } from './batch-norm-nd.js'
import { checkInput } from './check-input.js'

/** Batch normalisation of x (N, numFeatures, H, W) over all axes but the second. */
export class BatchNorm2d<C extends number = number> extends BatchNormNd {
  /** @internal What it does to shapes, for Sequential. */
  '~shapes'?(rule: ImageRule<'BatchNorm2d', C, 2> | BaseRule): C
  constructor(numFeatures: C, options: BatchNormOptions = {}) {
    super(numFeatures, options)
  }

  override forward<S extends Shape>(
    x: Tensor<S> & Fits<ImageShape<S, 'BatchNorm2d', C, 2>>,
  ): Tensor<ShapeOr<ImageShape<S, 'BatchNorm2d', C, 2>>> {
    const c = this.numFeatures
    checkInput('BatchNorm2d', x, x.rank === 4 && x.shape[1] === c, `(N, ${c}, H, W)`)
    return this.normalize(x) as Tensor<ShapeOr<ImageShape<S, 'BatchNorm2d', C, 2>>>
  }
}
