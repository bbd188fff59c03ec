/**
 * Splits one axis into several.
 */
import { formatShape, normalizeAxis, type Shape, sizeOf } from '../core/shape.js'
import type { UnflattenRule, UnflattenShape } from '../tensor/image-shapes.js'
import type { BaseRule } from '../tensor/layer-shapes.js'
import type { Fits, ShapeOr } from '../tensor/shape-types.js'
import type { Tensor } from '../tensor/tensor.js'
import { checkAxis, checkInput } from './check-input.js'
import { Module } from './module.js'
import { checkSizes } from './tuple.js'

/** Splits axis `dim` into `sizes`, whose product is its size: the reverse of `Flatten`. */
export class Unflatten<Axis extends number = number, const Sizes extends Shape = Shape> extends Module {
  /** @internal What it does to shapes, for Sequential. */
  '~shapes'?(rule: UnflattenRule<Axis, Sizes> | BaseRule): readonly [Axis, Sizes]
  readonly dim: number
  readonly sizes: Shape

  constructor(dim: Axis, sizes: Sizes) {
    super()
    checkAxis('Unflatten', 'dim', dim)
    checkSizes('Unflatten sizes', sizes, 0)
    this.dim = dim
    this.sizes = [...sizes]
  }

  override forward<S extends Shape>(
    x: Tensor<S> & Fits<UnflattenShape<S, Axis, Sizes>>,
  ): Tensor<ShapeOr<UnflattenShape<S, Axis, Sizes>>> {
    const axis = normalizeAxis(this.dim, x.rank, 'Unflatten')
    checkInput(
      'Unflatten',
      x,
      x.shape[axis] === sizeOf(this.sizes),
      `with ${sizeOf(this.sizes)} at axis ${axis}`,
    )
    return (x as Tensor).reshape([
      ...x.shape.slice(0, axis),
      ...this.sizes,
      ...x.shape.slice(axis + 1),
    ]) as Tensor<ShapeOr<UnflattenShape<S, Axis, Sizes>>>
  }

  protected override describe(): string {
    return `dim=${this.dim}, sizes=${formatShape(this.sizes)}`
  }
}
