/**
 * A cheap swish.
 */
import type { Shape } from '../core/shape.js'
import { hardswish } from '../tensor/functional.js'
import type { BaseRule, SameRule } from '../tensor/layer-shapes.js'
import type { Tensor } from '../tensor/tensor.js'
import { Module } from './module.js'

/** y = x · min(max(x + 3, 0), 6) / 6. Howard et al. (2019). */
export class Hardswish extends Module {
  /** @internal What it does to shapes, for Sequential. */
  '~shapes'?(rule: SameRule | BaseRule): void
  override forward<S extends Shape>(x: Tensor<S>): Tensor<S> {
    return hardswish(x)
  }
}
