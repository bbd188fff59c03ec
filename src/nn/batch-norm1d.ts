/**
 * Batch normalisation of vectors or of sequences.
 */
import type { Shape } from '../core/shape.js'
import type { BaseRule, ChannelRule, ChannelShape } from '../tensor/layer-shapes.js'
import type { Fits, ShapeOr } from '../tensor/shape-types.js'
import type { Tensor } from '../tensor/tensor.js'
import { BatchNormNd, type BatchNormOptions } from './batch-norm-nd.js'
import { checkInput } from './check-input.js'

/** Batch normalisation of x (N, numFeatures) or (N, numFeatures, L) over all axes but the second. */
export class BatchNorm1d<C extends number = number> extends BatchNormNd {
  /** @internal What it does to shapes, for Sequential. */
  '~shapes'?(rule: ChannelRule<'BatchNorm1d', C, '(N, C) or (N, C, L)'> | BaseRule): C
  constructor(numFeatures: C, options: BatchNormOptions = {}) {
    super(numFeatures, options)
  }

  override forward<S extends Shape>(
    x: Tensor<S> & Fits<ChannelShape<S, 'BatchNorm1d', C, '(N, C) or (N, C, L)'>>,
  ): Tensor<ShapeOr<ChannelShape<S, 'BatchNorm1d', C, '(N, C) or (N, C, L)'>>> {
    const c = this.numFeatures
    checkInput(
      'BatchNorm1d',
      x,
      (x.rank === 2 || x.rank === 3) && x.shape[1] === c,
      `(N, ${c}) or (N, ${c}, L)`,
    )
    return this.normalize(x) as Tensor<ShapeOr<ChannelShape<S, 'BatchNorm1d', C, '(N, C) or (N, C, L)'>>>
  }
}
