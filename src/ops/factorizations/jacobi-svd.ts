/**
 * Singular value decomposition: QR, then one-sided Jacobi rotations of the rows of R (Drmač & Veselić 2008). Accurate
 * for small singular values too. Large matrices that are not ill-conditioned start from the eigenvectors of R·Rᵀ.
 * Row-major.
 */
import { addProduct, dot, type Part } from './block-product.js'
import { factorQr, formQ } from './householder-qr.js'
import { rotateRows, symmetricEigen } from './symmetric-eigen.js'

export interface Svd {
  /** Descending, min(m, n) of them. */
  readonly values: Float64Array
  /** Row i is the left singular vector i: min(m, n) rows of length m, or m rows where all were asked for. */
  readonly left: Float64Array
  /** Row i is the right singular vector i: min(m, n) rows of length n, or n rows where all were asked for. */
  readonly right: Float64Array
}

const mostSweeps = 60

export function transposed(a: Float64Array, m: number, n: number): Float64Array {
  const out = new Float64Array(a.length)
  for (let i = 0; i < m; i++) for (let j = 0; j < n; j++) out[j * m + i] = a[i * n + j]
  return out
}

/** Of `a` (m, n), which is overwritten; null where the rotations do not converge (elements that are not finite). */
export function jacobiSvd(a: Float64Array, m: number, n: number, all: boolean): Svd | null {
  const scale = largest(a)
  if (scale === null) return null
  if (m < n) {
    const flipped = jacobiSvd(transposed(a, m, n), n, m, all)
    return flipped && { values: flipped.values, left: flipped.right, right: flipped.left }
  }
  const { w, tau } = triangle(a, m, n, scale)
  const width = all ? m : n
  const q = formQ(a, tau, m, n, width)
  // R = Jᵀ·W: rows of W become orthogonal, their lengths are the singular values, J collects the rotations.
  const start = nearlyOrthogonal(w, n)
  const { rotations } = start
  if (!orthogonalizeRows(start.w, rotations, n)) return null

  const lengths = Float64Array.from({ length: n }, (_, i) => lengthOf(start.w, i * n, n))
  const order = Array.from({ length: n }, (_, i) => i).sort((x, y) => lengths[y] - lengths[x])
  const values = Float64Array.from(order, (i) => lengths[i] * scale)
  const right = new Float64Array(n * n)
  order.forEach((from, to) => {
    const length = lengths[from]
    if (length > 0) for (let k = 0; k < n; k++) right[to * n + k] = start.w[from * n + k] / length
  })
  completeRows(
    right,
    n,
    order.findIndex((i) => !(lengths[i] > 0)),
  )
  // Row `to` of U is Q·(row `from` of the rotations); what lies beyond n columns of Q stays.
  const left = new Float64Array(width * m)
  for (let to = 0; to < width; to++) {
    for (let i = 0; i < m; i++) {
      left[to * m + i] = to >= n ? q[i * width + to] : dot(q, i * width, rotations, order[to] * n, n)
    }
  }
  return { values, left, right }
}

/** The singular values alone, descending; null where elements are not finite. */
export function jacobiSingularValues(a: Float64Array, m: number, n: number): Float64Array | null {
  if (m < n) return jacobiSingularValues(transposed(a, m, n), n, m)
  const scale = largest(a)
  if (scale === null) return null
  const { w } = nearlyOrthogonal(triangle(a, m, n, scale).w, n)
  if (!orthogonalizeRows(w, null, n)) return null
  const lengths = Float64Array.from({ length: n }, (_, i) => lengthOf(w, i * n, n) * scale)
  return lengths.sort((x, y) => y - x)
}

/** The largest |element|, or null where one is not finite. */
function largest(a: Float64Array): number | null {
  let scale = 0
  for (const x of a) {
    if (!Number.isFinite(x)) return null
    if (Math.abs(x) > scale) scale = Math.abs(x)
  }
  return scale
}

