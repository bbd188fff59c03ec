/** The functions of linear algebra that PyTorch has beside `torch.linalg`: wrappers over `ops/`. */

import type { Shape } from '../core/shape.js'
import * as determinant from '../ops/determinant.js'
import * as distances from '../ops/distances.js'
import * as ops from '../ops/linear-algebra.js'
import * as normalization from '../ops/normalization.js'
import * as solving from '../ops/solving.js'
import { nodeOf, type TensorBase, wrap } from './base.js'
import { liftOne, liftThree, liftTwo } from './lift.js'
import type { BmmResult, MatMul, MatMulResult, MmResult } from './matmul-shapes.js'
import type { Fits, ShapeOr } from './shape-types.js'
import type { Tensor } from './tensor.js'

/** The matrix product, with PyTorch's rules for vectors and batches. */
export const matmul = <A extends Shape, B extends Shape>(
  x: TensorBase<A>,
  y: TensorBase<B> & Fits<MatMulResult<A, B>>,
): Tensor<MatMul<A, B>> => wrap(ops.matmul(nodeOf(x), nodeOf(y))) as Tensor<MatMul<A, B>>
/** (m, n)·(n, p). */
export const mm = <A extends Shape, B extends Shape>(
  x: TensorBase<A>,
  y: TensorBase<B> & Fits<MmResult<A, B>>,
): Tensor<ShapeOr<MmResult<A, B>>> => wrap(ops.mm(nodeOf(x), nodeOf(y))) as Tensor<ShapeOr<MmResult<A, B>>>
/** (B, m, n)·(B, n, p). */
export const bmm = <A extends Shape, B extends Shape>(
  x: TensorBase<A>,
  y: TensorBase<B> & Fits<BmmResult<A, B>>,
): Tensor<ShapeOr<BmmResult<A, B>>> => wrap(ops.bmm(nodeOf(x), nodeOf(y))) as Tensor<ShapeOr<BmmResult<A, B>>>
/** (m, n)·(n). */
export const mv = liftTwo(ops.mv)
/** Σ x·y of two vectors. */
export const dot = liftTwo(ops.dot)
/** Σ x·y of two vectors. */
export const vdot = liftTwo(ops.vdot)
/** Σ x·y over the last axis of both. */
export const inner = liftTwo(ops.inner)
/** x·yᵀ of two vectors. */
export const outer = liftTwo(ops.outer)
/** x·yᵀ of two vectors. */
export const ger = liftTwo(ops.ger)
/** The Kronecker product. */
export const kron = liftTwo(ops.kron)
/** β·input + α·(x·y) of matrices. */
export const addmm = liftThree(ops.addmm)
/** β·input + α·(x·y) of a matrix and a vector. */
export const addmv = liftThree(ops.addmv)
/** β·input + α·x·yᵀ of two vectors. */
export const addr = liftThree(ops.addr)
/** β·input + α·(x·y) of batches of matrices. */
export const baddbmm = liftThree(ops.baddbmm)
/** β·input + α·Σ over the batch of x·y. */
export const addbmm = liftThree(ops.addbmm)
/** Σᵢ x[i, i] of a matrix. */
export const trace = liftOne(ops.trace)
/** ln det A. */
export const logdet = liftOne(determinant.logdet)
/** B's solution, given Cholesky's factor of the matrix: choleskySolve(B, L). */
export const choleskySolve = liftTwo(solving.choleskySolve)
/** The inverse, given Cholesky's factor of the matrix. */
export const choleskyInverse = liftOne(solving.choleskyInverse)
/** All distances between rows of (…, P, M) and (…, R, M). */
export const cdist = liftTwo(distances.cdist)
/** The distances of pairs of rows i < j of (n, m). */
export const pdist = liftOne(distances.pdist)
/** ‖x - y + ε‖ over the last axis. */
export const pairwiseDistance = liftTwo(distances.pairwiseDistance)
/** x·y/(‖x‖·‖y‖) along an axis. */
export const cosineSimilarity = liftTwo(normalization.cosineSimilarity)
/** Correlation coefficients of variables (rows). */
export const corrcoef = liftOne(distances.corrcoef)

export interface CovOptions {
  /** Default 1. */
  readonly correction?: number
  /** How often each observation counts: integers. */
  readonly fweights?: TensorBase | null
  /** How much each observation counts: floats. */
  readonly aweights?: TensorBase | null
}

/** The covariance of variables (rows) over observations (columns). */
export const cov = (x: TensorBase, { correction, fweights, aweights }: CovOptions = {}): Tensor =>
  wrap(
    distances.cov(nodeOf(x), {
      correction,
      fweights: fweights ? nodeOf(fweights) : null,
      aweights: aweights ? nodeOf(aweights) : null,
    }),
  )
