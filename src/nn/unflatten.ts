/**
 * Splits one axis into several.
 */
import { formatShape, normalizeAxis, type Shape, sizeOf } from '../core/shape.js'
import type { Tensor } from '../tensor/tensor.js'
import { checkInput } from './check-input.js'
import { Module } from './module.js'

/** Splits axis `dim` into `sizes`, whose product is its size: the reverse of `Flatten`. */
export class Unflatten extends Module {
  readonly dim: number
  readonly sizes: Shape

  constructor(dim: number, sizes: Shape) {
    super()
    this.dim = dim
    this.sizes = [...sizes]
  }

  override forward(x: Tensor): Tensor {
    const axis = normalizeAxis(this.dim, x.rank, 'Unflatten')
    checkInput(
      'Unflatten',
      x,
      x.shape[axis] === sizeOf(this.sizes),
      `with ${sizeOf(this.sizes)} at axis ${axis}`,
    )
    return x.reshape([...x.shape.slice(0, axis), ...this.sizes, ...x.shape.slice(axis + 1)])
  }

  protected override describe(): string {
    return `dim=${this.dim}, sizes=${formatShape(this.sizes)}`
  }
}
