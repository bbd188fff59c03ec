/**
 * Factorizations leave something free: signs of vectors, angles, the order of eigenvalues. These functions do not depend
 * on it, so their results and derivatives can be compared with PyTorch's. They count as operations for the golden rows.
 */
import * as b from '../../src/ir/build.js'
import type { Node } from '../../src/ir/node.js'
import { complex, complexAbs, complexMatmul, complexMul, real } from '../../src/ops/complex.js'
import { cholesky as choleskyOf } from '../../src/ops/decomposition-cholesky.js'
import { eig, eigh, eigvals, eigvalsh } from '../../src/ops/decomposition-eigen.js'
import { svd } from '../../src/ops/decomposition-svd.js'
import { matmul } from '../../src/ops/linear-algebra.js'
import { overRows, swapLast } from '../../src/ops/matrix.js'
import { mulLiteral } from '../../src/ops/operand.js'
import { inv } from '../../src/ops/solving.js'

const symmetric = (x: Node): Node => mulLiteral(b.add(x, swapLast(x)), 0.5)
const timesColumns = (x: Node, v: Node): Node => b.mul(x, overRows(v, x.shape[x.shape.length - 2]))

export const svdInvariants = (x: Node): Node[] => {
  const { U, S, Vh } = svd(x, { fullMatrices: false })
  return [b.mul(U, U), S, b.mul(Vh, Vh), matmul(timesColumns(U, b.sin(S)), Vh)]
}

/** The projectors onto all columns of the full bases, and the matrix again. */
export const fullSvdInvariants = (x: Node): Node[] => {
  const { U, S, Vh } = svd(x)
  const k = S.shape[S.shape.length - 1]
  const rank = x.shape.length
  const u = b.sliceAxis(U, rank - 1, 0, k)
  const vh = b.sliceAxis(Vh, rank - 2, 0, k)
  return [matmul(U, swapLast(U)), matmul(swapLast(Vh), Vh), matmul(timesColumns(u, S), vh)]
}

export const eighInvariants = (x: Node): Node[] => {
  const { eigenvalues: w, eigenvectors: v } = eigh(symmetric(x))
  return [w, b.mul(v, v), matmul(timesColumns(v, b.sin(w)), swapLast(v))]
}

export const eigvalshOfSymmetric = (x: Node): Node => eigvalsh(symmetric(x), 'U')

export const choleskyOfSymmetric = (x: Node): Node => choleskyOf(symmetric(x))

/** V·e^w·V⁻¹, and Σⱼ |Vᵢⱼ|²·|wⱼ|. */
export const eigInvariants = (x: Node): Node[] => {
  const { eigenvalues: w, eigenvectors: v } = eig(x)
  const rank = x.shape.length
  const n = x.shape[rank - 1]
  const re = real(w)
  const im = b.reshape(b.sliceAxis(w, w.shape.length - 1, 1, 2), re.shape)
  const e = b.exp(re)
  const ew = complex(b.mul(e, b.cos(im)), b.mul(e, b.sin(im)))
  const row = b.expand(b.reshape(ew, [...re.shape.slice(0, -1), 1, n, 2]), v.shape)
  const vr = real(v)
  const vi = b.reshape(b.sliceAxis(v, v.shape.length - 1, 1, 2), vr.shape)
  const whole = b.concat([b.concat([vr, b.neg(vi)], rank - 1), b.concat([vi, vr], rank - 1)], rank - 2)
  const inverse = inv(whole)
  const block = (from: number): Node =>
    b.sliceAxis(b.sliceAxis(inverse, rank - 2, from, from + n), rank - 1, 0, n)
  const vInverse = complex(block(0), block(n))
  const sizes = complexAbs(w)
  const squares = b.add(b.mul(vr, vr), b.mul(vi, vi))
  return [
    real(complexMatmul(complexMul(v, row), vInverse)),
    b.reduceSum(timesColumns(squares, sizes), [rank - 1]),
  ]
}

/** Σ Re w³. */
export const eigvalsInvariants = (x: Node): Node => {
  const w = eigvals(x)
  const cube = real(complexMul(w, complexMul(w, w)))
  return b.reduceSum(cube, [cube.shape.length - 1])
}
