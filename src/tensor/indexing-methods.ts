/**
 * Methods of Tensor that multiply matrices, and that read and write at positions: wrappers over `ops/linear-algebra`,
 * `ops/indexing` and `ops/scattering`.
 */
import type { DType } from '../core/dtype.js'
import type { Shape } from '../core/shape.js'
import * as ops from '../ops/indexing.js'
import * as linear from '../ops/linear-algebra.js'
import * as writing from '../ops/scattering.js'
import { ActivationMethods } from './activation-methods.js'
import { nodeOf, type Operand, operand, type TensorBase, wrap } from './base.js'
import type { BmmResult, MatMul, MatMulResult } from './matmul-shapes.js'
import type { Fits, ShapeOr } from './shape-types.js'
import type { Tensor } from './tensor.js'

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

  /** (B, m, k)·(B, k, n): the product of two batches of matrices. */
  bmm<A extends Shape, B extends Shape>(
    this: TensorBase<A>,
    other: TensorBase<B> & Fits<BmmResult<A, B>>,
  ): Tensor<ShapeOr<BmmResult<A, B>>> {
    return wrap(linear.bmm(this.node, nodeOf(other))) as Tensor<ShapeOr<BmmResult<A, B>>>
  }

  /** The sum of a matrix's diagonal. */
  trace(): Tensor {
    return wrap(linear.trace(this.node))
  }

  // ---------------------------------------------------------------- reading

  /** out[i][j] = this[index[i][j]][j] for axis 0, and likewise for others. */
  gather<I extends Shape>(axis: number, index: TensorBase<I>): Tensor<I> {
    return wrap(ops.gather(this.node, axis, nodeOf(index))) as Tensor<I>
  }

  /** The positions named by a vector of indices along an axis. */
  indexSelect(axis: number, index: TensorBase): Tensor {
    return wrap(ops.indexSelect(this.node, axis, nodeOf(index)))
  }

  /** The elements of the flattened tensor at the positions, which may be negative; in the shape of the positions. */
  take<I extends Shape>(index: TensorBase<I>): Tensor<I> {
    return wrap(ops.take(this.node, nodeOf(index))) as Tensor<I>
  }

  /**
   * `gather` with broadcasting outside the axis: what `argsort`, `topk` and `argmax` (with keepdim) return. Without an
   * axis: elements of the flattened tensor.
   */
  takeAlongDim(index: TensorBase, axis?: number | null): Tensor {
    return wrap(ops.takeAlongDim(this.node, nodeOf(index), axis))
  }

  /** A new last axis with 1 at the class and 0 elsewhere (i64 by default). */
  oneHot(numClasses: number, options?: { dtype?: DType }): Tensor {
    return wrap(ops.oneHot(this.node, numClasses, options))
  }

  // ---------------------------------------------------------------- writing

  /**
   * This tensor with this[index[i][j]][j] = src[i][j] for axis 0, and likewise for others; the last of several writes
   * stays. `reduce`: 'add' or 'multiply' combine with what is there.
   */
  scatter(
    axis: number,
    index: TensorBase,
    src: Operand,
    options?: { readonly reduce?: 'add' | 'multiply' },
  ): Tensor<S> {
    return wrap(writing.scatter(this.node, axis, nodeOf(index), operand(src), options)) as Tensor<S>
  }

  /** This tensor with src[i][j] added at this[index[i][j]][j] for axis 0, and likewise for others. */
  scatterAdd(axis: number, index: TensorBase, src: Operand): Tensor<S> {
    return wrap(writing.scatterAdd(this.node, axis, nodeOf(index), operand(src))) as Tensor<S>
  }

  /** This tensor combined with src[i][j] at this[index[i][j]][j] by 'sum', 'prod', 'mean', 'amax' or 'amin'. */
  scatterReduce(
    axis: number,
    index: TensorBase,
    src: TensorBase,
    reduce: writing.ScatterReduction,
    options?: writing.ScatterReduceOptions,
  ): Tensor<S> {
    return wrap(
      writing.scatterReduce(this.node, axis, nodeOf(index), nodeOf(src), reduce, options),
    ) as Tensor<S>
  }

  /** This tensor with `alpha` times the slices of `src` added to those that a vector of indices names along an axis. */
  indexAdd(
    axis: number,
    index: TensorBase,
    src: TensorBase,
    options?: { readonly alpha?: number },
  ): Tensor<S> {
    return wrap(writing.indexAdd(this.node, axis, nodeOf(index), nodeOf(src), options)) as Tensor<S>
  }

  /** This tensor with the slices of `src` in place of those that a vector of indices names along an axis. */
  indexCopy(axis: number, index: TensorBase, src: TensorBase): Tensor<S> {
    return wrap(writing.indexCopy(this.node, axis, nodeOf(index), nodeOf(src))) as Tensor<S>
  }

  /** This tensor with `value` in the slices that a vector of indices names along an axis. */
  indexFill(axis: number, index: TensorBase, value: Operand): Tensor<S> {
    return wrap(writing.indexFill(this.node, axis, nodeOf(index), operand(value))) as Tensor<S>
  }

  /** This tensor with slices of `src` reduced into those that a vector of indices names along an axis. */
  indexReduce(
    axis: number,
    index: TensorBase,
    src: TensorBase,
    reduce: writing.ScatterReduction,
    options?: writing.ScatterReduceOptions,
  ): Tensor<S> {
    return wrap(
      writing.indexReduce(this.node, axis, nodeOf(index), nodeOf(src), reduce, options),
    ) as Tensor<S>
  }

  /** This tensor with the elements of `src` at flat positions, which may be negative; added there with `accumulate`. */
  put(index: TensorBase, src: TensorBase, options?: { readonly accumulate?: boolean }): Tensor<S> {
    return wrap(writing.put(this.node, nodeOf(index), nodeOf(src), options)) as Tensor<S>
  }
}
