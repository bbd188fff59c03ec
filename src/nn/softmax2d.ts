/**
 * Softmax over channels.
 */
import type { Shape } from '../core/shape.js'
import type { BaseRule, SameRule } from '../tensor/layer-shapes.js'
import type { Tensor } from '../tensor/tensor.js'
import { checkInput } from './check-input.js'
import { Module } from './module.js'

/** Softmax over the channels of (N, C, H, W) or (C, H, W), at each position. */
export class Softmax2d extends Module {
  /** @internal What it does to shapes, for Sequential. */
  '~shapes'?(rule: SameRule | BaseRule): void

  override forward<S extends Shape>(x: Tensor<S>): Tensor<S> {
    checkInput('Softmax2d', x as Tensor, x.rank === 3 || x.rank === 4, '(N, C, H, W) or (C, H, W)')
    return x.softmax(-3) as Tensor<S>
  }
}
