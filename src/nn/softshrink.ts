/**
 * The soft shrinkage.
 */
import { ValueError } from '../core/errors.js'
import type { Shape } from '../core/shape.js'
import { softshrink } from '../tensor/functional.js'
import type { BaseRule, SameRule } from '../tensor/layer-shapes.js'
import type { Tensor } from '../tensor/tensor.js'
import { Module } from './module.js'

/** y = x moved toward 0 by lambda (default 0.5), and 0 within lambda of it. */
export class Softshrink extends Module {
  /** @internal What it does to shapes, for Sequential. */
  '~shapes'?(rule: SameRule | BaseRule): void
  readonly lambda: number

  constructor(lambda = 0.5) {
    super()
    if (!(lambda >= 0)) throw new ValueError(`Softshrink: expected lambda of at least 0, got ${lambda}.`)
    this.lambda = lambda
  }

  override forward<S extends Shape>(x: Tensor<S>): Tensor<S> {
    return softshrink(x, this.lambda) as Tensor<S>
  }

  protected override describe(): string {
    return `lambda=${this.lambda}`
  }
}
