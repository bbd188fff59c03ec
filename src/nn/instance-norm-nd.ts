/**
 * What InstanceNorm1d, 2d and 3d share: affine parameters and, where asked for, running statistics.
 */
import { checkOptions } from '../core/check-options.js'
import { range } from '../core/shape.js'
import { ones, tensor, zeros } from '../tensor/creation.js'
import { batchNorm, instanceNorm } from '../tensor/functional.js'
import { noGrad } from '../tensor/grad-mode.js'
import { Buffer, Parameter } from '../tensor/parameter.js'
import type { Tensor } from '../tensor/tensor.js'
import { checkInteger } from './check-input.js'
import { Module } from './module.js'

export interface InstanceNormOptions {
  /** Added to the variance (default 1e-5). */
  readonly eps?: number
  /** Weight of the new batch in the running statistics (default 0.1). */
  readonly momentum?: number
  /** Learn a scale and a shift for each channel (default false, as in PyTorch). */
  readonly affine?: boolean
  /** Keep running statistics and use them in evaluation mode (default false). */
  readonly trackRunningStats?: boolean
}

/**
 * Normalises each channel of each example over its positions; with `trackRunningStats`, in evaluation mode by the mean
 * of what training saw. Ulyanov et al., "Instance Normalization" (2016).
 */
export abstract class InstanceNormNd extends Module {
  readonly numFeatures: number
  readonly eps: number
  readonly momentum: number
  weight: Parameter | null
  bias: Parameter | null
  runningMean: Buffer | null
  runningVar: Buffer | null
  /** As in PyTorch, part of the state but not counted. */
  numBatchesTracked: Buffer | null

  constructor(name: string, numFeatures: number, options: InstanceNormOptions) {
    super()
    checkOptions<InstanceNormOptions>(name, options, {
      eps: true,
      momentum: true,
      affine: true,
      trackRunningStats: true,
    })
    const { eps = 1e-5, momentum = 0.1, affine = false, trackRunningStats = false } = options
    checkInteger(name, 'numFeatures', numFeatures)
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
    const { weight, bias, runningMean, runningVar, eps } = this
    if (runningMean === null || runningVar === null) return instanceNorm(x, weight, bias, eps)
    if (!this.training) return batchNorm(x, runningMean, runningVar, weight, bias, { eps })
    noGrad(() => {
      const positions = range(x.rank - 2).map((i) => i + 2)
      const blend = (old: Buffer, now: Tensor): void =>
        old.assign(old.mul(1 - this.momentum).add(now.mean(0).to(old.dtype).mul(this.momentum)))
      blend(runningMean, x.mean(positions))
      blend(runningVar, x.var(positions))
    })
    return instanceNorm(x, weight, bias, eps)
  }

  protected override describe(): string {
    const tracked = this.runningMean === null ? '' : `, momentum=${this.momentum}, trackRunningStats=true`
    return `${this.numFeatures}, eps=${this.eps}, affine=${this.weight !== null}${tracked}`
  }
}
