/** QR factorization by Householder reflections, with LAPACK's signs. Row-major. */
import { addProduct, blockSize, dot, type Part } from './block-product.js'

/**
 * Overwrites `a` (m, n) by R above and on the diagonal and the reflections below it: reflection k is
 * I - tau[k]·v·vᵀ with v = (0, …, 1 at k, a[k+1…, k]).
 */
export function factorQr(a: Float64Array, m: number, n: number): Float64Array {
  const tau = new Float64Array(Math.min(m, n))
  for (let first = 0; first < tau.length; first += blockSize) {
    const last = Math.min(first + blockSize, tau.length)
    for (let k = first; k < last; k++) {
      tau[k] = reflector(a, n, k, k, m)
      reflectRows(a, n, k + 1, last, a, n, k, k, m, tau[k])
    }
    if (last < n) reflectBlock(a, n, last, n, joined(a, n, m, tau, first, last), true)
  }
  return tau
}

/** Several reflections as one: I - V·T·Vᵀ for rows from `first` on. */
interface Reflections {
  readonly first: number
  readonly count: number
  /** V (rows, count). */
  readonly v: Float64Array
  /** Vᵀ (count, rows). */
  readonly across: Float64Array
  /** T (count, count), upper triangular. */
  readonly t: Float64Array
  readonly rows: number
}

/** The product of reflections first…last-1 of a factored (m, n) matrix (Schreiber & Van Loan 1989). */
function joined(
  a: Float64Array,
  n: number,
  m: number,
  tau: Float64Array,
  first: number,
  last: number,
): Reflections {
  const [rows, count] = [m - first, last - first]
  const v = new Float64Array(rows * count)
  const across = new Float64Array(count * rows)
  for (let i = 0; i < rows; i++) {
    for (let k = 0; k < Math.min(i + 1, count); k++) {
      const x = i === k ? 1 : a[(first + i) * n + first + k]
      v[i * count + k] = x
      across[k * rows + i] = x
    }
  }
  const t = new Float64Array(count * count)
  const along = new Float64Array(count)
  for (let k = 0; k < count; k++) {
    const size = tau[first + k]
    t[k * count + k] = size
    for (let j = 0; j < k; j++) along[j] = dot(across, j * rows + k, across, k * rows + k, rows - k)
    for (let i = 0; i < k; i++) {
      let sum = 0
      for (let j = i; j < k; j++) sum += t[i * count + j] * along[j]
      t[i * count + k] = -size * sum
    }
  }
  return { first, count, v, across, t, rows }
}

/** Applies joined reflections (or, `transposed`, their inverse) from the left to columns from…to-1 of `a`. */
function reflectBlock(
  a: Float64Array,
  stride: number,
  from: number,
  to: number,
  { first, count, v, across, t, rows }: Reflections,
  transposed: boolean,
): void {
  const width = to - from
  const target = { data: a, at: first * stride + from, stride }
  const along = new Float64Array(count * width)
  addProduct(
    { data: along, at: 0, stride: width },
    { data: across, at: 0, stride: rows },
    target,
    count,
    rows,
    width,
    1,
  )
  const weights = new Float64Array(count * count)
  for (let i = 0; i < count; i++) {
    for (let k = i; k < count; k++) weights[transposed ? k * count + i : i * count + k] = t[i * count + k]
  }
  const turned = new Float64Array(count * width)
  const part = (data: Float64Array, length: number): Part => ({ data, at: 0, stride: length })
  addProduct(part(turned, width), part(weights, count), part(along, width), count, count, width, 1)
  addProduct(target, part(v, count), part(turned, width), rows, count, width, -1)
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
  const blocks = Math.ceil(tau.length / blockSize)
  for (let block = blocks - 1; block >= 0; block--) {
    const first = block * blockSize
    const last = Math.min(first + blockSize, tau.length)
    reflectBlock(q, columns, first, columns, joined(factored, n, m, tau, first, last), false)
  }
  return q
}
