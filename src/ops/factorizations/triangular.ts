/** Substitution and Cholesky's factorization. Row-major. */

/**
 * Solves T·x = b in place of `b` (n, columns), reading only the lower or the upper triangle of `t` (n, n), with 1 on
 * the diagonal where `unit`.
 */
export function substitute(
  t: Float64Array,
  n: number,
  b: Float64Array,
  columns: number,
  upper: boolean,
  unit: boolean,
): void {
  for (let step = 0; step < n; step++) {
    const i = upper ? n - 1 - step : step
    const from = upper ? i + 1 : 0
    const to = upper ? n : i
    for (let k = from; k < to; k++) {
      const factor = t[i * n + k]
      if (factor === 0) continue
      for (let c = 0; c < columns; c++) b[i * columns + c] -= factor * b[k * columns + c]
    }
    if (!unit) for (let c = 0; c < columns; c++) b[i * columns + c] /= t[i * n + i]
  }
}

/** Row of the first pivot that is not positive when factoring the lower triangle of `a` as L·Lᵀ into `l`, or -1. */
export function factorCholesky(a: Float64Array, n: number, l: Float64Array): number {
  for (let i = 0; i < n; i++) {
    for (let j = 0; j <= i; j++) {
      let sum = a[i * n + j]
      for (let k = 0; k < j; k++) sum -= l[i * n + k] * l[j * n + k]
      if (i !== j) l[i * n + j] = sum / l[j * n + j]
      else if (sum > 0) l[i * n + i] = Math.sqrt(sum)
      else return i
    }
  }
  return -1
}
