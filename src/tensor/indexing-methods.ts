/** Methods of Tensor that multiply matrices, index and sort: wrappers over `ops/linear-algebra` and `ops/indexing`. */
import type { Shape } from '../core/shape.js'
import * as ops from '../ops/indexing.js'
import * as linear from '../ops/linear-algebra.js'
import { type Operand, operand, type TensorBase, wrap } from './base.js'
import { ActivationMethods } from './activation-methods.js'
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
  matmul(other: TensorBase): Tensor {
    return wrap(linear.matmul(this.node, other.node))
  }

  /** The inner product of two vectors. */
  dot(other: TensorBase): Tensor {
    return wrap(linear.dot(this.node, other.node))
  }

  // ---------------------------------------------------------------- indexing

  /** out[i][j] = this[index[i][j]][j] for axis 0, and likewise for others. */
  gather(axis: number, index: TensorBase): Tensor {
    return wrap(ops.gather(this.node, axis, index.node))
  }

  /** This tensor with this[index[i][j]][j] = src[i][j] for axis 0, and likewise for others. */
  scatter(axis: number, index: TensorBase, src: Operand): Tensor<S> {
    return wrap(ops.scatter(this.node, axis, index.node, operand(src))) as Tensor<S>
  }

  /** This tensor with src[i][j] added at this[index[i][j]][j] for axis 0, and likewise for others. */
  scatterAdd(axis: number, index: TensorBase, src: TensorBase): Tensor<S> {
    return wrap(ops.scatterAdd(this.node, axis, index.node, src.node)) as Tensor<S>
  }

  /** The positions named by a vector of indices along an axis. */
  indexSelect(axis: number, index: TensorBase): Tensor {
    return wrap(ops.indexSelect(this.node, axis, index.node))
  }

  /** `value` where the mask is true, this elsewhere. */
  maskedFill(mask: TensorBase, value: Operand): Tensor<S> {
    return wrap(ops.maskedFill(this.node, mask.node, operand(value))) as Tensor<S>
  }

  /** A new last axis with 1 at the class and 0 elsewhere (i64). */
  oneHot(numClasses: number): Tensor {
    return wrap(ops.oneHot(this.node, numClasses))
  }

  /** The k largest (or smallest) elements along an axis, in order, and their indices. */
  topk(k: number, { axis = -1, largest = true }: TopkOptions = {}): { values: Tensor; indices: Tensor } {
    const { values, indices } = ops.topk(this.node, k, axis, largest)
    return { values: wrap(values), indices: wrap(indices) }
  }

  /** The elements in order along an axis (stable), and their indices. */
  sort({ axis = -1, descending = false }: SortOptions = {}): { values: Tensor; indices: Tensor } {
    const { values, indices } = ops.sort(this.node, axis, descending)
    return { values: wrap(values), indices: wrap(indices) }
  }
}
