/** Systems of linear equations: inverse, solutions, least squares. */
import { checkOptions } from '../core/check-options.js'
import { ShapeError, ValueError } from '../core/errors.js'
import { formatShape, sameShape, sizeOf } from '../core/shape.js'
import * as b from '../ir/build.js'
import type { CallGradient, Node } from '../ir/node.js'
import { fullPrecision } from './autocast.js'
import { matrixRank, pinverse, pinvGradient, singularValues, tolerances } from './decomposition-svd.js'
import { tril, triu } from './diagonal.js'
import { batchedKernel } from './factorizations/batched-kernel.js'
import { jacobiSvd } from './factorizations/jacobi-svd.js'
import { factorLu, invert, solveLu } from './factorizations/lu.js'
import { substitute } from './factorizations/triangular.js'
import {
  batchOf,
  broadcastBatch,
  factorize,
  identityLike,
  product,
  requireMatrix,
  requireSquare,
  stretchBatch,
  swapLast,
} from './matrix.js'
import { requireSameDType } from './operand.js'

const singularAdvice = 'Use lstsq or pinv, or add a small multiple of the identity.'

const invKernel = batchedKernel('inv', [2], [2], ([{ data, shape }], [out], where) => {
  const inverse = invert(data, shape[0])
  if (inverse === null) {
    throw new ValueError(`inv: expected an invertible matrix, got a singular one${where}. ${singularAdvice}`)
  }
  out.data.set(inverse)
})

const invGradient: CallGradient = (_inputs, [inverse], [g]) => {
  const t = swapLast(inverse)
  return [g && b.neg(product(product(t, g), t))]
}

/** The inverse of each matrix (…, n, n). A singular one is an error when it runs. */
export function inv(matrix: Node): Node {
  const x = fullPrecision(matrix)
  const n = requireSquare('inv', x)
  return factorize(invKernel, [x], batchOf(x), [[n, n]], invGradient)[0]
}

const invOrInfinityKernel = batchedKernel('invOrInfinity', [2], [2], ([{ data, shape }], [out]) => {
  const inverse = invert(data, shape[0])
  if (inverse === null) out.data.fill(Number.POSITIVE_INFINITY)
  else out.data.set(inverse)
})

/** As `inv`, with infinity everywhere for a singular matrix: what condition numbers need. */
export function invOrInfinity(x: Node): Node {
  const n = requireSquare('inv', x)
  return factorize(invOrInfinityKernel, [x], batchOf(x), [[n, n]], invGradient)[0]
}

const solveKernel = batchedKernel('solve', [2, 2], [2], ([a, y], [out], where) => {
  const [n, columns] = y.shape
  const { permutation, singular } = factorLu(a.data, n, n)
  if (singular >= 0) {
    throw new ValueError(
      `solve: expected an invertible matrix, got a singular one${where}: column ${singular} depends on the ones before. ${singularAdvice}`,
    )
  }
  solveLu(a.data, permutation, n, y.data, columns, out.data)
})

const solveGradient: CallGradient = ([a], [x], [g]) => {
  if (g === null) return [null, null]
  const gb = solveMatrices(swapLast(a), g)
  return [b.neg(product(gb, swapLast(x))), gb]
}

/** a⁻¹·y for matrices of one batch shape. */
const solveMatrices = (a: Node, y: Node): Node =>
  factorize(solveKernel, [a, y], batchOf(a), [y.shape.slice(-2)], solveGradient)[0]

/** Throws unless y (…, n, k) fits a square matrix of size n from the left. */
function requireRows(operation: string, n: number, a: Node, y: Node): void {
  if (y.shape.length < 2 || y.shape[y.shape.length - 2] !== n) {
    throw new ShapeError(
      `${operation}: expected right sides of shape (…, ${n}, k) for the matrix ${formatShape(a.shape)}, got ${formatShape(y.shape)}.`,
    )
  }
}

/**
 * X with A·X = B (or X·A = B with `left: false`): A (…, n, n), B (…, n, k) with broadcast batch axes, or vectors (n) or
 * (…, n) where the shape is that of A without its last axis. A singular matrix is an error when it runs.
 */
