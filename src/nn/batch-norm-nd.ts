/**
 * What BatchNorm1d and BatchNorm2d share: affine parameters, running statistics and the mode they depend on.
 */
import { checkOptions } from '../core/check-options.js'
import { ShapeError } from '../core/errors.js'
import { formatShape } from '../core/shape.js'
import { ones, tensor, zeros } from '../tensor/creation.js'
import { batchNorm } from '../tensor/functional.js'
import { noGrad } from '../tensor/grad-mode.js'
import { Buffer, Parameter } from '../tensor/parameter.js'
import type { Tensor } from '../tensor/tensor.js'
import { checkInteger } from './check-input.js'
import { Module } from './module.js'

export interface BatchNormOptions {
  /** Added to the variance (default 1e-5). */
  readonly eps?: number
  /** Weight of the new batch in the running statistics (default 0.1); null: the mean over all batches. */
  readonly momentum?: number | null
  /** Learn a scale and a shift for each channel (default true). */
  readonly affine?: boolean
  /** Keep running statistics and use them in evaluation mode (default true). */
  readonly trackRunningStats?: boolean
}

/**
 * y = (x - mean) / √(var + eps) · weight + bias for each channel. In training mode, mean and variance are the batch's
 * (biased); in evaluation mode the running ones, which training updates with the unbiased variance.
 * Ioffe and Szegedy, "Batch Normalization" (2015).
 */
export abstract class BatchNormNd extends Module {
  readonly numFeatures: number
  readonly eps: number
  readonly momentum: number | null
  weight: Parameter | null
  bias: Parameter | null
  runningMean: Buffer | null
  runningVar: Buffer | null
  numBatchesTracked: Buffer | null

  constructor(numFeatures: number, options: BatchNormOptions) {
    super()
    const { eps = 1e-5, momentum = 0.1, affine = true, trackRunningStats = true } = options
    checkOptions<BatchNormOptions>(this.constructor.name, options, {
      eps: true,
      momentum: true,
      affine: true,
      trackRunningStats: true,
    })
    checkInteger(this.constructor.name, 'numFeatures', numFeatures)
    this.numFeatures = numFeatures
    this.eps = eps
    this.momentum = momentum
    this.weight = affine ? new Parameter(ones([numFeatures])) : null
    this.bias = affine ? new Parameter(zeros([numFeatures])) : null
    this.runningMean = trackRunningStats ? new Buffer(zeros([numFeatures])) : null
    this.runningVar = trackRunningStats ? new Buffer(ones([numFeatures])) : null
    this.numBatchesTracked = trackRunningStats ? new Buffer(tensor(0, { dtype: 'i64' })) : null
    this.guardState()
  }

  abstract override forward(x: Tensor): Tensor

  protected normalize(x: Tensor): Tensor {
    const { weight, bias, runningMean, runningVar, eps, momentum } = this
    if (x.size === this.numFeatures && (this.training || runningMean === null)) {
      throw new ShapeError(
        `${this.constructor.name}: expected more than one value for each channel to normalise by, got ` +
          `${formatShape(x.shape)}. Use larger batches (dropLast leaves out a last one of 1), or eval().`,
      )
    }
    if (runningMean === null || runningVar === null) {
      return batchNorm(x, null, null, weight, bias, { training: true, eps })
    }
    if (!this.training) return batchNorm(x, runningMean, runningVar, weight, bias, { training: false, eps })
    const count = this.numBatchesTracked!
    noGrad(() => count.assign(count.add(1)))
    // Without a momentum each batch weighs the same: 1 / count, which is state and so a tensor.
    const share = momentum ?? noGrad(() => count.to(runningMean.dtype).reciprocal())
    return batchNorm(x, runningMean, runningVar, weight, bias, { training: true, momentum: share, eps })
  }

  protected override describe(): string {
    const { numFeatures, eps, momentum } = this
    const tracks = this.runningMean !== null
    return `${numFeatures}, eps=${eps}, momentum=${momentum}, affine=${this.weight !== null}, trackRunningStats=${tracks}`
  }
}
