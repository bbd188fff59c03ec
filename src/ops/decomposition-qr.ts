/** QR factorization, with LAPACK's (and so PyTorch's) signs. */
import { checkOptions } from '../core/check-options.js'
import { ValueError } from '../core/errors.js'
import * as b from '../ir/build.js'
import type { CallGradient, Node } from '../ir/node.js'
import { fullPrecision } from './autocast.js'
import { triu } from './diagonal.js'
import { batchedKernel } from './factorizations/batched-kernel.js'
import { factorQr, formQ } from './factorizations/householder-qr.js'
import { batchOf, factorize, firstColumns, onDiagonal, product, requireMatrix, swapLast } from './matrix.js'
import { mulLiteral } from './operand.js'
import { solveTriangularMatrices } from './solving.js'

const kernel = batchedKernel('qr', [2], [2, 2], ([{ data, shape }], [q, r]) => {
  const [m, n] = shape
  const tau = factorQr(data, m, n)
  q.data.set(formQ(data, tau, m, n, q.shape[1]))
  const rows = r.shape[0]
  for (let i = 0; i < rows; i++) for (let j = i; j < n; j++) r.data[i * n + j] = data[i * n + j]
})

/** [gQ + Q·sym(triu(gR·Rᵀ - Qᵀ·gQ))]·R⁻ᵀ for m ≥ n (Walter, Lehmann & Lamour 2012). */
const gradient: CallGradient = (_inputs, [q, r], [gq, gr]) => {
  let middle: Node | null = gr && product(gr, swapLast(r))
  if (gq) middle = b.addMaybe(middle, b.neg(product(swapLast(q), gq)))
  if (middle === null) return [null]
  const upper = triu(middle)
  const symmetric = b.add(upper, swapLast(upper))
  const once = b.where(onDiagonal(symmetric), mulLiteral(symmetric, 0.5), symmetric)
  const inside = b.addMaybe(product(q, once), gq)!
  return [swapLast(solveTriangularMatrices(r, swapLast(inside), true))]
}

const refuse: CallGradient = () => {
  throw new ValueError(
    "qr: the gradient does not exist for mode 'complete' of a matrix with more rows than columns: the added columns of Q " +
      "are free. Use mode 'reduced'.",
  )
}

export type QrMode = 'reduced' | 'complete' | 'r'

/**
 * A = Q·R with orthonormal columns of Q and R upper triangular: (…, m, n) → Q (…, m, k), R (…, k, n) with k = min(m, n),
 * or k = m for mode 'complete'. Mode 'r' gives only R (Q is null).
 */
export function qr(matrix: Node, options: { mode?: QrMode } = {}): { Q: Node | null; R: Node } {
  const x = fullPrecision(matrix)
  checkOptions('qr', options, { mode: true })
  const { mode = 'reduced' } = options
  requireMatrix('qr', x)
  if (mode !== 'reduced' && mode !== 'complete' && mode !== 'r') {
    throw new ValueError(`qr: expected mode 'reduced', 'complete' or 'r', got '${String(mode)}'.`)
  }
  const [m, n] = x.shape.slice(-2)
  if (m < n) {
    // The first m columns decide: R of the others is Qᵀ times them.
    const { Q, R } = qr(firstColumns(x, m), { mode: 'reduced' })
    const rest = b.sliceAxis(x, x.shape.length - 1, m, n)
    const whole = b.concat([R, product(swapLast(Q!), rest)], x.shape.length - 1)
    return { Q: mode === 'r' ? null : Q, R: whole }
  }
  const k = mode === 'complete' ? m : n
  const [Q, R] = factorize(
    kernel,
    [x],
    batchOf(x),
    [
      [m, k],
      [k, n],
    ],
    k > n ? refuse : gradient,
  )
  return { Q: mode === 'r' ? null : Q, R }
}

/** What stands for Q in mode 'r': no elements. */
export const emptyQ = (x: Node): Node => b.full([0], 0, x.dtype)
