/**
 * A threshold.
 */
import type { Shape } from '../core/shape.js'
import { threshold } from '../tensor/functional.js'
import type { BaseRule, SameRule } from '../tensor/layer-shapes.js'
import type { Tensor } from '../tensor/tensor.js'
import { Module } from './module.js'

/** y = x for x > threshold, else `value`. */
export class Threshold extends Module {
  /** @internal What it does to shapes, for Sequential. */
  '~shapes'?(rule: SameRule | BaseRule): void
  readonly threshold: number
  readonly value: number

  constructor(limit: number, value: number) {
    super()
    this.threshold = limit
    this.value = value
  }

  override forward<S extends Shape>(x: Tensor<S>): Tensor<S> {
    return threshold(x, this.threshold, this.value) as Tensor<S>
  }

  protected override describe(): string {
    return `threshold=${this.threshold}, value=${this.value}`
  }
}
