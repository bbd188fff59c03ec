/**
 * Group normalisation.
 */

import { checkOptions } from '../core/check-options.js'
import { ValueError } from '../core/errors.js'
import type { Shape } from '../core/shape.js'
import { ones, zeros } from '../tensor/creation.js'
import { groupNorm } from '../tensor/functional.js'
import type { BaseRule, ChannelRule, ChannelShape } from '../tensor/layer-shapes.js'
import { Parameter } from '../tensor/parameter.js'
import type { Fits, ShapeOr } from '../tensor/shape-types.js'
import type { Tensor } from '../tensor/tensor.js'
import { checkInput, checkInteger } from './check-input.js'
import { Module } from './module.js'

export interface GroupNormOptions {
  /** Added to the variance (default 1e-5). */
  readonly eps?: number
  /** Learn a scale and a shift for each channel (default true). */
  readonly affine?: boolean
}

/**
 * Normalises x (N, numChannels, …) over the positions and the channels of each of `numGroups` groups, with biased
 * variance, in both modes. Wu and He, "Group Normalization" (2018).
 */
export class GroupNorm<C extends number = number> extends Module {
  /** @internal What it does to shapes, for Sequential. */
  '~shapes'?(rule: ChannelRule<'GroupNorm', C, '(N, C, …)'> | BaseRule): C
  readonly numGroups: number
  readonly numChannels: number
  readonly eps: number
  weight: Parameter | null
  bias: Parameter | null

  constructor(numGroups: number, numChannels: C, options: GroupNormOptions = {}) {
    super()
    checkOptions<GroupNormOptions>('GroupNorm', options, { eps: true, affine: true })
    const { eps = 1e-5, affine = true } = options
    checkInteger('GroupNorm', 'numGroups', numGroups)
    checkInteger('GroupNorm', 'numChannels', numChannels)
    if (numChannels % numGroups !== 0) {
      throw new ValueError(
        `GroupNorm: expected numChannels to be a multiple of numGroups, got ${numChannels} and ${numGroups}.`,
      )
    }
    this.numGroups = numGroups
    this.numChannels = numChannels
    this.eps = eps
    this.weight = affine ? new Parameter(ones([numChannels])) : null
    this.bias = affine ? new Parameter(zeros([numChannels])) : null
    this.guardState()
  }

  override forward<S extends Shape>(
    x: Tensor<S> & Fits<ChannelShape<S, 'GroupNorm', C>>,
  ): Tensor<ShapeOr<ChannelShape<S, 'GroupNorm', C>>> {
    checkInput('GroupNorm', x, x.rank >= 2 && x.shape[1] === this.numChannels, `(N, ${this.numChannels}, …)`)
    return groupNorm(x, this.numGroups, this.weight, this.bias, this.eps) as Tensor<
      ShapeOr<ChannelShape<S, 'GroupNorm', C>>
    >
  }

  protected override describe(): string {
    return `${this.numGroups}, ${this.numChannels}, eps=${this.eps}, affine=${this.weight !== null}`
  }
}
