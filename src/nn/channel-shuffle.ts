/**
 * Channels read across groups.
 */
import type { Shape } from '../core/shape.js'
import { channelShuffle } from '../tensor/functional.js'
import type { BaseRule, SameRule } from '../tensor/layer-shapes.js'
import type { Tensor } from '../tensor/tensor.js'
import { checkInteger } from './check-input.js'
import { Module } from './module.js'

/** Channel j of group i of x (N, C, …) becomes channel j · groups + i. Zhang et al., "ShuffleNet" (2018). */
export class ChannelShuffle extends Module {
  /** @internal What it does to shapes, for Sequential. */
  '~shapes'?(rule: SameRule | BaseRule): void
  readonly groups: number

  constructor(groups: number) {
    super()
    checkInteger('ChannelShuffle', 'groups', groups)
    this.groups = groups
  }

  override forward<S extends Shape>(x: Tensor<S>): Tensor<S> {
    return channelShuffle(x, this.groups) as Tensor<S>
  }

  protected override describe(): string {
    return `groups=${this.groups}`
  }
}