/** R of the scaled matrix: squares must not overflow or vanish. `a` keeps the reflections. */
function triangle(
  a: Float64Array,
  m: number,
  n: number,
  scale: number,
): { w: Float64Array; tau: Float64Array } {
  if (scale > 0) for (let i = 0; i < a.length; i++) a[i] /= scale
  const tau = factorQr(a, m, n)
  const w = new Float64Array(n * n)
  for (let i = 0; i < n; i++) for (let j = i; j < n; j++) w[i * n + j] = a[i * n + j]
  return { w, tau }
}

const lengthOf = (x: Float64Array, start: number, n: number): number => {
  return Math.sqrt(dot(x, start, x, start, n))
}

/** From this size on the eigenvectors of W·Wᵀ are a start that saves most of the rotations. */
const eigenStart = 64

/** The square of the smallest singular value over the largest's from which that start keeps small ones accurate. */
const leastRatio = 1e-12

/**
 * Q and Q·W, rows of which are nearly orthogonal: Q holds the eigenvectors of W·Wᵀ. The identity and W itself for small
 * matrices, and for those of such a condition that the small singular values would lose their digits.
 */
function nearlyOrthogonal(w: Float64Array, n: number): { w: Float64Array; rotations: Float64Array } {
  const part = (data: Float64Array): Part => ({ data, at: 0, stride: n })
  if (n >= eigenStart) {
    const gram = new Float64Array(n * n)
    addProduct(part(gram), part(w), part(transposed(w, n, n)), n, n, n, 1)
    const eigen = symmetricEigen(gram, n, true)
    if (eigen?.vectors && eigen.values[0] >= leastRatio * eigen.values[n - 1]) {
      const turned = new Float64Array(n * n)
      addProduct(part(turned), part(eigen.vectors), part(w), n, n, n, 1)
      return { w: turned, rotations: eigen.vectors }
    }
  }
  const rotations = new Float64Array(n * n)
  for (let i = 0; i < n; i++) rotations[i * n + i] = 1
  return { w, rotations }
}

/** Rotates pairs of rows until all are orthogonal to working precision. */
function orthogonalizeRows(w: Float64Array, rotations: Float64Array | null, n: number): boolean {
  const limit = n * 2 ** -53
  const squares = new Float64Array(n)
  for (let sweep = 0; sweep < mostSweeps; sweep++) {
    let rotated = false
    // Squared lengths follow the rotations within a sweep; each sweep starts from true ones.
    for (let p = 0; p < n; p++) squares[p] = lengthOf(w, p * n, n) ** 2
    for (let p = 0; p < n - 1; p++) {
      for (let q = p + 1; q < n; q++) {
        const pp = squares[p]
        const qq = squares[q]
        const pq = dot(w, p * n, w, q * n, n)
        if (pq === 0 || Math.abs(pq) <= limit * Math.sqrt(pp) * Math.sqrt(qq)) continue
        rotated = true
        const cot = (qq - pp) / (2 * pq)
        // A cotangent whose square is no number is so large that the 1 beside it counts for nothing.
        const t = (cot < 0 ? -1 : 1) / (Math.abs(cot) + Math.sqrt(1 + cot * cot))
        const c = 1 / Math.sqrt(1 + t * t)
        squares[p] = Math.max(0, pp - t * pq)
        squares[q] = qq + t * pq
        rotateRows(w, n, p, q, c, -c * t)
        if (rotations !== null) rotateRows(rotations, n, p, q, c, -c * t)
      }
    }
    if (!rotated) return true
  }
  return false
}

/** Fills rows from `first` on with unit vectors orthogonal to all rows before (Gram-Schmidt, twice). */
function completeRows(rows: Float64Array, n: number, first: number): void {
  if (first < 0) return
  let axis = 0
  for (let i = first; i < n; axis++) {
    const row = rows.subarray(i * n, i * n + n)
    row.fill(0)
    row[axis] = 1
    for (let pass = 0; pass < 2; pass++) {
      for (let j = 0; j < i; j++) {
        let along = 0
        for (let k = 0; k < n; k++) along += row[k] * rows[j * n + k]
        for (let k = 0; k < n; k++) row[k] -= along * rows[j * n + k]
      }
    }
    const length = lengthOf(rows, i * n, n)
    // Of the n axes at least n - i lie well outside the span of the rows before.
    if (length * length < 0.5 / n) continue
    for (let k = 0; k < n; k++) row[k] /= length
    i++
  }
}
