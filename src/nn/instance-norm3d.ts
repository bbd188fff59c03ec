/**
 * Instance normalisation of volumes.
 */
import { checkOptions } from '../core/check-options.js'
import type { Shape } from '../core/shape.js'
import { ones, zeros } from '../tensor/creation.js'
import { instanceNorm } from '../tensor/functional.js'
import type { ImageRule, ImageShape } from '../tensor/layer-shapes.js'
import { Parameter } from '../tensor/parameter.js'
import type { Fits, ShapeOr } from '../tensor/shape-types.js'
import type { Tensor } from '../tensor/tensor.js'
import { checkInput, checkInteger } from './check-input.js'
import type { InstanceNormOptions } from './instance-norm2d.js'
import { Module } from './module.js'

/**
 * Normalises each channel of each example of x (N, numFeatures, D, H, W) over its positions, in both modes.
 * Ulyanov et al., "Instance Normalization" (2016). Running statistics are not kept.
 */
export class InstanceNorm3d<C extends number = number> extends Module {
  /** @internal What it does to shapes, for Sequential. */
  declare readonly '~shapes'?: ImageRule<'InstanceNorm3d', C, 3>
  readonly numFeatures: number
  readonly eps: number
  weight: Parameter | null
  bias: Parameter | null

  constructor(numFeatures: C, options: InstanceNormOptions = {}) {
    super()
    checkOptions<InstanceNormOptions>('InstanceNorm3d', options, { eps: true, affine: true })
    const { eps = 1e-5, affine = false } = options
    checkInteger('InstanceNorm3d', 'numFeatures', numFeatures)
    this.numFeatures = numFeatures
    this.eps = eps
    this.weight = affine ? new Parameter(ones([numFeatures])) : null
    this.bias = affine ? new Parameter(zeros([numFeatures])) : null
    this.guardState()
  }

  override forward<S extends Shape>(
    x: Tensor<S> & Fits<ImageShape<S, 'InstanceNorm3d', C, 3>>,
  ): Tensor<ShapeOr<ImageShape<S, 'InstanceNorm3d', C, 3>>> {
    const c = this.numFeatures
    checkInput('InstanceNorm3d', x, x.rank === 5 && x.shape[1] === c, `(N, ${c}, D, H, W)`)
    return instanceNorm(x, this.weight, this.bias, this.eps) as Tensor<
      ShapeOr<ImageShape<S, 'InstanceNorm3d', C, 3>>
    >
  }

  protected override describe(): string {
    return `${this.numFeatures}, eps=${this.eps}, affine=${this.weight !== null}`
  }
}
