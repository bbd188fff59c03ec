/**
 * The gated linear unit.
 */
import type { Shape } from '../core/shape.js'
import { glu } from '../tensor/functional.js'
import type { GluRule, GluShape } from '../tensor/image-shapes.js'
import type { BaseRule } from '../tensor/layer-shapes.js'
import type { Fits, ShapeOr } from '../tensor/shape-types.js'
import type { Tensor } from '../tensor/tensor.js'
import { checkAxis } from './check-input.js'
import { Module } from './module.js'

/** y = a · σ(b), a and b the two halves of x along `axis` (default -1). Dauphin et al. (2017). */
export class GLU<Axis extends number = -1> extends Module {
  /** @internal What it does to shapes, for Sequential. */
  '~shapes'?(rule: GluRule<Axis> | BaseRule): void
  readonly axis: number

  constructor(axis: Axis = -1 as Axis) {
    super()
    checkAxis('GLU', 'axis', axis)
    this.axis = axis
  }

  override forward<S extends Shape>(
    x: Tensor<S> & Fits<GluShape<S, Axis>>,
  ): Tensor<ShapeOr<GluShape<S, Axis>>> {
    return glu(x, this.axis) as Tensor<ShapeOr<GluShape<S, Axis>>>
  }

  protected override describe(): string {
    return `axis=${this.axis}`
  }
}
