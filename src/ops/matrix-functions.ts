/** Functions of whole matrices: powers, the exponential, condition numbers, products of many. */
import { ShapeError, ValueError } from '../core/errors.js'
import { formatShape } from '../core/shape.js'
import * as b from '../ir/build.js'
import type { CallGradient, Node } from '../ir/node.js'
import { fullPrecision } from './autocast.js'
import { singularValues } from './decomposition-svd.js'
import { batchedKernel } from './factorizations/batched-kernel.js'
import { matrixExponential } from './factorizations/matrix-exponential.js'
import { matmul } from './linear-algebra.js'
import {
  batchOf,
  factorize,
  identityLike,
  product,
  requireMatrix,
  requireSquare,
  swapLast,
} from './matrix.js'
import { type MatrixOrder, matrixNorm } from './norms.js'
import { requireSameDType } from './operand.js'
import { inv, invOrInfinity } from './solving.js'

/** Aⁿ for an integer n, by repeated squaring; a negative one inverts first, 0 gives the identity. */
export function matrixPower(matrix: Node, n: number): Node {
  const x = fullPrecision(matrix)
  requireSquare('matrixPower', x)
  if (!Number.isSafeInteger(n)) throw new ValueError(`matrixPower: expected an integer power, got ${n}.`)
  if (n === 0) return identityLike(x)
  let square = n < 0 ? inv(x) : x
  let result: Node | null = null
  for (let rest = Math.abs(n); ; ) {
    if (rest % 2 === 1) result = result === null ? square : product(result, square)
    rest = Math.floor(rest / 2)
    if (rest === 0) return result!
    square = product(square, square)
  }
}

function checkFinite(data: Float64Array, where: string): void {
  if (data.every(Number.isFinite)) return
  throw new ValueError(`matrixExp: expected finite elements, got infinity or NaN${where}.`)
}

const expKernel = batchedKernel('matrixExp', [2], [2], ([{ data, shape }], [out], where) => {
  checkFinite(data, where)
  out.data.set(matrixExponential(data, shape[0]))
})

/** The derivative of e^A along G: the upper right block of exp [[A, G], [0, A]] (Najfeld & Havel 1995). */
const derivativeKernel = batchedKernel('matrixExpDerivative', [2, 2], [2], ([a, g], [out], where) => {
  const [n] = a.shape
  checkFinite(a.data, where)
  checkFinite(g.data, where)
  const whole = new Float64Array(4 * n * n)
  for (let i = 0; i < n; i++) {
    for (let j = 0; j < n; j++) {
      whole[i * 2 * n + j] = a.data[i * n + j]
      whole[(n + i) * 2 * n + n + j] = a.data[i * n + j]
      whole[i * 2 * n + n + j] = g.data[i * n + j]
    }
  }
  const result = matrixExponential(whole, 2 * n)
  for (let i = 0; i < n; i++) for (let j = 0; j < n; j++) out.data[i * n + j] = result[i * 2 * n + n + j]
})

const derivative = (a: Node, g: Node): Node =>
  factorize(derivativeKernel, [a, g], batchOf(a), [a.shape.slice(-2)], derivativeGradient)[0]

/** [[p, q], [0, r]]; null counts as zeros. */
function blocks(p: Node | null, q: Node, r: Node | null): Node {
  const rank = q.shape.length
  const zero = b.literal(q, 0)
  return b.concat([b.concat([p ?? zero, q], rank - 1), b.concat([zero, r ?? zero], rank - 1)], rank - 2)
}

/** The derivative is linear in G, and its adjoint is the derivative at Aᵀ. A stands on both diagonal blocks. */
const derivativeGradient: CallGradient = ([a, g], _outputs, [u]) => {
  if (u === null) return [null, null]
  const rank = a.shape.length
  const n = a.shape[rank - 1]
  const whole = derivative(swapLast(blocks(a, g, a)), blocks(null, u, null))
  const block = (from: number): Node =>
    b.sliceAxis(b.sliceAxis(whole, rank - 2, from, from + n), rank - 1, from, from + n)
  return [b.add(block(0), block(n)), derivative(swapLast(a), u)]
}

