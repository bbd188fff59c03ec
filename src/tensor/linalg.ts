/**
 * `linalg`, as `torch.linalg`: factorizations, solvers, norms. Matrices are the last two axes, all axes before are a
 * batch. Formulas, shapes and errors are documented at the node-level functions of the same names in `ops/`.
 *
 * Elements are f32 or f64; factorizations compute in f64 on the host. A matrix that a function cannot take (singular,
 * not positive definite, NaN) is an error when the values are computed. Complex results have a last axis of 2.
 */
import { ValueError } from '../core/errors.js'
import { cholesky as choleskyOf } from '../ops/decomposition-cholesky.js'
import * as eigen from '../ops/decomposition-eigen.js'
import * as qrs from '../ops/decomposition-qr.js'
import * as svds from '../ops/decomposition-svd.js'
import * as determinant from '../ops/determinant.js'
import * as distances from '../ops/distances.js'
import * as products from '../ops/linear-algebra.js'
import * as functions from '../ops/matrix-functions.js'
import * as norms from '../ops/norms.js'
import * as solving from '../ops/solving.js'
import * as tensors from '../ops/tensor-inverse.js'
import { nodeOf, type TensorBase, wrap } from './base.js'
import { liftOne, liftTwo } from './lift.js'
import type { Tensor } from './tensor.js'

export type { MatrixOrder } from '../ops/norms.js'

// ---------------------------------------------------------------- solving

/** A⁻¹. */
export const inv = liftOne(solving.inv)
/** X with A·X = B; with `left: false` X·A = B. Vectors are right sides, too. */
export const solve = liftTwo(solving.solve)
/** X with A·X = B for a triangular A; say which triangle with `upper`. */
export const solveTriangular = liftTwo(solving.solveTriangular)
/** X of least length with the least ‖A·X - B‖, for A of any shape and rank. */
export function lstsq(
  a: TensorBase,
  b: TensorBase,
  options?: Parameters<typeof solving.lstsq>[2],
): { solution: Tensor; residuals: Tensor; rank: Tensor; singularValues: Tensor } {
  const { solution, residuals, rank, singularValues } = solving.lstsq(nodeOf(a), nodeOf(b), options)
  return {
    solution: wrap(solution),
    residuals: wrap(residuals),
    rank: wrap(rank),
    singularValues: wrap(singularValues),
  }
}
/** The inverse of a tensor that `tensordot` with the first `ind` axes multiplies; default 2. */
export const tensorinv = liftOne(tensors.tensorinv)
/** X with tensordot(A, X, X.rank) = B. */
export const tensorsolve = liftTwo(tensors.tensorsolve)

// ---------------------------------------------------------------- factorizations

/** L with A = L·Lᵀ, or with `upper` U with A = Uᵀ·U. */
export const cholesky = liftOne(choleskyOf)

/** A = Q·R; mode 'reduced' (default), 'complete' or 'r' (then Q is empty). */
export function qr(x: TensorBase, options?: Parameters<typeof qrs.qr>[1]): { Q: Tensor; R: Tensor } {
  const node = nodeOf(x)
  const { Q, R } = qrs.qr(node, options)
  return { Q: wrap(Q ?? qrs.emptyQ(node)), R: wrap(R) }
}

/** A = U·diag(S)·Vh; `fullMatrices: false` leaves out what S does not reach. Default true, as in PyTorch. */
export function svd(
  x: TensorBase,
  options?: Parameters<typeof svds.svd>[1],
): { U: Tensor; S: Tensor; Vh: Tensor } {
  const { U, S, Vh } = svds.svd(nodeOf(x), options)
  return { U: wrap(U), S: wrap(S), Vh: wrap(Vh) }
}

/** The singular values, descending. */
export const svdvals = liftOne(svds.svdvals)

/** A = V·diag(w)·Vᵀ of symmetric matrices: w ascending; one triangle ('L' by default) is read. */
export function eigh(x: TensorBase, uplo?: eigen.Triangle): { eigenvalues: Tensor; eigenvectors: Tensor } {
  const { eigenvalues, eigenvectors } = eigen.eigh(nodeOf(x), uplo)
  return { eigenvalues: wrap(eigenvalues), eigenvectors: wrap(eigenvectors) }
}

/** The eigenvalues of symmetric matrices, ascending. */
export const eigvalsh = liftOne(eigen.eigvalsh)

/** A·V = V·diag(w) of square matrices: complex w (…, n, 2) and V (…, n, n, 2). */
export function eig(x: TensorBase): { eigenvalues: Tensor; eigenvectors: Tensor } {
  const { eigenvalues, eigenvectors } = eigen.eig(nodeOf(x))
  return { eigenvalues: wrap(eigenvalues), eigenvectors: wrap(eigenvectors) }
}

/** The eigenvalues of square matrices: complex (…, n, 2). */
export const eigvals = liftOne(eigen.eigvals)

// ---------------------------------------------------------------- numbers of a matrix

/** The determinant. */
export const det = liftOne(determinant.det)

/** Sign and logarithm of the size of the determinant. */
export function slogdet(x: TensorBase): { sign: Tensor; logabsdet: Tensor } {
  const { sign, logabsdet } = determinant.slogdet(nodeOf(x))
  return { sign: wrap(sign), logabsdet: wrap(logabsdet) }
}

/** The norm of vectors, matrices or all elements: see `vectorNorm` and `matrixNorm`. */
export const norm = liftOne(norms.linalgNorm)
/** (Σ|x|ᵖ)^(1/p) over axes, default all, p = 2. */
export const vectorNorm = liftOne(norms.vectorNorm)
/** 'fro' (default), 'nuc', ±1, ±2 or ±Infinity over two axes. */
export const matrixNorm = liftOne(norms.matrixNorm)
/** The condition number; default in the 2-norm. */
export const cond = liftOne(functions.cond)
/** How many singular values count, i64. */
export const matrixRank = liftOne(svds.matrixRank)

// ---------------------------------------------------------------- functions and products of matrices

/** The Moore-Penrose inverse. */
export const pinv = liftOne(svds.pinv)
/** Aⁿ for an integer n. */
export const matrixPower = liftOne(functions.matrixPower)
/** e^A. */
export const matrixExp = liftOne(functions.matrixExp)
/** The product of many matrices in the best order. */
export function multiDot(matrices: readonly TensorBase[]): Tensor {
  checkTensors('multiDot', matrices)
  return wrap(functions.multiDot(matrices.map(nodeOf)))
}

function checkTensors(operation: string, list: unknown): void {
  if (Array.isArray(list)) return
  throw new ValueError(`${operation}: expected a list of tensors, got ${String(list)}.`)
}
/** The matrix product. */
export const matmul = liftTwo(products.matmul)
/** x × y of vectors of 3; axis -1 by default. */
export const cross = liftTwo(distances.cross)
/** Σ x·y over an axis, default the last. */
export const vecdot = liftTwo(products.vecdot)
/** The diagonals of the last two axes. */
export const diagonal = liftOne(tensors.matrixDiagonal)
/** The powers of x as columns, from x⁰ on: (…, n) → (…, n, N), default N = n. */
export const vander = liftOne(tensors.vander)
