/**
 * The piecewise linear tanh.
 */
import type { Shape } from '../core/shape.js'
import { hardtanh } from '../tensor/functional.js'
import type { BaseRule, SameRule } from '../tensor/layer-shapes.js'
import type { Tensor } from '../tensor/tensor.js'
import { Module } from './module.js'

/** y = min(max(x, minVal), maxVal), default -1 and 1. */
export class Hardtanh extends Module {
  /** @internal What it does to shapes, for Sequential. */
  '~shapes'?(rule: SameRule | BaseRule): void
  readonly minVal: number
  readonly maxVal: number

  constructor(minVal = -1, maxVal = 1) {
    super()
    this.minVal = minVal
    this.maxVal = maxVal
  }

  override forward<S extends Shape>(x: Tensor<S>): Tensor<S> {
    return hardtanh(x, this.minVal, this.maxVal)
  }

  protected override describe(): string {
    return `minVal=${this.minVal}, maxVal=${this.maxVal}`
  }
}
