/** Methods of Tensor that multiply matrices, index and sort: wrappers over `ops/linear-algebra` and `ops/indexing`. */
import type { DType } from '../core/dtype.js'
import type { Shape } from '../core/shape.js'
import * as diagonals from '../ops/diagonal.js'
import * as ops from '../ops/indexing.js'
import * as linear from '../ops/linear-algebra.js'
import * as masking from '../ops/masking.js'
import * as writing from '../ops/scattering.js'
import * as sorting from '../ops/sorting.js'
import { ActivationMethods } from './activation-methods.js'
import { nodeOf, type Operand, operand, type TensorBase, wrap } from './base.js'
import type { Fits, MatMul, MatMulResult } from './shape-types.js'
import type { Tensor } from './tensor.js'

export interface SortOptions {
  /** Default -1. */
  readonly axis?: number
  /** Default false. */
  readonly descending?: boolean
}

export interface TopkOptions {
  /** Default -1. */
  readonly axis?: number
  /** The largest (default) or the smallest. */
  readonly largest?: boolean
}

export class IndexingMethods<S extends Shape = Shape> extends ActivationMethods<S> {
  // ---------------------------------------------------------------- linear algebra

  /** The matrix product, with PyTorch's rules for vectors and batches. */
  matmul<A extends Shape, B extends Shape>(
    this: TensorBase<A>,
    other: TensorBase<B> & Fits<MatMulResult<A, B>>,
  ): Tensor<MatMul<A, B>> {
    return wrap(linear.matmul(this.node, nodeOf(other))) as Tensor<MatMul<A, B>>
  }

  /** The inner product of two vectors. */
  dot(other: TensorBase): Tensor {
    return wrap(linear.dot(this.node, nodeOf(other)))
  }

  /** The outer product of two vectors. */
  outer(other: TensorBase): Tensor {
    return wrap(linear.outer(this.node, nodeOf(other)))
  }

  /** The product of two batches of matrices. */
  bmm(other: TensorBase): Tensor {
    return wrap(linear.bmm(this.node, nodeOf(other)))
  }

  /** The diagonal over two axes, as a new last axis. */
  diagonal(offset = 0, axisA = 0, axisB = 1): Tensor {
    return wrap(diagonals.diagonal(this.node, offset, axisA, axisB))
  }

  /** The sum of a matrix's diagonal. */
  trace(): Tensor {
    return wrap(linear.trace(this.node))
  }

  /** The lower triangle of the last two axes, 0 elsewhere. */
  tril(diagonal = 0): Tensor<S> {
    return wrap(diagonals.tril(this.node, diagonal)) as Tensor<S>
  }

  /** The upper triangle of the last two axes, 0 elsewhere. */
  triu(diagonal = 0): Tensor<S> {
    return wrap(diagonals.triu(this.node, diagonal)) as Tensor<S>
  }

  // ---------------------------------------------------------------- indexing

  /** out[i][j] = this[index[i][j]][j] for axis 0, and likewise for others. */
  gather(axis: number, index: TensorBase): Tensor {
    return wrap(ops.gather(this.node, axis, nodeOf(index)))
  }

  /** This tensor with this[index[i][j]][j] = src[i][j] for axis 0, and likewise for others. */
  scatter(axis: number, index: TensorBase, src: Operand): Tensor<S> {
    return wrap(writing.scatter(this.node, axis, nodeOf(index), operand(src))) as Tensor<S>
  }

  /** This tensor with src[i][j] added at this[index[i][j]][j] for axis 0, and likewise for others. */
  scatterAdd(axis: number, index: TensorBase, src: TensorBase): Tensor<S> {
    return wrap(writing.scatterAdd(this.node, axis, nodeOf(index), nodeOf(src))) as Tensor<S>
  }

  /** This tensor combined with src[i][j] at this[index[i][j]][j] by 'sum', 'prod', 'mean', 'amax' or 'amin'. */
  scatterReduce(
    axis: number,
    index: TensorBase,
    src: TensorBase,
    reduce: writing.ScatterReduction,
    options?: { includeSelf?: boolean },
  ): Tensor<S> {
    return wrap(
      writing.scatterReduce(this.node, axis, nodeOf(index), nodeOf(src), reduce, options),
    ) as Tensor<S>
  }

  /** This tensor with the rows of `src` added at the positions of a vector of indices along an axis. */
  indexAdd(axis: number, index: TensorBase, src: TensorBase): Tensor<S> {
    return wrap(writing.indexAdd(this.node, axis, nodeOf(index), nodeOf(src))) as Tensor<S>
  }

  /** The elements at flat positions. */
  take(index: TensorBase): Tensor {
    return wrap(ops.take(this.node, nodeOf(index)))
  }

  /** The positions named by a vector of indices along an axis. */
  indexSelect(axis: number, index: TensorBase): Tensor {
    return wrap(ops.indexSelect(this.node, axis, nodeOf(index)))
  }

  /** `value` where the mask is true, this elsewhere. */
  maskedFill(mask: TensorBase, value: Operand): Tensor<S> {
    return wrap(masking.maskedFill(this.node, nodeOf(mask), operand(value))) as Tensor<S>
  }

  /** A new last axis with 1 at the class and 0 elsewhere (i64 by default). */
  oneHot(numClasses: number, options?: { dtype?: DType }): Tensor {
    return wrap(ops.oneHot(this.node, numClasses, options))
  }

  /** The k largest (or smallest) elements along an axis, in order, and their indices. */
  topk(k: number, options?: TopkOptions): { values: Tensor; indices: Tensor } {
    const { values, indices } = sorting.topk(this.node, k, options)
    return { values: wrap(values), indices: wrap(indices) }
  }

  /** The elements in order along an axis (stable), and their indices. */
  sort(options?: SortOptions): { values: Tensor; indices: Tensor } {
    const { values, indices } = sorting.sort(this.node, options)
    return { values: wrap(values), indices: wrap(indices) }
  }

  /** The indices that put the elements in order along an axis (stable). */
  argsort(options?: SortOptions): Tensor {
    return wrap(sorting.argsort(this.node, options))
  }
}
