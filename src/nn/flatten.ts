/**
 * Joins axes into one.
 */
import type { Shape } from '../core/shape.js'
import type { BaseRule, FlattenRule } from '../tensor/layer-shapes.js'
import type { FlattenResult } from '../tensor/movement-shapes.js'
import type { Fits, ShapeOr } from '../tensor/shape-types.js'
import type { Tensor } from '../tensor/tensor.js'
import { Module } from './module.js'

/** Joins the axes `startDim` (default 1) to `endDim` (default -1): (N, C, H, W) becomes (N, C·H·W). */
export class Flatten<Start extends number = 1, End extends number = -1> extends Module {
  /** @internal What it does to shapes, for Sequential. */
  '~shapes'?(rule: FlattenRule<Start, End> | BaseRule): void
  readonly startDim: number
  readonly endDim: number

  constructor(startDim: Start = 1 as Start, endDim: End = -1 as End) {
    super()
    this.startDim = startDim
    this.endDim = endDim
  }

  override forward<S extends Shape>(
    x: Tensor<S> & Fits<FlattenResult<S, Start, End>>,
  ): Tensor<ShapeOr<FlattenResult<S, Start, End>>> {
    return (x as Tensor).flatten(this.startDim, this.endDim) as Tensor<ShapeOr<FlattenResult<S, Start, End>>>
  }

  protected override describe(): string {
    return `startDim=${this.startDim}, endDim=${this.endDim}`
  }
}
