/** Eigenvalues and eigenvectors of symmetric (`eigh`) and general (`eig`) matrices. */
import { ValueError } from '../core/errors.js'
import * as b from '../ir/build.js'
import type { CallGradient, Node } from '../ir/node.js'
import { fullPrecision } from './autocast.js'
import { complexConj, complexDiv, complexMatmul, complexMul, real } from './complex.js'
import { diagEmbed } from './diagonal.js'
import { batchedKernel, type Where } from './factorizations/batched-kernel.js'
import { type GeneralEigen, generalEigen } from './factorizations/general-eigen.js'
import { type SymmetricEigen, symmetricEigen } from './factorizations/symmetric-eigen.js'
import {
  batchOf,
  factorize,
  onDiagonal,
  overColumns,
  overRows,
  product,
  requireSquare,
  swapLast,
} from './matrix.js'
import { solve } from './solving.js'

function checkFinite(operation: string, data: Float64Array, where: Where): void {
  if (data.every(Number.isFinite)) return
  throw new ValueError(
    `${operation}: expected finite elements, got infinity or NaN${where}. Look for where they came from, for example with isfinite().`,
  )
}

function converged<T extends SymmetricEigen | GeneralEigen>(
  operation: string,
  found: T | null,
  where: Where,
): T {
  if (found !== null) return found
  throw new ValueError(
    `${operation}: the iteration did not converge${where}. Scale the matrix, or compute in f64.`,
  )
}

// ---------------------------------------------------------------- symmetric

const eighKernel = batchedKernel('eigh', [2], [1, 2], ([{ data, shape }], [w, v], where) => {
  const [n] = shape
  // Only the lower triangle counts.
  checkFinite(
    'eigh',
    data.filter((_, k) => k % n <= Math.floor(k / n)),
    where,
  )
  const { values, vectors } = converged('eigh', symmetricEigen(data, n, true), where)
  w.data.set(values)
  for (let i = 0; i < n; i++) for (let j = 0; j < n; j++) v.data[i * n + j] = vectors![j * n + i]
})

/** V·(diag(gw) + (VᵀgV)/E)·Vᵀ with E_ij = w_j - w_i. */
const eighGradient: CallGradient = (_inputs, [w, v], [gw, gv]) => {
  const n = w.shape[w.shape.length - 1]
  let inner: Node | null = null
  if (gv) {
    const turned = product(swapLast(v), gv)
    const gaps = b.sub(overRows(w, n), overColumns(w, n))
    const diagonal = onDiagonal(gaps)
    inner = b.div(turned, b.where(diagonal, b.literal(gaps, 1), gaps))
    inner = b.where(diagonal, gw ? diagEmbed(gw) : b.literal(inner, 0), inner)
  } else if (gw) inner = diagEmbed(gw)
  return [inner && product(product(v, inner), swapLast(v))]
}

export type Triangle = 'L' | 'U'

/** The matrix whose lower triangle counts. */
function lowerOf(operation: string, x: Node, uplo: Triangle): Node {
  requireSquare(operation, x)
  if (uplo !== 'L' && uplo !== 'U') {
    throw new ValueError(`${operation}: expected 'L' or 'U' for the triangle to read, got '${String(uplo)}'.`)
  }
  return uplo === 'L' ? x : swapLast(x)
}

export interface EighNodes {
  /** (…, n), ascending */
  readonly eigenvalues: Node
  /** (…, n, n), one a column */
  readonly eigenvectors: Node
}

/**
 * A = V·diag(w)·Vᵀ of symmetric matrices (…, n, n), of which only one triangle is read (default 'L', the lower one).
 * Signs of eigenvectors are free; gradients through them make sense for functions that do not depend on them, and are
 * infinite where eigenvalues are equal.
 */
export function eigh(matrix: Node, uplo: Triangle = 'L'): EighNodes {
  const x = fullPrecision(matrix)
  const a = lowerOf('eigh', x, uplo)
  const n = a.shape[a.shape.length - 1]
  const [eigenvalues, eigenvectors] = factorize(eighKernel, [a], batchOf(a), [[n], [n, n]], eighGradient)
  return { eigenvalues, eigenvectors }
}

const eigvalshKernel = batchedKernel('eigvalsh', [2], [1], ([{ data, shape }], [w], where) => {
  const [n] = shape
  checkFinite(
    'eigvalsh',
    data.filter((_, k) => k % n <= Math.floor(k / n)),
    where,
  )
  w.data.set(converged('eigvalsh', symmetricEigen(data, n, false), where).values)
})

const eigvalshGradient: CallGradient = ([a], _outputs, [g]) => {
  if (g === null) return [null]
  const { eigenvectors: v } = eigh(a)
  return [product(b.mul(v, overRows(g, g.shape[g.shape.length - 1])), swapLast(v))]
}

/** The eigenvalues of symmetric matrices, ascending: (…, n, n) → (…, n). Only one triangle is read (default 'L'). */
export function eigvalsh(matrix: Node, uplo: Triangle = 'L'): Node {
  const x = fullPrecision(matrix)
  const a = lowerOf('eigvalsh', x, uplo)
  return factorize(eigvalshKernel, [a], batchOf(a), [[a.shape[a.shape.length - 1]]], eigvalshGradient)[0]
}

// ---------------------------------------------------------------- general

