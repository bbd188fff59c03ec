/** Cholesky's factorization of symmetric positive definite matrices. */
import { checkOptions } from '../core/check-options.js'
import { ValueError } from '../core/errors.js'
import * as b from '../ir/build.js'
import type { CallGradient, Node } from '../ir/node.js'
import { fullPrecision } from './autocast.js'
import { tril } from './diagonal.js'
import { batchedKernel } from './factorizations/batched-kernel.js'
import { factorCholesky } from './factorizations/triangular.js'
import { batchOf, factorize, onDiagonal, product, requireSquare, swapLast } from './matrix.js'
import { mulLiteral } from './operand.js'
import { solveTriangularMatrices } from './solving.js'

const kernel = batchedKernel('cholesky', [2], [2], ([{ data, shape }], [out], where) => {
  const row = factorCholesky(data, shape[0], out.data)
  if (row < 0) return
  throw new ValueError(
    `cholesky: expected a positive definite matrix${where}, but its leading part of size ${row + 1} is not. ` +
      'Check that it is symmetric, or add a small multiple of the identity.',
  )
})

/** The lower triangle with half of the diagonal. */
function lowerHalf(x: Node): Node {
  return b.where(onDiagonal(x), mulLiteral(x, 0.5), tril(x, -1))
}

/** L⁻ᵀ·Φ(Lᵀ·gL)·L⁻¹ made symmetric (Murray 2016). */
const gradient: CallGradient = (_inputs, [l], [g]) => {
  if (g === null) return [null]
  const t = swapLast(l)
  const middle = lowerHalf(product(t, g))
  const left = solveTriangularMatrices(t, middle, true)
  // X·L⁻¹ is the transpose of L⁻ᵀ·Xᵀ.
  const whole = solveTriangularMatrices(t, swapLast(left), true)
  return [mulLiteral(b.add(whole, swapLast(whole)), 0.5)]
}

/**
 * L with A = L·Lᵀ, lower triangular, or with `upper` U with A = Uᵀ·U. Only that triangle of A is read; the gradient is
 * that of a symmetric matrix. One that is not positive definite is an error when it runs.
 */
export function cholesky(matrix: Node, options: { upper?: boolean } = {}): Node {
  const x = fullPrecision(matrix)
  checkOptions('cholesky', options, { upper: true })
  const { upper = false } = options
  const n = requireSquare('cholesky', x)
  const [l] = factorize(kernel, [upper ? swapLast(x) : x], batchOf(x), [[n, n]], gradient)
  return upper ? swapLast(l) : l
}
