/**
 * The rectifier with a learned slope for negative inputs.
 */
import type { Shape } from '../core/shape.js'
import { constant } from '../init/constant.js'
import { zeros } from '../tensor/creation.js'
import { prelu } from '../tensor/functional.js'
import type { BaseRule, SameRule } from '../tensor/layer-shapes.js'
import { Parameter } from '../tensor/parameter.js'
import type { Tensor } from '../tensor/tensor.js'
import { checkInteger } from './check-input.js'
import { Module } from './module.js'

/**
 * y = x for x > 0, else weight · x; one slope for all, or one for each channel (axis 1). Slopes start at `init`
 * (default 0.25). He et al., "Delving Deep into Rectifiers" (2015).
 */
export class PReLU extends Module {
  /** @internal What it does to shapes, for Sequential. */
  '~shapes'?(rule: SameRule | BaseRule): void
  readonly numParameters: number
  weight: Parameter

  constructor(numParameters = 1, init = 0.25) {
    super()
    checkInteger('PReLU', 'numParameters', numParameters)
    this.numParameters = numParameters
    this.weight = constant(new Parameter(zeros([numParameters])), init)
    this.guardState()
  }

  override forward<S extends Shape>(x: Tensor<S>): Tensor<S> {
    return prelu(x, this.weight)
  }

  protected override describe(): string {
    return `numParameters=${this.numParameters}`
  }
}
