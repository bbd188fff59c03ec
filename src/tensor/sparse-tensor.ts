/** What sparse tensors of every layout have: values at coordinates, and what can be computed from those. */
import type { DType } from '../core/dtype.js'
import { ShapeError, ValueError } from '../core/errors.js'
import { formatShape, type Shape, sameShape, sizeOf } from '../core/shape.js'
import * as ops from '../ops/sparse.js'
import { nodeOf, TensorBase, wrap } from './base.js'
import type { Tensor } from './tensor.js'

/**
 * A tensor of which only some elements are stored; the others are 0. Gradients flow to `values` and to dense operands.
 * Use it inside a compiled step by capturing it, or pass its tensors and build it there.
 */
export abstract class SparseTensor {
  /** The stored elements, (nnz) or (nnz, …dense). */
  readonly values: Tensor
  readonly shape: Shape

  constructor(values: Tensor, shape: Shape) {
    this.values = values
    this.shape = shape
  }

  /** Where the values stand: (sparse axes, nnz), i64. */
  abstract get indices(): Tensor

  /** Whether no coordinate comes twice, and they are in row-major order. */
  abstract get isCoalesced(): boolean

  /** The same coordinates with other values. */
  abstract withValues(values: TensorBase): SparseTensor

  get dtype(): DType {
    return this.values.dtype
  }

  get rank(): number {
    return this.shape.length
  }

  /** How many elements are stored. */
  get nnz(): number {
    return this.values.shape[0]
  }

  /** The row and the column of each element of a sparse matrix. */
  protected matrixIndices(operation: string): { rows: Tensor; columns: Tensor } {
    if (this.shape.length !== 2 || this.values.rank !== 1) {
      throw new ShapeError(
        `${operation}: expected a sparse matrix with single values, got shape ${formatShape(this.shape)} and values ${formatShape(this.values.shape)}.`,
      )
    }
    const { indices } = this
    return { rows: indices.select(0, 0), columns: indices.select(0, 1) }
  }

  /** All elements, zeros included. Values that meet add up. */
  toDense(): Tensor {
    return wrap(ops.sparseToDense(nodeOf(this.indices), nodeOf(this.values), this.shape))
  }

  /** This (m, n) times a dense matrix (n, k) or vector (n): dense. */
  matmul(dense: TensorBase): Tensor {
    const { rows, columns } = this.matrixIndices('sparse matmul')
    return wrap(
      ops.sparseProduct(nodeOf(rows), nodeOf(columns), nodeOf(this.values), nodeOf(dense), this.shape),
    )
  }

  /** This (m, n) times a vector (n). */
  mv(vector: TensorBase): Tensor {
    if (nodeOf(vector).shape.length !== 1) {
      throw new ShapeError(
        `sparse mv: expected a vector, got shape ${formatShape(vector.shape)}. Use matmul.`,
      )
    }
    return this.matmul(vector)
  }

  /** A dense matrix (k, m) or vector (m) times this (m, n): dense. */
  leftMatmul(dense: TensorBase): Tensor {
    const { rows, columns } = this.matrixIndices('sparse leftMatmul')
    const node = nodeOf(dense)
    const turned = node.shape.length === 2 ? wrap(node).transpose(0, 1) : wrap(node)
    const shape = [this.shape[1], this.shape[0]]
    const product = wrap(
      ops.sparseProduct(nodeOf(columns), nodeOf(rows), nodeOf(this.values), nodeOf(turned), shape),
    )
    return node.shape.length === 2 ? product.transpose(0, 1) : product
  }

  /** Values times a number, a 0-d tensor, or the elements of a dense tensor of the same shape. */
  mul(other: TensorBase | number): this {
    return this.scaled('mul', other, (values, x) => values.mul(x))
  }

  /** Values divided by a number, a 0-d tensor, or the elements of a dense tensor of the same shape. */
  div(other: TensorBase | number): this {
    return this.scaled('div', other, (values, x) => values.div(x))
  }

  private scaled(
    operation: string,
    other: TensorBase | number,
    combine: (values: Tensor, x: Tensor | number) => Tensor,
  ): this {
    let factor: Tensor | number
    if (typeof other === 'number') factor = other
    else if (nodeOf(other).shape.length === 0) factor = wrap(nodeOf(other))
    else if (sameShape(other.shape, this.shape)) factor = this.valuesAt(other)
    else {
      throw new ShapeError(
        `sparse ${operation}: expected a number, a 0-d tensor or shape ${formatShape(this.shape)}, got ${formatShape(other.shape)}.`,
      )
    }
    return this.withValues(combine(this.values, factor)) as this
  }

  /** The elements of a dense tensor of this shape at this tensor's coordinates: (nnz, …). */
  valuesAt(dense: TensorBase): Tensor {
    return wrap(ops.valuesAt(nodeOf(dense), nodeOf(this.indices)))
  }

  /** The same coordinates with a function of the values. What is not stored stays 0, so f(0) should be 0. */
  mapValues(fn: (values: Tensor) => Tensor): this {
    return this.withValues(fn(this.values)) as this
  }

  /** The negated values. */
  neg(): this {
    return this.mapValues((values) => values.neg())
  }

  /** The sum over the axes (default all) as a dense tensor. */
  sum(axis?: number | readonly number[] | null): Tensor {
    return wrap(ops.sparseSum(nodeOf(this.indices), nodeOf(this.values), this.shape, axis))
  }

  /** The softmax along an axis over the stored values; what is not stored stays 0, as in `torch.sparse.softmax`. */
  softmax(axis = -1): this {
    return this.softmaxOf('softmax', axis, false)
  }

  /** ln softmax along an axis over the stored values. */
  logSoftmax(axis = -1): this {
    return this.softmaxOf('logSoftmax', axis, true)
  }

  private softmaxOf(operation: string, axis: number, log: boolean): this {
    if (!this.isCoalesced) {
      throw new ValueError(
        `sparse ${operation}: expected a coalesced tensor, in which no coordinate comes twice. Call await x.coalesce() first.`,
      )
    }
    if (this.values.rank !== 1) {
      throw new ShapeError(
        `sparse ${operation}: expected single values, got values of shape ${formatShape(this.values.shape)}.`,
      )
    }
    return this.withValues(
      wrap(ops.sparseSoftmax(nodeOf(this.indices), nodeOf(this.values), this.shape, axis, log)),
    ) as this
  }

  /** A dense tensor of this shape plus this one. */
  addTo(dense: TensorBase): Tensor {
    if (!sameShape(nodeOf(dense).shape, this.shape)) {
      throw new ShapeError(
        `sparse add: expected shape ${formatShape(this.shape)}, got ${formatShape(dense.shape)}.`,
      )
    }
    return this.toDense().add(wrap(nodeOf(dense)))
  }

  /** The part of all elements that is stored. */
  get density(): number {
    return this.nnz / Math.max(1, sizeOf(this.shape.slice(0, this.shape.length - this.values.rank + 1)))
  }
}

/** Throws unless `x` is a dense tensor. */
export function requireDense(operation: string, x: unknown): asserts x is TensorBase {
  if (x instanceof TensorBase) return
  throw new ValueError(
    `${operation}: expected a dense tensor, got ${x instanceof SparseTensor ? 'a sparse one' : String(x)}.`,
  )
}
