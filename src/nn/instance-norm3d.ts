/**
 * Instance normalisation of volumes.
 */
import type { Shape } from '../core/shape.js'
import type { BaseRule, ImageRule, ImageShape } from '../tensor/layer-shapes.js'
import type { Fits, ShapeOr } from '../tensor/shape-types.js'
import type { Tensor } from '../tensor/tensor.js'
import { checkInput } from './check-input.js'
import { InstanceNormNd, type InstanceNormOptions } from './instance-norm-nd.js'

/**
 * Normalises each channel of each example of x (N, numFeatures, D, H, W) over its positions.
 * Ulyanov et al., "Instance Normalization" (2016).
 */
export class InstanceNorm3d<C extends number = number> extends InstanceNormNd {
  /** @internal What it does to shapes, for Sequential. */
  '~shapes'?(rule: ImageRule<'InstanceNorm3d', C, 3> | BaseRule): C

  constructor(numFeatures: C, options: InstanceNormOptions = {}) {
    super('InstanceNorm3d', numFeatures, options)
  }

  override forward<S extends Shape>(
    x: Tensor<S> & Fits<ImageShape<S, 'InstanceNorm3d', C, 3>>,
  ): Tensor<ShapeOr<ImageShape<S, 'InstanceNorm3d', C, 3>>> {
    const c = this.numFeatures
    checkInput('InstanceNorm3d', x, x.rank === 5 && x.shape[1] === c, `(N, ${c}, D, H, W)`)
    return this.normalize(x) as Tensor<ShapeOr<ImageShape<S, 'InstanceNorm3d', C, 3>>>
  }
}
