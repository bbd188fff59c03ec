/** Determinants. */
import * as b from '../ir/build.js'
import type { CallGradient, Node } from '../ir/node.js'
import { fullPrecision } from './autocast.js'
import { batchedKernel } from './factorizations/batched-kernel.js'
import { jacobiSvd } from './factorizations/jacobi-svd.js'
import { factorLu, invert } from './factorizations/lu.js'
import { batchOf, factorize, overMatrix, product, requireSquare, swapLast } from './matrix.js'
import { inv } from './solving.js'

/** The determinant of `a` (n, n), which is overwritten. */
function determinantOf(a: Float64Array, n: number): number {
  const { sign } = factorLu(a, n, n)
  let product = sign
  for (let i = 0; i < n; i++) product *= a[i * n + i]
  return product
}

const detKernel = batchedKernel('det', [2], [0], ([{ data, shape }], [out]) => {
  out.data[0] = determinantOf(data, shape[0])
})

/** Matrices worse than this are handled by singular values: the inverse would lose their small cofactors. */
const worst = 1e-8

/** ∂det/∂A, which exists for singular matrices too. */
const cofactorKernel = batchedKernel('cofactors', [2], [2], ([{ data, shape }], [out]) => {
  const [n] = shape
  const factored = data.slice()
  const determinant = determinantOf(factored, n)
  let [least, most] = [Number.POSITIVE_INFINITY, 0]
  for (let i = 0; i < n; i++) {
    least = Math.min(least, Math.abs(factored[i * n + i]))
    most = Math.max(most, Math.abs(factored[i * n + i]))
  }
  const inverse = least > worst * most || !data.every(Number.isFinite) ? invert(data.slice(), n) : null
  if (inverse !== null) {
    for (let i = 0; i < n; i++) {
      for (let j = 0; j < n; j++) out.data[i * n + j] = determinant * inverse[j * n + i]
    }
    return
  }
  const found = jacobiSvd(data, n, n, true)
  if (found === null) {
    out.data.fill(Number.NaN)
    return
  }
  // cof(U·S·Vᵀ) = det(U)·det(V)·U·cof(S)·Vᵀ, and cof(S)ᵢᵢ is the product of the other singular values.
  const { values, left, right } = found
  const turn = determinantOf(left.slice(), n) * determinantOf(right.slice(), n)
  for (let k = 0; k < n; k++) {
    let others = turn
    for (let i = 0; i < n; i++) if (i !== k) others *= values[i]
    for (let i = 0; i < n; i++) {
      for (let j = 0; j < n; j++) out.data[i * n + j] += others * left[k * n + i] * right[k * n + j]
    }
  }
})

/** <G, C>·A⁻ᵀ - A⁻ᵀ·Gᵀ·C for cofactors C: needs an invertible matrix. */
const cofactorGradient: CallGradient = ([a], [c], [g]) => {
  if (g === null) return [null]
  const rank = a.shape.length
  const t = swapLast(inv(a))
  const along = b.reduceSum(b.mul(g, c), [rank - 2, rank - 1])
  return [b.sub(b.mul(overMatrix(along, a), t), product(product(t, swapLast(g)), c))]
}

const cofactors = (x: Node): Node =>
  factorize(cofactorKernel, [x], batchOf(x), [x.shape.slice(-2)], cofactorGradient)[0]

const detGradient: CallGradient = ([a], _outputs, [g]) => [g && b.mul(overMatrix(g, a), cofactors(a))]

/** The determinant of each matrix: (…, n, n) → (…). The gradient exists for singular matrices too (the cofactors). */
export function det(matrix: Node): Node {
  const x = fullPrecision(matrix)
  requireSquare('det', x)
  return factorize(detKernel, [x], batchOf(x), [[]], detGradient)[0]
}

const slogdetKernel = batchedKernel('slogdet', [2], [0, 0], ([{ data, shape }], [signOut, logOut]) => {
  const [n] = shape
  let { sign } = factorLu(data, n, n)
  let log = 0
  for (let i = 0; i < n; i++) {
    sign *= Math.sign(data[i * n + i])
    log += Math.log(Math.abs(data[i * n + i]))
  }
  signOut.data[0] = sign
  logOut.data[0] = log
})

const slogdetGradient: CallGradient = ([a], _outputs, [, g]) => [
  g && b.mul(overMatrix(g, a), swapLast(inv(a))),
]

export interface SlogdetNodes {
  /** -1, 0 or 1 */
  readonly sign: Node
  /** ln |det A|, -∞ for singular matrices */
  readonly logabsdet: Node
}

/** Sign and logarithm of the determinant, which itself may overflow: (…, n, n) → (…), (…). */
export function slogdet(matrix: Node): SlogdetNodes {
  const x = fullPrecision(matrix)
  requireSquare('slogdet', x)
  const [sign, logabsdet] = factorize(slogdetKernel, [x], batchOf(x), [[], []], slogdetGradient)
  return { sign, logabsdet }
}

/** ln det A: NaN for a negative determinant, -∞ for 0. */
export function logdet(x: Node): Node {
  const { sign, logabsdet } = slogdet(x)
  const negative = b.lt(sign, b.literal(sign, 0))
  return b.where(negative, b.literal(logabsdet, Number.NaN), logabsdet)
}
