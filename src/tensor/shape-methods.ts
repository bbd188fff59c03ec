/**
 * Methods of Tensor that move elements: thin wrappers over `ops/shape`, `slicing`, `rearranging`, `padding` and
 * `diagonal`.
 */
import { ValueError } from '../core/errors.js'
import { formatShape, normalizeAxis, range, type Shape, sizeOf } from '../core/shape.js'
import { Storage } from '../core/storage.js'
import * as build from '../ir/build.js'
import type { Node } from '../ir/node.js'
import * as diagonals from '../ops/diagonal.js'
import { type PadMode, pad } from '../ops/padding.js'
import * as rearranging from '../ops/rearranging.js'
import * as ops from '../ops/shape.js'
import * as slicing from '../ops/slicing.js'
import { nodeOf, type TensorBase, wrap } from './base.js'
import type { BroadcastResult } from './broadcast-shapes.js'
import { lookAt } from './data-dependent.js'
import type { UnflattenShape } from './image-shapes.js'
import { MathMethods } from './math-methods.js'
import type {
  Expand,
  ExpandResult,
  Flatten,
  FlattenResult,
  NarrowResult,
  Permute,
  PermuteResult,
  Reshape,
  ReshapeResult,
  SelectResult,
  Squeeze,
  Transpose,
  TransposeResult,
  Unsqueeze,
  UnsqueezeResult,
} from './movement-shapes.js'
import type { Fits, ShapeOr } from './shape-types.js'
import type { Tensor } from './tensor.js'
import type { Padded } from './window-shapes.js'

/** Counts of repetition as a node, and their sum: known for a list, looked at for a tensor unless it is given. */
function countsOf(
  repeats: readonly number[] | TensorBase,
  shape: Shape,
  axis: number | null | undefined,
  outputSize: number | undefined,
): { counts: Node; total: number } {
  const operation = 'repeatInterleave'
  const n =
    axis === undefined || axis === null ? sizeOf(shape) : shape[normalizeAxis(axis, shape.length, operation)]
  if (Array.isArray(repeats)) {
    if (!repeats.every((r) => Number.isInteger(r) && r >= 0)) {
      throw new ValueError(`${operation}: expected counts ≥ 0, got ${formatShape(repeats)}.`)
    }
    const storage = new Storage('i32', repeats.length)
    ;(storage.write() as Int32Array).set(repeats)
    const sum = repeats.reduce((s, r) => s + r, 0)
    return { counts: build.buffer(storage, [repeats.length]), total: repeats.length === 1 ? sum * n : sum }
  }
  const counts = nodeOf(repeats as TensorBase)
  if (outputSize !== undefined) return { counts, total: outputSize }
  const sum = build.reduceSum(build.cast(counts, 'i64'), range(counts.shape.length))
  const total = lookAt(operation, 'Pass outputSize, the sum of the counts.', sum)
  return { counts, total: sizeOf(counts.shape) === 1 ? total * n : total }
}

export class ShapeMethods<S extends Shape = Shape> extends MathMethods<S> {
  /** The elements in row-major order in another shape; one size may be -1. */
  reshape<A extends Shape, const T extends Shape>(
    this: TensorBase<A> & Fits<ReshapeResult<A, T>>,
    shape: T,
  ): Tensor<Reshape<T>> {
    return wrap(ops.reshape(this.node, shape)) as Tensor<Reshape<T>>
  }

  /** The same as `reshape`. */
  view<A extends Shape, const T extends Shape>(
    this: TensorBase<A> & Fits<ReshapeResult<A, T, 'view'>>,
    shape: T,
  ): Tensor<Reshape<T>> {
    return wrap(ops.reshape(this.node, shape)) as Tensor<Reshape<T>>
  }

  /** As `reshape`, to the shape of another tensor. */
  reshapeAs<T extends Shape>(other: TensorBase<T>): Tensor<T> {
    return wrap(ops.reshape(this.node, other.shape)) as Tensor<T>
  }

  /** The same as `reshapeAs`. */
  viewAs<T extends Shape>(other: TensorBase<T>): Tensor<T> {
    return this.reshapeAs(other)
  }

  /** All elements in row-major order, 1-d. */
  ravel(): Tensor<readonly [number]> {
    return wrap(ops.ravel(this.node)) as Tensor<readonly [number]>
  }

  /** Joins the axes from `startDim` to `endDim`. */
  flatten<A extends Shape, const P extends number = 0, const Q extends number = -1>(
    this: TensorBase<A> & Fits<FlattenResult<A, P, Q>>,
    startDim?: P,
    endDim?: Q,
  ): Tensor<Flatten<A, P, Q>> {
    return wrap(ops.flatten(this.node, startDim, endDim)) as Tensor<Flatten<A, P, Q>>
  }

