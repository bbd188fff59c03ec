/**
 * Schur form of a general real matrix: Hessenberg reduction by reflections, then Francis' double-shift QR steps
 * (Golub & Van Loan, Matrix Computations, 7.4 and 7.5). Row-major.
 */
import { reflector, reflectRows } from './householder-qr.js'

const mostSteps = 60

/** Overwrites `h` (n, n) by T and returns Z with A = Z·T·Zᵀ, or null. T has 2×2 blocks for complex pairs only. */
export function realSchur(h: Float64Array, n: number): Float64Array | null {
  const z = reduceToHessenberg(h, n)
  let norm = 0
  for (const x of h) norm += Math.abs(x)
  if (!Number.isFinite(norm)) return null
  let high = n - 1
  let step = 0
  while (high > 0) {
    const low = startOfBlock(h, n, high, norm)
    if (low === high) {
      high--
      step = 0
    } else if (low === high - 1) {
      splitPair(h, z, n, low)
      high -= 2
      step = 0
    } else {
      if (step === mostSteps) return null
      francisStep(h, z, n, low, high, ++step)
    }
  }
  return z
}

/** H = Zᵀ·A·Z without elements below the first subdiagonal; returns Z. */
function reduceToHessenberg(h: Float64Array, n: number): Float64Array {
  const z = new Float64Array(n * n)
  for (let i = 0; i < n; i++) z[i * n + i] = 1
  const v = new Float64Array(n)
  for (let k = 0; k < n - 2; k++) {
    const tau = reflector(h, n, k, k + 1, n)
    if (tau === 0) continue
    reflectRows(h, n, k + 1, n, h, n, k, k + 1, n, tau)
    for (let i = k + 1; i < n; i++) {
      v[i] = i === k + 1 ? 1 : h[i * n + k]
      if (i > k + 1) h[i * n + k] = 0
    }
    reflectColumns(h, n, n, k + 1, v.subarray(k + 1, n), tau)
    reflectColumns(z, n, n, k + 1, v.subarray(k + 1, n), tau)
  }
  return z
}

/** a ← a·(I - τ·v·vᵀ) over columns `first`… of the first `rows` rows. */
function reflectColumns(
  a: Float64Array,
  n: number,
  rows: number,
  first: number,
  v: Float64Array,
  tau: number,
): void {
  for (let i = 0; i < rows; i++) {
    const at = i * n + first
    let sum = 0
    for (let k = 0; k < v.length; k++) sum += a[at + k] * v[k]
    sum *= tau
    for (let k = 0; k < v.length; k++) a[at + k] -= sum * v[k]
  }
}

/** The first row of the block that ends at `high`: where a subdiagonal element vanishes, it is set to 0. */
function startOfBlock(h: Float64Array, n: number, high: number, norm: number): number {
  let low = high
  for (; low > 0; low--) {
    const neighbours = Math.abs(h[(low - 1) * n + low - 1]) + Math.abs(h[low * n + low])
    if (Math.abs(h[low * n + low - 1]) <= 2 ** -53 * (neighbours || norm)) {
      h[low * n + low - 1] = 0
      break
    }
  }
  return low
}

/** Makes the 2×2 block at `p` triangular where its eigenvalues are real. */
function splitPair(h: Float64Array, z: Float64Array, n: number, p: number): void {
  const q = p + 1
  const lower = h[q * n + p]
  const half = (h[p * n + p] - h[q * n + q]) / 2
  const discriminant = half * half + h[p * n + q] * lower
  if (discriminant < 0) return
  const root = Math.sqrt(discriminant)
  // (A - λI)·(λ - d, c) = 0 for the eigenvalue λ further from d.
  const x = half + (half < 0 ? -root : root)
  const length = Math.hypot(x, lower)
  if (length === 0) return
  const [c, s] = [x / length, lower / length]
  for (let j = 0; j < n; j++) {
    const [u, v] = [h[p * n + j], h[q * n + j]]
    h[p * n + j] = c * u + s * v
    h[q * n + j] = c * v - s * u
  }
  for (const a of [h, z]) {
    for (let i = 0; i < n; i++) {
      const [u, v] = [a[i * n + p], a[i * n + q]]
      a[i * n + p] = c * u + s * v
      a[i * n + q] = c * v - s * u
    }
  }
  h[q * n + p] = 0
}

/** One implicit double-shift step on rows and columns low…high, applied to the whole of `h` and `z`. */
function francisStep(
  h: Float64Array,
  z: Float64Array,
  n: number,
  low: number,
  high: number,
  step: number,
): void {
  const at = (i: number, j: number): number => h[i * n + j]
  let trace = at(high - 1, high - 1) + at(high, high)
  let determinant = at(high - 1, high - 1) * at(high, high) - at(high - 1, high) * at(high, high - 1)
  if (step % 10 === 0) {
    // Shifts that go round in circles are replaced by ones of no meaning.
    const size = Math.abs(at(high, high - 1)) + Math.abs(at(high - 1, high - 2))
    trace = 1.5 * size
    determinant = size * size
  }
  const column = new Float64Array(3)
  column[0] = at(low, low) * (at(low, low) - trace) + at(low, low + 1) * at(low + 1, low) + determinant
  column[1] = at(low + 1, low) * (at(low, low) + at(low + 1, low + 1) - trace)
  column[2] = at(low + 1, low) * at(low + 2, low + 1)
  for (let k = low; k < high; k++) {
    const size = Math.min(3, high - k + 1)
    if (k > low) for (let i = 0; i < size; i++) column[i] = at(k + i, k - 1)
    const v = column.slice(0, size)
    const tau = reflector(v, 1, 0, 0, size)
    if (k > low) {
      h[k * n + k - 1] = v[0]
      for (let i = 1; i < size; i++) h[(k + i) * n + k - 1] = 0
    }
    if (tau === 0) continue
    v[0] = 1
    for (let j = k; j < n; j++) {
      let sum = 0
      for (let i = 0; i < size; i++) sum += v[i] * at(k + i, j)
      sum *= tau
      for (let i = 0; i < size; i++) h[(k + i) * n + j] -= sum * v[i]
    }
    reflectColumns(h, n, Math.min(k + 4, high + 1), k, v, tau)
    reflectColumns(z, n, n, k, v, tau)
  }
}
