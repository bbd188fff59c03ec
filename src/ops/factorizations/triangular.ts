/** Substitution and Cholesky's factorization. Row-major. */
import { addProduct, blockSize, dot } from './block-product.js'

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
  for (let done = 0; done < n; done += blockSize) {
    const count = Math.min(blockSize, n - done)
    const first = upper ? n - done - count : done
    substituteBlock(t, n, b, columns, first, count, upper, unit)
    // What the block's solution takes off the rows that are still to do.
    const rest = n - done - count
    if (rest === 0) continue
    const row = upper ? 0 : first + count
    addProduct(
      { data: b, at: row * columns, stride: columns },
      { data: t, at: row * n + first, stride: n },
      { data: b, at: first * columns, stride: columns },
      rest,
      count,
      columns,
      -1,
    )
  }
}

/** Rows first… of the solution, the triangle's `count` rows and columns from there on alone. */
function substituteBlock(
  t: Float64Array,
  n: number,
  b: Float64Array,
  columns: number,
  first: number,
  count: number,
  upper: boolean,
  unit: boolean,
): void {
  for (let step = 0; step < count; step++) {
    const i = upper ? first + count - 1 - step : first + step
    const from = upper ? i + 1 : first
    const to = upper ? first + count : i
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
      const sum = a[i * n + j] - dot(l, i * n, l, j * n, j)
      if (i !== j) l[i * n + j] = sum / l[j * n + j]
      else if (sum > 0) l[i * n + i] = Math.sqrt(sum)
      else return i
    }
  }
  return -1
}
