/** Methods of Tensor for linear algebra: products, inverse, factorizations. Wrappers over `ops/` and `linalg`. */
import type { Shape } from '../core/shape.js'
import { pinv, type ToleranceOptions } from '../ops/decomposition-svd.js'
import * as determinant from '../ops/determinant.js'
import { cross as crossOf } from '../ops/distances.js'
import * as ops from '../ops/linear-algebra.js'
import { matrixExp as matrixExpOf, matrixPower as matrixPowerOf } from '../ops/matrix-functions.js'
import { matrixNorm } from '../ops/norms.js'
import { type Axes, norm as normOf, type ReduceOptions } from '../ops/reductions.js'
import * as solving from '../ops/solving.js'
import { nodeOf, type TensorBase, wrap } from './base.js'
import type { MmResult } from './matmul-shapes.js'
import { SelectionMethods } from './selection-methods.js'
import type { Fits, ShapeOr } from './shape-types.js'
import type { Tensor } from './tensor.js'

export class LinearAlgebraMethods<S extends Shape = Shape> extends SelectionMethods<S> {
  /** (m, n)·(n, p). */
  mm<A extends Shape, B extends Shape>(
    this: TensorBase<A>,
    other: TensorBase<B> & Fits<MmResult<A, B>>,
  ): Tensor<ShapeOr<MmResult<A, B>>> {
    return wrap(ops.mm(this.node, nodeOf(other))) as Tensor<ShapeOr<MmResult<A, B>>>
  }

  /** (m, n)·(n). */
  mv(vector: TensorBase): Tensor {
    return wrap(ops.mv(this.node, nodeOf(vector)))
  }

  /** Σ x·y of two vectors. */
  vdot(other: TensorBase): Tensor {
    return wrap(ops.vdot(this.node, nodeOf(other)))
  }

  /** Σ x·y over the last axis of both. */
  inner(other: TensorBase): Tensor {
    return wrap(ops.inner(this.node, nodeOf(other)))
  }

  /** x·yᵀ of two vectors. */
  ger(other: TensorBase): Tensor {
    return wrap(ops.ger(this.node, nodeOf(other)))
  }

  /** The Kronecker product. */
  kron(other: TensorBase): Tensor {
    return wrap(ops.kron(this.node, nodeOf(other)))
  }

  /** x × y of vectors of 3 along an axis, default the last. */
  cross(other: TensorBase, axis?: number): Tensor {
    return wrap(crossOf(this.node, nodeOf(other), axis))
  }

  /** β·this + α·(x·y) of matrices. */
  addmm(x: TensorBase, y: TensorBase, options?: ops.AddProductOptions): Tensor {
    return wrap(ops.addmm(this.node, nodeOf(x), nodeOf(y), options))
  }

  /** β·this + α·(x·y) of a matrix and a vector. */
  addmv(x: TensorBase, y: TensorBase, options?: ops.AddProductOptions): Tensor {
    return wrap(ops.addmv(this.node, nodeOf(x), nodeOf(y), options))
  }

  /** β·this + α·x·yᵀ of two vectors. */
  addr(x: TensorBase, y: TensorBase, options?: ops.AddProductOptions): Tensor {
    return wrap(ops.addr(this.node, nodeOf(x), nodeOf(y), options))
  }

  /** β·this + α·(x·y) of batches of matrices. */
  baddbmm(x: TensorBase, y: TensorBase, options?: ops.AddProductOptions): Tensor {
    return wrap(ops.baddbmm(this.node, nodeOf(x), nodeOf(y), options))
  }

  /** β·this + α·Σ over the batch of x·y. */
  addbmm(x: TensorBase, y: TensorBase, options?: ops.AddProductOptions): Tensor {
    return wrap(ops.addbmm(this.node, nodeOf(x), nodeOf(y), options))
  }

  /** A⁻¹ of each matrix. A singular one is an error when it is computed. */
  inverse(): Tensor<S> {
    return wrap(solving.inv(this.node)) as Tensor<S>
  }

  /** The Moore-Penrose inverse of each matrix. */
  pinverse(options?: ToleranceOptions): Tensor {
    return wrap(pinv(this.node, options))
  }

  /** The determinant of each matrix. */
  det(): Tensor {
    return wrap(determinant.det(this.node))
  }

  /** ln det A of each matrix; NaN for negative determinants. */
  logdet(): Tensor {
    return wrap(determinant.logdet(this.node))
  }

  /** Aⁿ of each matrix, for an integer n. */
  matrixPower(n: number): Tensor<S> {
    return wrap(matrixPowerOf(this.node, n)) as Tensor<S>
  }

  /** e^A of each matrix. */
  matrixExp(): Tensor<S> {
    return wrap(matrixExpOf(this.node)) as Tensor<S>
  }

  /**
   * The p-norm over the axes (default all): a number, 'fro' (the default: 2) or 'nuc', the sum of the singular values of
   * a matrix or over two axes.
   */
  override norm(p: number | 'fro' | 'nuc' = 2, axis?: Axes | null, options?: ReduceOptions): Tensor {
    if (p === 'nuc') {
      const axes = axis == null ? undefined : typeof axis === 'number' ? [axis] : axis
      return wrap(matrixNorm(this.node, 'nuc', axes, options))
    }
    return wrap(normOf(this.node, p === 'fro' ? 2 : p, axis, options))
  }
}
