/**
 * The hard shrinkage.
 */
import type { Shape } from '../core/shape.js'
import { hardshrink } from '../tensor/functional.js'
import type { BaseRule, SameRule } from '../tensor/layer-shapes.js'
import type { Tensor } from '../tensor/tensor.js'
import { Module } from './module.js'

/** y = x for |x| > lambda (default 0.5), else 0. */
export class Hardshrink extends Module {
  /** @internal What it does to shapes, for Sequential. */
  '~shapes'?(rule: SameRule | BaseRule): void
  readonly lambda: number

  constructor(lambda = 0.5) {
    super()
    this.lambda = lambda
  }

  override forward<S extends Shape>(x: Tensor<S>): Tensor<S> {
    return hardshrink(x, this.lambda) as Tensor<S>
  }

  protected override describe(): string {
    return `lambda=${this.lambda}`
  }
}