const expGradient: CallGradient = ([a], _outputs, [g]) => [g && derivative(swapLast(a), g)]

/** e^A = Σ Aᵏ/k! of each matrix (…, n, n). */
export function matrixExp(matrix: Node): Node {
  const x = fullPrecision(matrix)
  const n = requireSquare('matrixExp', x)
  return factorize(expKernel, [x], batchOf(x), [[n, n]], expGradient)[0]
}

/**
 * The condition number ‖A‖·‖A⁻¹‖ in a norm of `matrixNorm`: (…, n, n) → (…). Default 2 (and -2): from the singular
 * values, for any shape. Infinite for singular matrices.
 */
export function cond(matrix: Node, p: MatrixOrder | null = null): Node {
  const x = fullPrecision(matrix)
  requireMatrix('cond', x)
  if (p === null || p === 2 || p === -2) {
    const s = singularValues(x)
    const last = s.shape.length - 1
    const k = s.shape[last]
    if (k === 0) return b.full(s.shape.slice(0, -1), 0, x.dtype)
    const at = (i: number): Node => b.reshape(b.sliceAxis(s, last, i, i + 1), s.shape.slice(0, -1))
    return p === -2 ? b.div(at(k - 1), at(0)) : b.div(at(0), at(k - 1))
  }
  requireSquare('cond', x)
  return b.mul(matrixNorm(x, p), matrixNorm(invOrInfinity(x), p))
}

/**
 * The product of two or more matrices in the order with the fewest multiplications; the first and the last may be
 * vectors.
 */
export function multiDot(matrices: readonly Node[]): Node {
  if (!Array.isArray(matrices) || matrices.length < 2) {
    throw new ValueError('multiDot: expected a list of at least 2 tensors.')
  }
  const last = matrices.length - 1
  matrices.forEach((x, i) => {
    requireSameDType('multiDot', matrices[0], x)
    const rank = x.shape.length
    if (rank === 2 || (rank === 1 && (i === 0 || i === last))) return
    throw new ShapeError(
      `multiDot: expected matrices (the first and last may be vectors), got shape ${formatShape(x.shape)} as number ${i}.`,
    )
  })
  const shapes = matrices.map((x, i) =>
    x.shape.length === 2 ? x.shape : i === 0 ? [1, x.shape[0]] : [x.shape[0], 1],
  )
  shapes.slice(1).forEach(([rows], i) => {
    if (rows === shapes[i][1]) return
    throw new ShapeError(
      `multiDot: ${formatShape(matrices[i].shape)} and ${formatShape(matrices[i + 1].shape)} do not fit: inner sizes ${shapes[i][1]} and ${rows} differ.`,
    )
  })
  const list = matrices.map((x, i) => b.reshape(x, shapes[i]))
  const split = bestSplits([shapes[0][0], ...shapes.map(([, columns]) => columns)])
  const partial = (from: number, to: number): Node => {
    if (from === to) return list[from]
    const at = split[from][to]
    return matmul(partial(from, at), partial(at + 1, to))
  }
  const ends = [matrices[0].shape.slice(0, -1), matrices[last].shape.slice(1)]
  return b.reshape(partial(0, last), ends.flat())
}

/** split[i][j]: after which factor the product of factors i…j is cut (dynamic programming). */
function bestSplits(sizes: readonly number[]): number[][] {
  const n = sizes.length - 1
  const costs = Array.from({ length: n }, () => new Array<number>(n).fill(0))
  const splits = Array.from({ length: n }, () => new Array<number>(n).fill(0))
  for (let width = 1; width < n; width++) {
    for (let i = 0; i + width < n; i++) {
      const j = i + width
      costs[i][j] = Number.POSITIVE_INFINITY
      for (let k = i; k < j; k++) {
        const cost = costs[i][k] + costs[k + 1][j] + sizes[i] * sizes[k + 1] * sizes[j + 1]
        if (cost < costs[i][j]) {
          costs[i][j] = cost
          splits[i][j] = k
        }
      }
    }
  }
  return splits
}