export function solve(matrix: Node, rightSide: Node, options: { left?: boolean } = {}): Node {
  const [a, y] = [fullPrecision(matrix), fullPrecision(rightSide)]
  checkOptions('solve', options, { left: true })
  const { left = true } = options
  const n = requireSquare('solve', a)
  requireSameDType('solve', a, y)
  if (y.shape.length === 1 || sameShape(y.shape, a.shape.slice(0, -1))) {
    if (!left)
      throw new ValueError(
        'solve: expected a matrix with left: false, got a vector. Reshape it to (…, 1, n).',
      )
    return dropLast(solve(a, b.reshape(y, [...y.shape, 1])))
  }
  if (!left) return swapLast(solve(swapLast(a), swapLast(y)))
  requireRows('solve', n, a, y)
  return solveMatrices(...broadcastBatch('solve', a, y))
}

const dropLast = (x: Node): Node => b.reshape(x, x.shape.slice(0, -1))

// ---------------------------------------------------------------- triangular

export interface TriangularOptions {
  /** Which triangle is read; required, as in PyTorch. */
  readonly upper: boolean
  /** A·X = B (default), or X·A = B. */
  readonly left?: boolean
  /** The diagonal counts as 1 and is not read. Default false. */
  readonly unitriangular?: boolean
}

/** One kernel and its gradient for each kind of triangle: what is compiled is known by its identity. */
const triangular = [false, true].map((upper) =>
  [false, true].map((unit) => {
    const kernel = batchedKernel(
      `solveTriangular${upper ? 'Upper' : 'Lower'}${unit ? 'Unit' : ''}`,
      [2, 2],
      [2],
      ([a, y], [out]) => {
        out.data.set(y.data)
        substitute(a.data, y.shape[0], out.data, y.shape[1], upper, unit)
      },
    )
    const gradient: CallGradient = ([a], [x], [g]) => {
      if (g === null) return [null, null]
      const gb = solveTriangularMatrices(swapLast(a), g, !upper, unit)
      const ga = b.neg(product(gb, swapLast(x)))
      const offset = unit ? 1 : 0
      return [upper ? triu(ga, offset) : tril(ga, -offset), gb]
    }
    return { kernel, gradient }
  }),
)

/** T⁻¹·y for matrices of one batch shape. */
export function solveTriangularMatrices(a: Node, y: Node, upper: boolean, unit = false): Node {
  const { kernel, gradient } = triangular[Number(upper)][Number(unit)]
  return factorize(kernel, [a, y], batchOf(a), [y.shape.slice(-2)], gradient)[0]
}

/**
 * X with A·X = B for a triangular A (…, n, n), of which only that triangle is read; B (…, n, k), batch axes broadcast. A
 * zero on the diagonal gives infinities, as in PyTorch.
 */
export function solveTriangular(matrix: Node, rightSide: Node, options: TriangularOptions): Node {
  const [a, y] = [fullPrecision(matrix), fullPrecision(rightSide)]
  checkOptions('solveTriangular', options, { upper: true, left: true, unitriangular: true })
  const { upper, left = true, unitriangular = false } = options
  const n = requireSquare('solveTriangular', a)
  if (typeof upper !== 'boolean') {
    throw new ValueError(`solveTriangular: expected upper: true or false, got ${String(upper)}.`)
  }
  requireSameDType('solveTriangular', a, y)
  if (!left) return swapLast(solveTriangular(swapLast(a), swapLast(y), { upper: !upper, unitriangular }))
  requireRows('solveTriangular', n, a, y)
  return solveTriangularMatrices(...broadcastBatch('solveTriangular', a, y), upper, unitriangular)
}

/** X with A·X = B, given Cholesky's factor of A: lower (default) or `upper`. B (…, n, k), batch axes broadcast. */
export function choleskySolve(rightSide: Node, triangle: Node, options: { upper?: boolean } = {}): Node {
  const [y, factor] = [fullPrecision(rightSide), fullPrecision(triangle)]
  checkOptions('choleskySolve', options, { upper: true })
  const { upper = false } = options
  const n = requireSquare('choleskySolve', factor)
  requireSameDType('choleskySolve', factor, y)
  requireRows('choleskySolve', n, factor, y)
  const [l, right] = broadcastBatch('choleskySolve', upper ? swapLast(factor) : factor, y)
  return solveTriangularMatrices(swapLast(l), solveTriangularMatrices(l, right, false), true)
}