const eigKernel = batchedKernel('eig', [2], [2, 3], ([{ data, shape }], [w, v], where) => {
  checkFinite('eig', data, where)
  const { values, vectors } = converged('eig', generalEigen(data, shape[0]), where)
  w.data.set(values)
  v.data.set(vectors)
})

/** The conjugate transpose of complex matrices (…, m, n, 2). */
function adjoint(z: Node): Node {
  const rank = z.shape.length
  const axes = z.shape.map((_, i) => i)
  axes[rank - 3] = rank - 2
  axes[rank - 2] = rank - 3
  return complexConj(b.permute(z, axes))
}

/** X with M·X = Y for complex matrices: the real system [[Re, -Im], [Im, Re]]. */
function complexSolve(m: Node, y: Node): Node {
  const parts = (z: Node): [Node, Node] => [
    real(z),
    b.reshape(b.sliceAxis(z, z.shape.length - 1, 1, 2), z.shape.slice(0, -1)),
  ]
  const [a, c] = parts(m)
  const [p, q] = parts(y)
  const rank = a.shape.length
  const n = a.shape[rank - 1]
  const whole = b.concat([b.concat([a, b.neg(c)], rank - 1), b.concat([c, a], rank - 1)], rank - 2)
  const x = solve(whole, b.concat([p, q], rank - 2))
  const half = (from: number): Node => {
    const rows = b.sliceAxis(x, rank - 2, from, from + n)
    return b.reshape(rows, [...rows.shape, 1])
  }
  return b.concat([half(0), half(n)], rank)
}

/** A complex vector (…, n, 2) along the columns of a matrix, repeated over its rows. */
function complexRows(w: Node): Node {
  const n = w.shape[w.shape.length - 2]
  const lead = w.shape.slice(0, -2)
  return b.expand(b.reshape(w, [...lead, 1, n, 2]), [...lead, n, n, 2])
}

/** The same along the rows, repeated over the columns. */
function complexColumns(w: Node): Node {
  const n = w.shape[w.shape.length - 2]
  const lead = w.shape.slice(0, -2)
  return b.expand(b.reshape(w, [...lead, n, 1, 2]), [...lead, n, n, 2])
}

/** Where a complex matrix has its diagonal. */
const onComplexDiagonal = (z: Node): Node => {
  const mask = onDiagonal(b.reshape(b.sliceAxis(z, z.shape.length - 1, 0, 1), z.shape.slice(0, -1)))
  return b.expand(b.reshape(mask, [...mask.shape, 1]), z.shape)
}

/**
 * The real part of V⁻ᴴ·(gw on the diagonal, (VᴴgV - VᴴV·diag(Re VᴴgV))/E* beside it)·Vᴴ with E_ij = w_j - w_i
 * (Boeddeker et al. 2019): PyTorch's formula.
 */
const eigGradient: CallGradient = (_inputs, [w, v], [gw, gv]) => {
  const vh = adjoint(v)
  let inner: Node | null = null
  if (gv) {
    const turned = complexMatmul(vh, gv)
    const diagonal = onComplexDiagonal(turned)
    // Row vector of Re(VᴴgV)ⱼⱼ: the change of each vector's length is projected out.
    const onlyReal = b.mul(turned, b.cast(diagonal, turned.dtype))
    const lengths = b.reduceSum(b.reshape(real(onlyReal), [...onlyReal.shape.slice(0, -1)]), [
      onlyReal.shape.length - 3,
    ])
    const scaled = b.mul(
      v,
      b.expand(
        b.reshape(lengths, [...lengths.shape.slice(0, -1), 1, lengths.shape[lengths.shape.length - 1], 1]),
        v.shape,
      ),
    )
    const free = b.sub(turned, complexMatmul(vh, scaled))
    const gaps = complexConj(b.sub(complexRows(w), complexColumns(w)))
    const one = b.cast(
      b.eq(b.iota(gaps.shape, gaps.shape.length - 1, 'i32'), b.full(gaps.shape, 0, 'i32')),
      gaps.dtype,
    )
    inner = complexDiv(free, b.where(diagonal, one, gaps))
    inner = b.where(diagonal, gw ? complexRows(gw) : b.literal(inner, 0), inner)
    inner = complexMatmul(inner, vh)
  } else if (gw) inner = complexMul(complexColumns(gw), vh)
  return [inner && real(complexSolve(vh, inner))]
}

export interface EigNodes {
  /** (…, n, 2): complex, in no particular order, conjugate pairs side by side */
  readonly eigenvalues: Node
  /** (…, n, n, 2): complex, one a column, of length 1 */
  readonly eigenvectors: Node
}

/**
 * A·V = V·diag(w) of real square matrices (…, n, n). Values and vectors are complex: their last axis holds the real and
 * the imaginary part. The angle of each vector is free (here its largest element is real): gradients through them make
 * sense for functions that do not depend on it. A matrix without n independent eigenvectors has no gradient.
 */
export function eig(matrix: Node): EigNodes {
  const x = fullPrecision(matrix)
  const n = requireSquare('eig', x)
  const [eigenvalues, eigenvectors] = factorize(
    eigKernel,
    [x],
    batchOf(x),
    [
      [n, 2],
      [n, n, 2],
    ],
    eigGradient,
  )
  return { eigenvalues, eigenvectors }
}

/** The eigenvalues of real square matrices: (…, n, n) → complex (…, n, 2). */
export const eigvals = (x: Node): Node => eig(x).eigenvalues
