/** LU factorization with partial pivoting, and what it gives: solutions, inverse, determinant. Row-major, in place. */
import { addProduct, blockSize } from './block-product.js'
import { substitute } from './triangular.js'

export interface Lu {
  /** Row i of the permuted matrix is row permutation[i] of the given one. */
  readonly permutation: Int32Array
  /** Determinant of the permutation. */
  readonly sign: number
  /** The first column without a pivot, or -1: then the matrix is singular. */
  readonly singular: number
}

/** Overwrites `a` (m, n) by L below the diagonal (1 on it) and U: P·A = L·U. A column without pivot is passed over. */
export function factorLu(a: Float64Array, m: number, n: number): Lu {
  const permutation = Int32Array.from({ length: m }, (_, i) => i)
  let sign = 1
  let singular = -1
  const size = Math.min(m, n)
  for (let first = 0; first < size; first += blockSize) {
    const last = Math.min(first + blockSize, size)
    for (let k = first; k < last; k++) {
      let pivot = k
      for (let i = k + 1; i < m; i++) {
        if (Math.abs(a[i * n + k]) > Math.abs(a[pivot * n + k])) pivot = i
      }
      if (a[pivot * n + k] === 0) {
        if (singular < 0) singular = k
        continue
      }
      if (pivot !== k) {
        swapRows(a, n, k, pivot)
        const row = permutation[k]
        permutation[k] = permutation[pivot]
        permutation[pivot] = row
        sign = -sign
      }
      const diagonal = a[k * n + k]
      for (let i = k + 1; i < m; i++) {
        const factor = a[i * n + k] / diagonal
        a[i * n + k] = factor
        if (factor === 0) continue
        for (let j = k + 1; j < last; j++) a[i * n + j] -= factor * a[k * n + j]
      }
    }
    eliminateRight(a, m, n, first, last)
  }
  return { permutation, sign, singular }
}

function swapRows(a: Float64Array, n: number, p: number, q: number): void {
  for (let j = 0; j < n; j++) {
    const kept = a[p * n + j]
    a[p * n + j] = a[q * n + j]
    a[q * n + j] = kept
  }
}

/** What factoring columns first…last-1 does to the columns right of them: rows of U, then one product. */
function eliminateRight(a: Float64Array, m: number, n: number, first: number, last: number): void {
  if (last >= n) return
  for (let i = first + 1; i < last; i++) {
    for (let k = first; k < i; k++) {
      const factor = a[i * n + k]
      if (factor === 0) continue
      for (let j = last; j < n; j++) a[i * n + j] -= factor * a[k * n + j]
    }
  }
  addProduct(
    { data: a, at: last * n + last, stride: n },
    { data: a, at: last * n + first, stride: n },
    { data: a, at: first * n + last, stride: n },
    m - last,
    last - first,
    n - last,
    -1,
  )
}

/** A⁻¹·b for a factored (n, n) matrix and b (n, columns), into `x`. */
export function solveLu(
  lu: Float64Array,
  permutation: Int32Array,
  n: number,
  b: Float64Array,
  columns: number,
  x: Float64Array,
): void {
  for (let i = 0; i < n; i++) {
    for (let c = 0; c < columns; c++) x[i * columns + c] = b[permutation[i] * columns + c]
  }
  substitute(lu, n, x, columns, false, true)
  substitute(lu, n, x, columns, true, false)
}

/** The identity of size n. */
export function identity(n: number): Float64Array {
  const out = new Float64Array(n * n)
  for (let i = 0; i < n; i++) out[i * n + i] = 1
  return out
}

/** The inverse of `a` (n, n), which is overwritten; null where it is singular. */
export function invert(a: Float64Array, n: number): Float64Array | null {
  const { permutation, singular } = factorLu(a, n, n)
  if (singular >= 0) return null
  const out = new Float64Array(n * n)
  solveLu(a, permutation, n, identity(n), n, out)
  return out
}