/** A⁻¹, given Cholesky's factor of A: lower (default) or `upper`. */
export function choleskyInverse(triangle: Node, options: { upper?: boolean } = {}): Node {
  const factor = fullPrecision(triangle)
  requireSquare('choleskyInverse', factor)
  return choleskySolve(identityLike(factor), factor, options)
}

// ---------------------------------------------------------------- least squares

const lstsqKernel = batchedKernel(
  'lstsq',
  [2, 2, 0],
  [2],
  (
    [
      a,
      y,
      {
        data: [rcond],
      },
    ],
    [out],
    where,
  ) => {
    const [m, n] = a.shape
    const columns = y.shape[1]
    const found = jacobiSvd(a.data, m, n, false)
    if (found === null) {
      throw new ValueError(`lstsq: expected finite elements, got infinity or NaN${where}.`)
    }
    const { values, left, right } = found
    const row = new Float64Array(columns)
    values.forEach((s, i) => {
      if (s <= rcond * values[0] || s === 0) return
      row.fill(0)
      for (let k = 0; k < m; k++)
        for (let c = 0; c < columns; c++) row[c] += left[i * m + k] * y.data[k * columns + c]
      for (let k = 0; k < n; k++) {
        const factor = right[i * n + k] / s
        for (let c = 0; c < columns; c++) out.data[k * columns + c] += factor * row[c]
      }
    })
  },
)

/** The solution is A⁺·B, and A⁺ has a derivative wherever the rank does not change (Golub & Pereyra 1973). */
const lstsqGradient: CallGradient = ([a, y, rcond], _outputs, [g]) => {
  if (g === null) return [null, null, null]
  const inverse = pinverse(a, b.literal(rcond, 0), rcond)
  return [pinvGradient(a, inverse, product(g, swapLast(y))), product(swapLast(inverse), g), null]
}

export interface LeastSquares {
  /** (…, n, k) */
  readonly solution: Node
  /** Squared lengths of the columns of A·X - B: (…, k) where m > n, else (0). */
  readonly residuals: Node
  /** i64 */
  readonly rank: Node
  /** (…, min(m, n)), descending. */
  readonly singularValues: Node
}

/**
 * X of least length among those with the least ‖A·X - B‖, A (…, m, n) of any rank, B (…, m, k) or (…, m). Singular
 * values up to rcond · the largest count as zero; default max(m, n) · the dtype's precision.
 */
export function lstsq(matrix: Node, rightSide: Node, options: { rcond?: number | null } = {}): LeastSquares {
  const [a, y] = [fullPrecision(matrix), fullPrecision(rightSide)]
  checkOptions('lstsq', options, { rcond: true })
  const { rcond } = options
  requireMatrix('lstsq', a)
  requireSameDType('lstsq', a, y)
  const [m, n] = a.shape.slice(-2)
  const isVector = y.shape.length === 1 || sameShape(y.shape, a.shape.slice(0, -1))
  const right = isVector ? b.reshape(y, [...y.shape, 1]) : y
  requireRowsOf(m, a, right)
  const [wide, sides] = broadcastBatch('lstsq', a, right)
  const batch = batchOf(wide)
  const { rtol } = tolerances('lstsq', a, { rtol: rcond })
  const inputs = [wide, sides, stretchBatch(rtol, batch, 0)]
  const [x] = factorize(lstsqKernel, inputs, batch, [[n, sides.shape[sides.shape.length - 1]]], lstsqGradient)
  const solution = isVector ? dropLast(x) : x
  let residuals = b.full([0], 0, a.dtype)
  if (m > n && sizeOf(batch) > 0) {
    const miss = b.sub(product(wide, x), sides)
    residuals = b.reduceSum(b.mul(miss, miss), [miss.shape.length - 2])
  }
  return {
    solution,
    residuals,
    rank: matrixRank(a, { rtol: rcond }),
    singularValues: singularValues(a),
  }
}

function requireRowsOf(m: number, a: Node, y: Node): void {
  if (y.shape.length >= 2 && y.shape[y.shape.length - 2] === m) return
  throw new ShapeError(
    `lstsq: expected right sides of shape (…, ${m}, k) or (…, ${m}) for the matrix ${formatShape(a.shape)}, got ${formatShape(y.shape)}.`,
  )
}
