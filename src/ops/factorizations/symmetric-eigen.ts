/**
 * Eigenvalues and eigenvectors of a symmetric matrix: Householder tridiagonalization, then QL steps with implicit
 * shifts (Golub & Van Loan, Matrix Computations, 8.3). Row-major.
 */
import { dot } from './block-product.js'
import { formQ, reflector } from './householder-qr.js'

export interface SymmetricEigen {
  /** Ascending. */
  readonly values: Float64Array
  /** Row i is the eigenvector of value i; null where only values were asked for. */
  readonly vectors: Float64Array | null
}

const mostSteps = 60

/** Of the lower triangle of `a` (n, n), which is overwritten; null where the steps do not converge. */
export function symmetricEigen(a: Float64Array, n: number, withVectors: boolean): SymmetricEigen | null {
  for (let i = 0; i < n; i++) for (let j = i + 1; j < n; j++) a[i * n + j] = a[j * n + i]
  const { diagonal, beside, tau } = tridiagonalize(a, n)
  // Rows of `rows` are the eigenvectors to be: rotations then touch two neighbouring rows.
  const rows = withVectors ? transposedBasis(a, tau, n) : null
  if (!diagonalize(diagonal, beside, rows, n)) return null
  const order = Array.from({ length: n }, (_, i) => i).sort((p, q) => diagonal[p] - diagonal[q])
  const values = Float64Array.from(order, (i) => diagonal[i])
  if (rows === null) return { values, vectors: null }
  const vectors = new Float64Array(n * n)
  order.forEach((from, to) => {
    vectors.set(rows.subarray(from * n, from * n + n), to * n)
  })
  return { values, vectors }
}

interface Tridiagonal {
  readonly diagonal: Float64Array
  /** Element i stands between diagonal i and i + 1. */
  readonly beside: Float64Array
  readonly tau: Float64Array
}

/** Qᵀ·A·Q = T; column k of `a` keeps the reflection of rows k + 1…. */
function tridiagonalize(a: Float64Array, n: number): Tridiagonal {
  const tau = new Float64Array(Math.max(0, n - 1))
  const beside = new Float64Array(n)
  const diagonal = new Float64Array(n)
  const v = new Float64Array(n)
  const p = new Float64Array(n)
  for (let k = 0; k < n - 1; k++) {
    const t = reflector(a, n, k, k + 1, n)
    tau[k] = t
    beside[k] = a[(k + 1) * n + k]
    if (t === 0) continue
    for (let i = k + 1; i < n; i++) v[i] = i === k + 1 ? 1 : a[i * n + k]
    // A ← A - v·wᵀ - w·vᵀ with p = τ·A·v and w = p - (τ/2)(pᵀv)·v.
    let pv = 0
    for (let i = k + 1; i < n; i++) {
      p[i] = t * dot(a, i * n + k + 1, v, k + 1, n - k - 1)
      pv += p[i] * v[i]
    }
    for (let i = k + 1; i < n; i++) p[i] -= 0.5 * t * pv * v[i]
    for (let i = k + 1; i < n; i++) {
      const vi = v[i]
      const pi = p[i]
      for (let j = k + 1; j < n; j++) a[i * n + j] -= vi * p[j] + pi * v[j]
    }
  }
  for (let i = 0; i < n; i++) diagonal[i] = a[i * n + i]
  return { diagonal, beside, tau }
}

/** Qᵀ of the tridiagonalization. */
function transposedBasis(a: Float64Array, tau: Float64Array, n: number): Float64Array {
  const out = new Float64Array(n * n)
  if (n === 0) return out
  out[0] = 1
  if (n === 1) return out
  // The reflections act on rows 1…: the block below the first row is a QR factorization's.
  const block = a.slice(n)
  const q = formQ(block, tau, n - 1, n, n - 1)
  for (let i = 1; i < n; i++) for (let j = 1; j < n; j++) out[j * n + i] = q[(i - 1) * (n - 1) + j - 1]
  return out
}

/** QL steps with implicit Wilkinson shifts until `beside` vanishes; rotations are applied to neighbouring `rows`. */
function diagonalize(d: Float64Array, e: Float64Array, rows: Float64Array | null, n: number): boolean {
  for (let low = 0; low < n; low++) {
    for (let step = 0; ; step++) {
      let high = low
      while (high < n - 1 && Math.abs(e[high]) > 2 ** -53 * (Math.abs(d[high]) + Math.abs(d[high + 1])))
        high++
      if (high === low) break
      if (step === mostSteps) return false
      const half = (d[low + 1] - d[low]) / (2 * e[low])
      const root = Math.hypot(half, 1)
      let g = d[high] - d[low] + e[low] / (half + (half < 0 ? -root : root))
      let s = 1
      let c = 1
      let shift = 0
      let i = high - 1
      for (; i >= low; i--) {
        const f = s * e[i]
        const h = c * e[i]
        const r = Math.hypot(f, g)
        e[i + 1] = r
        if (r === 0) {
          d[i + 1] -= shift
          e[high] = 0
          break
        }
        s = f / r
        c = g / r
        const base = d[i + 1] - shift
        const t = (d[i] - base) * s + 2 * c * h
        shift = s * t
        d[i + 1] = base + shift
        g = c * t - h
        if (rows !== null) rotateRows(rows, n, i, i + 1, c, -s)
      }
      if (i >= low) continue
      d[low] -= shift
      e[low] = g
      e[high] = 0
    }
  }
  return true
}

/** (row p, row q) ← (c·p + s·q, -s·p + c·q). */
export function rotateRows(
  rows: Float64Array,
  width: number,
  p: number,
  q: number,
  c: number,
  s: number,
): void {
  const [at, to] = [p * width, q * width]
  for (let k = 0; k < width; k++) {
    const x = rows[at + k]
    const y = rows[to + k]
    rows[at + k] = c * x + s * y
    rows[to + k] = c * y - s * x
  }
}
