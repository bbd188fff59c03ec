/** QR factorization by Householder reflections, with LAPACK's signs. Row-major. */

/**
 * Overwrites `a` (m, n) by R above and on the diagonal and the reflections below it: reflection k is
 * I - tau[k]·v·vᵀ with v = (0, …, 1 at k, a[k+1…, k]).
 */
export function factorQr(a: Float64Array, m: number, n: number): Float64Array {
  const tau = new Float64Array(Math.min(m, n))
  for (let k = 0; k < tau.length; k++) {
    tau[k] = reflector(a, n, k, k, m)
    reflectRows(a, n, k + 1, n, a, n, k, k, m, tau[k])
  }
  return tau
}

/**
 * The reflection that maps rows `row`…m-1 of a column onto its first element. That element is overwritten by the
 * result, the others by v; returns tau, 0 where there is nothing to reflect.
 */
export function reflector(a: Float64Array, stride: number, column: number, row: number, m: number): number {
  let scale = 0
  for (let i = row + 1; i < m; i++) {
    const size = Math.abs(a[i * stride + column])
    if (!(size <= scale)) scale = size
  }
  if (scale === 0) return 0
  const alpha = a[row * stride + column]
  // Scaled, so that the square of a tiny or huge element is still a number.
  scale = Math.max(scale, Math.abs(alpha))
  let sum = 0
  for (let i = row; i < m; i++) sum += (a[i * stride + column] / scale) ** 2
  const beta = (alpha >= 0 ? -scale : scale) * Math.sqrt(sum)
  for (let i = row + 1; i < m; i++) a[i * stride + column] /= alpha - beta
  a[row * stride + column] = beta
  return (beta - alpha) / beta
}

/** Applies the reflection in column `k` of `v` (rows row…m-1) from the left to columns from…to-1 of `a`. */
export function reflectRows(
  a: Float64Array,
  strideA: number,
  from: number,
  to: number,
  v: Float64Array,
  strideV: number,
  k: number,
  row: number,
  m: number,
  tau: number,
): void {
  if (tau === 0 || from >= to) return
  const w = a.slice(row * strideA + from, row * strideA + to)
  for (let i = row + 1; i < m; i++) {
    const vi = v[i * strideV + k]
    if (vi !== 0) for (let j = from; j < to; j++) w[j - from] += vi * a[i * strideA + j]
  }
  for (let i = row; i < m; i++) {
    const factor = tau * (i === row ? 1 : v[i * strideV + k])
    if (factor !== 0) for (let j = from; j < to; j++) a[i * strideA + j] -= factor * w[j - from]
  }
}

/** The first `columns` columns of the product of the reflections of a factored (m, n) matrix: Q (m, columns). */
export function formQ(
  factored: Float64Array,
  tau: Float64Array,
  m: number,
  n: number,
  columns: number,
): Float64Array {
  const q = new Float64Array(m * columns)
  for (let i = 0; i < Math.min(m, columns); i++) q[i * columns + i] = 1
  for (let k = tau.length - 1; k >= 0; k--) {
    reflectRows(q, columns, k, columns, factored, n, k, k, m, tau[k])
  }
  return q
}
