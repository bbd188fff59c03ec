/**
 * Batch normalisation of volumes.
 */
import type { Shape } from '../core/shape.js'
import type { BaseRule, ImageRule, ImageShape } from '../tensor/layer-shapes.js'
import type { Fits, ShapeOr } from '../tensor/shape-types.js'
import type { Tensor } from '../tensor/tensor.js'
import { BatchNormNd, type BatchNormOptions } from './batch-norm-nd.js'
import { checkInput } from './check-input.js'

/** Batch normalisation of x (N, numFeatures, D, H, W) over all axes but the second. */
export class BatchNorm3d<C extends number = number> extends BatchNormNd {
  /** @internal What it does to shapes, for Sequential. */
  '~shapes'?(rule: ImageRule<'BatchNorm3d', C, 3> | BaseRule): C
  constructor(numFeatures: C, options: BatchNormOptions = {}) {
    super(numFeatures, options)
  }

  override forward<S extends Shape>(
    x: Tensor<S> & Fits<ImageShape<S, 'BatchNorm3d', C, 3>>,
  ): Tensor<ShapeOr<ImageShape<S, 'BatchNorm3d', C, 3>>> {
    const c = this.numFeatures
    checkInput('BatchNorm3d', x, x.rank === 5 && x.shape[1] === c, `(N, ${c}, D, H, W)`)
    return this.normalize(x) as Tensor<ShapeOr<ImageShape<S, 'BatchNorm3d', C, 3>>>
  }
}
