/**
 * Instance normalisation of sequences.
 */
import type { Shape } from '../core/shape.js'
import type { BaseRule, ImageRule, ImageShape } from '../tensor/layer-shapes.js'
import type { Fits, ShapeOr } from '../tensor/shape-types.js'
import type { Tensor } from '../tensor/tensor.js'
import { checkInput } from './check-input.js'
import { InstanceNormNd, type InstanceNormOptions } from './instance-norm-nd.js'

/**
 * Normalises each channel of each example of x (N, numFeatures, L) over its positions.
 * Ulyanov et al., "Instance Normalization" (2016).
 */
export class InstanceNorm1d<C extends number = number> extends InstanceNormNd {
  /** @internal What it does to shapes, for Sequential. */
  '~shapes'?(rule: ImageRule<'InstanceNorm1d', C, 1> | BaseRule): C

  constructor(numFeatures: C, options: InstanceNormOptions = {}) {
    super('InstanceNorm1d', numFeatures, options)
  }

  override forward<S extends Shape>(
    x: Tensor<S> & Fits<ImageShape<S, 'InstanceNorm1d', C, 1>>,
  ): Tensor<ShapeOr<ImageShape<S, 'InstanceNorm1d', C, 1>>> {
    const c = this.numFeatures
    checkInput('InstanceNorm1d', x, x.rank === 3 && x.shape[1] === c, `(N, ${c}, L)`)
    return this.normalize(x) as Tensor<ShapeOr<ImageShape<S, 'InstanceNorm1d', C, 1>>>
  }
}
