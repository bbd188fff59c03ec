/** Methods of Tensor that move elements: thin wrappers over `ops/shape`. */
import type { Shape } from '../core/shape.js'
import { type PadMode, pad } from '../ops/padding.js'
import * as rearranging from '../ops/rearranging.js'
import * as ops from '../ops/shape.js'
import * as slicing from '../ops/slicing.js'
import { type TensorBase, wrap } from './base.js'
import { ElementwiseMethods } from './elementwise-methods.js'
import type {
  Fits,
  Permute,
  PermuteResult,
  Reshape,
  Squeeze,
  Transpose,
  TransposeResult,
  Unsqueeze,
  UnsqueezeResult,
} from './shape-types.js'
import type { Tensor } from './tensor.js'

export class ShapeMethods<S extends Shape = Shape> extends ElementwiseMethods<S> {
  /** The elements in row-major order in another shape; one size may be -1. */
  reshape<const T extends Shape>(shape: T): Tensor<Reshape<T>> {
    return wrap(ops.reshape(this.node, shape)) as Tensor<Reshape<T>>
  }

  /** The same as `reshape`. */
  view<const T extends Shape>(shape: T): Tensor<Reshape<T>> {
    return this.reshape(shape)
  }

  /** Joins the axes from `startDim` to `endDim`. */
  flatten(startDim = 0, endDim = -1): Tensor {
    return wrap(ops.flatten(this.node, startDim, endDim))
  }

  /** Swaps two axes. */
  transpose<A extends Shape, const P extends number, const Q extends number>(
    this: TensorBase<A> & Fits<TransposeResult<A, P, Q>>,
    a: P,
    b: Q,
  ): Tensor<Transpose<A, P, Q>> {
    return wrap(ops.transpose(this.node, a, b)) as Tensor<Transpose<A, P, Q>>
  }

  /** Output axis i is input axis axes[i]. */
  permute<A extends Shape, const P extends readonly number[]>(
    this: TensorBase<A> & Fits<PermuteResult<A, P>>,
    axes: P,
  ): Tensor<Permute<A, P>> {
    return wrap(ops.permute(this.node, axes)) as Tensor<Permute<A, P>>
  }

  /** All axes in reverse order: the transpose of a matrix. (`transpose(0, 1)` keeps literal sizes, this does not.) */
  get T(): Tensor {
    return wrap(ops.T(this.node))
  }

  /** Drops an axis of size 1, or all of them. */
  squeeze<A extends Shape, const X extends number | readonly number[] | undefined = undefined>(
    this: TensorBase<A>,
    axis?: X,
  ): Tensor<Squeeze<A, X>> {
    return wrap(ops.squeeze(this.node, axis)) as Tensor<Squeeze<A, X>>
  }

  /** Inserts an axis of size 1. */
  unsqueeze<A extends Shape, const X extends number>(
    this: TensorBase<A> & Fits<UnsqueezeResult<A, X>>,
    axis: X,
  ): Tensor<Unsqueeze<A, X>> {
    return wrap(ops.unsqueeze(this.node, axis)) as Tensor<Unsqueeze<A, X>>
  }

  /** Repeats axes of size 1 up to `shape`; -1 keeps a size. */
  expand(shape: Shape): Tensor {
    return wrap(ops.expand(this.node, shape))
  }

  /** Broadcasts to `shape`. */
  broadcastTo<const T extends Shape>(shape: T): Tensor<T> {
    return wrap(ops.broadcastTo(this.node, shape)) as Tensor<T>
  }

  /** Elements start, start + step, … up to but without `stop` along an axis; negative bounds count from the end. */
  slice(axis: number, start?: number, stop?: number, step?: number): Tensor {
    return wrap(slicing.slice(this.node, axis, start, stop, step))
  }

  /** `length` elements from `start` along an axis. */
  narrow(axis: number, start: number, length: number): Tensor {
    return wrap(slicing.narrow(this.node, axis, start, length))
  }

  /** One position of an axis; the axis goes away. */
  select(axis: number, index: number): Tensor {
    return wrap(slicing.select(this.node, axis, index))
  }

  /** Reverses the axes. */
  flip(axes: number | readonly number[]): Tensor<S> {
    return wrap(rearranging.flip(this.node, typeof axes === 'number' ? [axes] : axes)) as Tensor<S>
  }

  /** Pads as PyTorch: pairs (low, high) from the last axis backwards; negative crops. Default mode 'constant', value 0. */
  pad(padding: readonly number[], options?: { mode?: PadMode; value?: number }): Tensor {
    return wrap(pad(this.node, padding, options))
  }

  /** Rotates the elements along an axis. */
  roll(shift: number | readonly number[], axis?: number | readonly number[]): Tensor<S> {
    return wrap(rearranging.roll(this.node, shift, axis)) as Tensor<S>
  }

  /** Pieces of the given sizes (or of one size, the last one smaller). */
  split(sizes: number | readonly number[], axis = 0): Tensor[] {
    return slicing.split(this.node, sizes, axis).map(wrap)
  }

  /** At most `n` pieces of equal size, the last one smaller. */
  chunk(n: number, axis = 0): Tensor[] {
    return slicing.chunk(this.node, n, axis).map(wrap)
  }

  /** Swaps the last two axes. */
  get mT(): Tensor {
    return wrap(ops.mT(this.node))
  }

  /** Moves one axis to another place. */
  moveaxis(source: number, destination: number): Tensor {
    return wrap(ops.moveaxis(this.node, source, destination))
  }

  /** Splits one axis into several; one size may be -1. */
  unflatten(axis: number, sizes: Shape): Tensor {
    return wrap(ops.unflatten(this.node, axis, sizes))
  }

  /** The tensor `repeats[i]` times along each axis. */
  repeat(repeats: readonly number[]): Tensor {
    return wrap(rearranging.repeat(this.node, repeats))
  }

  /** Each element `repeats` times in a row along an axis. */
  repeatInterleave(repeats: number, axis: number): Tensor {
    return wrap(rearranging.repeatInterleave(this.node, repeats, axis))
  }

  /** Every position of an axis as a tensor of its own. */
  unbind(axis = 0): Tensor[] {
    return slicing.unbind(this.node, axis).map(wrap)
  }
}
