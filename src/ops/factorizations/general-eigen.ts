/** Eigenvalues and eigenvectors of a general real matrix, from its Schur form by back substitution. Row-major. */
import { realSchur } from './real-schur.js'

export interface GeneralEigen {
  /** (n, 2): real and imaginary parts. Complex pairs stand side by side, positive imaginary part first. */
  readonly values: Float64Array
  /** (n, n, 2): column i is the eigenvector of value i, of length 1, its largest element real. */
  readonly vectors: Float64Array
}

/** Of `a` (n, n), which is overwritten; null where the steps do not converge (elements that are not finite). */
export function generalEigen(a: Float64Array, n: number): GeneralEigen | null {
  const z = realSchur(a, n)
  if (z === null) return null
  let norm = 0
  for (const x of a) norm = Math.max(norm, Math.abs(x))
  const smallest = 2 ** -53 * (norm || 1)
  const values = new Float64Array(2 * n)
  const vectors = new Float64Array(2 * n * n)
  for (let k = 0; k < n; k++) {
    const diagonal = a[k * n + k]
    if (k + 1 === n || a[(k + 1) * n + k] === 0) {
      values[2 * k] = diagonal
      const x = new Float64Array(2 * n)
      x[2 * k] = 1
      backSubstitute(a, n, k - 1, diagonal, 0, x, smallest)
      store(vectors, z, n, k, x)
      continue
    }
    const half = (diagonal - a[(k + 1) * n + k + 1]) / 2
    const re = a[(k + 1) * n + k + 1] + half
    const im = Math.sqrt(-(half * half + a[k * n + k + 1] * a[(k + 1) * n + k]))
    values.set([re, im, re, -im], 2 * k)
    // (T - λI)·x = 0 in the block: x₁ = -t₁₂/(t₁₁ - λ) for x₂ = 1.
    const x = new Float64Array(2 * n)
    x[2 * k + 2] = 1
    divide(x, k, -a[k * n + k + 1], 0, diagonal - re, -im)
    backSubstitute(a, n, k - 1, re, im, x, smallest)
    store(vectors, z, n, k, x)
    for (let i = 0; i < n; i++) {
      vectors[2 * (i * n + k + 1)] = vectors[2 * (i * n + k)]
      vectors[2 * (i * n + k + 1) + 1] = -vectors[2 * (i * n + k) + 1]
    }
    k++
  }
  return { values, vectors }
}

/** x[i] = (re + i·im)/(dre + i·dim). */
function divide(x: Float64Array, i: number, re: number, im: number, dre: number, dim: number): void {
  // Smith's division: no square of the denominator that could overflow.
  if (Math.abs(dre) >= Math.abs(dim)) {
    const ratio = dim / dre
    const size = dre + dim * ratio
    x[2 * i] = (re + im * ratio) / size
    x[2 * i + 1] = (im - re * ratio) / size
  } else {
    const ratio = dre / dim
    const size = dre * ratio + dim
    x[2 * i] = (re * ratio + im) / size
    x[2 * i + 1] = (im * ratio - re) / size
  }
}

/** Rows last…0 of (T - λI)·x = 0, given the elements of x below. */
function backSubstitute(
  t: Float64Array,
  n: number,
  last: number,
  re: number,
  im: number,
  x: Float64Array,
  smallest: number,
): void {
  /** -Σ t[i, j]·x[j] over j ≥ from. */
  const right = (i: number, from: number): [number, number] => {
    let sre = 0
    let sim = 0
    for (let j = from; j < n; j++) {
      sre -= t[i * n + j] * x[2 * j]
      sim -= t[i * n + j] * x[2 * j + 1]
    }
    return [sre, sim]
  }
  for (let i = last; i >= 0; i--) {
    if (i === 0 || t[i * n + i - 1] === 0) {
      const [sre, sim] = right(i, i + 1)
      let dre = t[i * n + i] - re
      // An eigenvalue that comes again: a neighbour of it gives a vector that is as good.
      if (Math.abs(dre) + Math.abs(im) < smallest) dre = smallest
      divide(x, i, sre, sim, dre, -im)
    } else {
      solvePair(t, n, i - 1, right(i - 1, i + 1), right(i, i + 1), re, im, x, smallest)
      i--
    }
    const size = Math.max(Math.abs(x[2 * i]), Math.abs(x[2 * i + 1]))
    if (size > 1e100) for (let k = 2 * i; k < 2 * n; k++) x[k] /= size
  }
}

/** The 2×2 block at row p, for right sides r and s: Cramer's rule with complex numbers. */
function solvePair(
  t: Float64Array,
  n: number,
  p: number,
  r: readonly [number, number],
  s: readonly [number, number],
  re: number,
  im: number,
  x: Float64Array,
  smallest: number,
): void {
  const a = t[p * n + p] - re
  const b = t[p * n + p + 1]
  const c = t[(p + 1) * n + p]
  const d = t[(p + 1) * n + p + 1] - re
  let dre = a * d - im * im - b * c
  const dim = -im * (a + d)
  if (Math.abs(dre) + Math.abs(dim) < smallest * smallest) dre = smallest * smallest
  divide(x, p, d * r[0] + im * r[1] - b * s[0], d * r[1] - im * r[0] - b * s[1], dre, dim)
  divide(x, p + 1, a * s[0] + im * s[1] - c * r[0], a * s[1] - im * s[0] - c * r[1], dre, dim)
}

/** Column k of `vectors` ← Z·x, scaled to length 1 with its largest element real. */
function store(vectors: Float64Array, z: Float64Array, n: number, k: number, x: Float64Array): void {
  let biggest = 0
  for (const part of x) biggest = Math.max(biggest, Math.abs(part))
  for (let j = 0; j < x.length; j++) x[j] /= biggest
  let total = 0
  let largest = 0
  let [ure, uim] = [1, 0]
  for (let i = 0; i < n; i++) {
    let re = 0
    let im = 0
    for (let j = 0; j < n; j++) {
      re += z[i * n + j] * x[2 * j]
      im += z[i * n + j] * x[2 * j + 1]
    }
    vectors[2 * (i * n + k)] = re
    vectors[2 * (i * n + k) + 1] = im
    const square = re * re + im * im
    total += square
    if (square > largest) {
      largest = square
      ;[ure, uim] = [re, -im]
    }
  }
  // A real vector keeps its sign.
  const turn = uim === 0 ? [1, 0] : [ure / Math.sqrt(largest), uim / Math.sqrt(largest)]
  const length = Math.sqrt(total)
  for (let i = 0; i < n; i++) {
    const at = 2 * (i * n + k)
    const [re, im] = [vectors[at] / length, vectors[at + 1] / length]
    vectors[at] = re * turn[0] - im * turn[1]
    vectors[at + 1] = re * turn[1] + im * turn[0]
  }
}