  /** Swaps two axes. */
  transpose<A extends Shape, const P extends number, const Q extends number>(
    this: TensorBase<A> & Fits<TransposeResult<A, P, Q>>,
    a: P,
    b: Q,
  ): Tensor<Transpose<A, P, Q>> {
    return wrap(ops.transpose(this.node, a, b)) as Tensor<Transpose<A, P, Q>>
  }

  /** The same as `transpose`. */
  swapaxes<A extends Shape, const P extends number, const Q extends number>(
    this: TensorBase<A> & Fits<TransposeResult<A, P, Q>>,
    a: P,
    b: Q,
  ): Tensor<Transpose<A, P, Q>> {
    return wrap(ops.swapaxes(this.node, a, b)) as Tensor<Transpose<A, P, Q>>
  }

  /** The same as `transpose`. */
  swapdims<A extends Shape, const P extends number, const Q extends number>(
    this: TensorBase<A> & Fits<TransposeResult<A, P, Q>>,
    a: P,
    b: Q,
  ): Tensor<Transpose<A, P, Q>> {
    return wrap(ops.swapdims(this.node, a, b)) as Tensor<Transpose<A, P, Q>>
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
  expand<A extends Shape, const T extends Shape>(
    this: TensorBase<A> & Fits<ExpandResult<A, T>>,
    shape: T,
  ): Tensor<Expand<A, T>> {
    return wrap(ops.expand(this.node, shape)) as Tensor<Expand<A, T>>
  }

  /** Repeats axes of size 1 up to the shape of another tensor. */
  expandAs<T extends Shape>(other: TensorBase<T>): Tensor<T> {
    return wrap(ops.expand(this.node, other.shape)) as Tensor<T>
  }

  /** Broadcasts to `shape`. */
  broadcastTo<A extends Shape, const T extends Shape>(
    this: TensorBase<A> & Fits<BroadcastResult<A, T, 'broadcastTo'>>,
    shape: T,
  ): Tensor<T> {
    return wrap(ops.broadcastTo(this.node, shape)) as Tensor<T>
  }

  /** Elements start, start + step, … up to but without `stop` along an axis; negative bounds count from the end. */
  slice(axis: number, start?: number, stop?: number, step?: number): Tensor {
    return wrap(slicing.slice(this.node, axis, start, stop, step))
  }

  /** `length` elements from `start` along an axis. */
  narrow<A extends Shape, const X extends number, const N extends number>(
    this: TensorBase<A> & Fits<NarrowResult<A, X, N>>,
    axis: X,
    start: number,
    length: N,
  ): Tensor<ShapeOr<NarrowResult<A, X, N>>> {
    return wrap(slicing.narrow(this.node, axis, start, length)) as Tensor<ShapeOr<NarrowResult<A, X, N>>>
  }

  /** One position of an axis; the axis goes away. */
  select<A extends Shape, const X extends number>(
    this: TensorBase<A> & Fits<SelectResult<A, X>>,
    axis: X,
    index: number,
  ): Tensor<ShapeOr<SelectResult<A, X>>> {
    return wrap(slicing.select(this.node, axis, index)) as Tensor<ShapeOr<SelectResult<A, X>>>
  }

  /** Reverses the axes. */
  flip(axes: number | readonly number[]): Tensor<S> {
    return wrap(rearranging.flip(this.node, typeof axes === 'number' ? [axes] : axes)) as Tensor<S>
  }

  /** Reverses axis 1. */
  fliplr(): Tensor<S> {
    return wrap(rearranging.fliplr(this.node)) as Tensor<S>
  }

  /** Reverses axis 0. */
  flipud(): Tensor<S> {
    return wrap(rearranging.flipud(this.node)) as Tensor<S>
  }

  /** Rotates by k quarter turns (default 1) in the plane of two axes (default [0, 1]), from the first to the second. */
  rot90(k?: number, axes?: readonly number[]): Tensor {
    return wrap(rearranging.rot90(this.node, k, axes))
  }

  /** Pads as PyTorch: pairs (low, high) from the last axis backwards; negative crops. Default mode 'constant', value 0. */
  pad<A extends Shape, const P extends readonly number[]>(
    this: TensorBase<A>,
    padding: P,
    options?: { mode?: PadMode; value?: number },
  ): Tensor<Padded<A, P>> {
    return wrap(pad(this.node, padding, options)) as Tensor<Padded<A, P>>
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

  /** Moves axes (one, or as many as there are destinations) to other places; the others keep their order. */
  moveaxis(source: number | readonly number[], destination: number | readonly number[]): Tensor {
    return wrap(ops.moveaxis(this.node, source, destination))
  }

  /** The same as `moveaxis`. */
  movedim(source: number | readonly number[], destination: number | readonly number[]): Tensor {
    return wrap(ops.movedim(this.node, source, destination))
  }

  /** Splits one axis into several; one size may be -1. */
  unflatten<A extends Shape, const X extends number, const T extends Shape>(
    this: TensorBase<A> & Fits<UnflattenShape<A, X, T, 'unflatten'>>,
    axis: X,
    sizes: T,
  ): Tensor<ShapeOr<UnflattenShape<A, X, T, 'unflatten'>>> {
    return wrap(ops.unflatten(this.node, axis, sizes)) as Tensor<
      ShapeOr<UnflattenShape<A, X, T, 'unflatten'>>
    >
  }

  /** The tensor `repeats[i]` times along each axis. */
  repeat(repeats: readonly number[]): Tensor {
    return wrap(rearranging.repeat(this.node, repeats))
  }

  /** As `repeat`, but fewer counts than axes mean the last axes, as in NumPy. */
  tile(repeats: readonly number[]): Tensor {
    return wrap(rearranging.tile(this.node, repeats))
  }

  /**
   * Each element `repeats` times in a row along an axis (without one: of the flattened tensor). A list or a 1-d integer
   * tensor gives a count for each position; the sum of a tensor is looked at, unless `outputSize` says what it is.
   */
  repeatInterleave(
    repeats: number | readonly number[] | TensorBase,
    axis?: number | null,
    { outputSize }: rearranging.RepeatInterleaveOptions = {},
  ): Tensor {
    if (typeof repeats === 'number') return wrap(rearranging.repeatInterleave(this.node, repeats, axis))
    const { counts, total } = countsOf(repeats, this.node.shape, axis, outputSize)
    return wrap(rearranging.repeatInterleave(this.node, counts, axis, { outputSize: total }))
  }

  /** Every position of an axis as a tensor of its own. */
  unbind(axis = 0): Tensor[] {
    return slicing.unbind(this.node, axis).map(wrap)
  }

  /**
   * Pieces along an axis: that many, with sizes that differ by at most one, or beginning at the listed positions.
   */
  tensorSplit(indicesOrSections: number | readonly number[], axis = 0): Tensor[] {
    return slicing.tensorSplit(this.node, indicesOrSections, axis).map(wrap)
  }

  /** Pieces along axis 1 (axis 0 of a vector): that many of equal size, or beginning at the listed positions. */
  hsplit(indicesOrSections: number | readonly number[]): Tensor[] {
    return slicing.hsplit(this.node, indicesOrSections).map(wrap)
  }

  /** Pieces along axis 0: that many of equal size, or beginning at the listed positions. */
  vsplit(indicesOrSections: number | readonly number[]): Tensor[] {
    return slicing.vsplit(this.node, indicesOrSections).map(wrap)
  }

  /** Pieces along axis 2: that many of equal size, or beginning at the listed positions. */
  dsplit(indicesOrSections: number | readonly number[]): Tensor[] {
    return slicing.dsplit(this.node, indicesOrSections).map(wrap)
  }

  /** The same values in a tensor of its own; gradients flow back. */
  clone(): Tensor<S> {
    return wrap(ops.clone(this.node)) as Tensor<S>
  }

  /** The same values: tensors are always in row-major order. */
  contiguous(): Tensor<S> {
    return wrap(ops.contiguous(this.node)) as Tensor<S>
  }

  // ---------------------------------------------------------------- diagonals

  /** The diagonal of a matrix, or a matrix with this vector on its diagonal. */
  diag(offset = 0): Tensor {
    return wrap(diagonals.diag(this.node, offset))
  }

  /** The diagonal over two axes, as a new last axis. */
  diagonal(offset = 0, axisA = 0, axisB = 1): Tensor {
    return wrap(diagonals.diagonal(this.node, offset, axisA, axisB))
  }

  /** Matrices with the last axis on their diagonal; rows and columns become the given axes, by default the last two. */
  diagEmbed(offset = 0, axisA = -2, axisB = -1): Tensor {
    return wrap(diagonals.diagEmbed(this.node, offset, axisA, axisB))
  }

  /** A matrix with all elements on its diagonal. */
  diagflat(offset = 0): Tensor {
    return wrap(diagonals.diagflat(this.node, offset))
  }

  /** The lower triangle of the last two axes, 0 elsewhere. */
  tril(diagonal = 0): Tensor<S> {
    return wrap(diagonals.tril(this.node, diagonal)) as Tensor<S>
  }

  /** The upper triangle of the last two axes, 0 elsewhere. */
  triu(diagonal = 0): Tensor<S> {
    return wrap(diagonals.triu(this.node, diagonal)) as Tensor<S>
  }
}
