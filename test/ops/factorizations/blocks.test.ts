/**
 * Factorizations of matrices that are larger than a block, and not a multiple of one: what they give multiplies back, and
 * small singular values keep their digits where the matrix is ill-conditioned.
 */
import { describe, expect, it } from 'vitest'
import { addProduct, blockSize, dot } from '../../../src/ops/factorizations/block-product.js'
import { factorQr, formQ } from '../../../src/ops/factorizations/householder-qr.js'
import { jacobiSingularValues, jacobiSvd } from '../../../src/ops/factorizations/jacobi-svd.js'
import { factorLu, invert, solveLu } from '../../../src/ops/factorizations/lu.js'
import { symmetricEigen } from '../../../src/ops/factorizations/symmetric-eigen.js'
import { factorCholesky, substitute } from '../../../src/ops/factorizations/triangular.js'
import { seeded } from '../../helpers/random.js'

const random = (seed: number, size: number): Float64Array => {
  const source = seeded(seed)
  return Float64Array.from({ length: size }, () => source.normal())
}

/** x (m, k) times y (k, n), element by element. */
function times(x: Float64Array, y: Float64Array, m: number, k: number, n: number): Float64Array {
  const out = new Float64Array(m * n)
  for (let i = 0; i < m; i++)
    for (let j = 0; j < n; j++) for (let l = 0; l < k; l++) out[i * n + j] += x[i * k + l] * y[l * n + j]
  return out
}

const across = (x: Float64Array, m: number, n: number): Float64Array => {
  const out = new Float64Array(x.length)
  for (let i = 0; i < m; i++) for (let j = 0; j < n; j++) out[j * m + i] = x[i * n + j]
  return out
}

const triangle = (x: Float64Array, m: number, n: number, upper: boolean, unit: boolean): Float64Array => {
  const size = Math.min(m, n)
  const [rows, columns] = upper ? [size, n] : [m, size]
  const out = new Float64Array(rows * columns)
  for (let i = 0; i < rows; i++) {
    for (let j = 0; j < columns; j++) {
      if (upper ? j >= i : j < i || (j === i && !unit)) out[i * columns + j] = x[i * n + j]
      if (i === j && unit) out[i * columns + j] = 1
    }
  }
  return out
}

const eye = (n: number): Float64Array =>
  Float64Array.from({ length: n * n }, (_, i) => (i % (n + 1) === 0 ? 1 : 0))

/** The largest difference. */
const apart = (x: Float64Array, y: Float64Array): number => {
  expect(x.length).toBe(y.length)
  return x.reduce((most, v, i) => Math.max(most, Math.abs(v - y[i])), 0)
}

const sizes = [blockSize - 1, blockSize, blockSize + 1, 3 * blockSize + 5]
const shapes = [...sizes.map((n) => [n, n] as const), [101, 67] as const, [67, 101] as const]

describe('products of blocks', () => {
  it.each([
    [1, 1, 1],
    [3, 70, 5],
    [4, 64, 4],
    [9, 130, 11],
    [33, 7, 2],
  ])('(%i, %i)·(., %i) is added or taken away, inside of larger matrices', (m, k, n) => {
    const [a, b, c] = [
      random(1, (m + 2) * (k + 3)),
      random(2, (k + 1) * (n + 2)),
      random(3, (m + 1) * (n + 4)),
    ]
    for (const sign of [1, -1] as const) {
      const got = c.slice()
      addProduct(
        { data: got, at: n + 4 + 1, stride: n + 4 },
        { data: a, at: 2, stride: k + 3 },
        { data: b, at: n + 3, stride: n + 2 },
        m,
        k,
        n,
        sign,
      )
      const expected = c.slice()
      for (let i = 0; i < m; i++)
        for (let j = 0; j < n; j++)
          for (let l = 0; l < k; l++)
            expected[(i + 1) * (n + 4) + 1 + j] += sign * a[2 + i * (k + 3) + l] * b[n + 3 + l * (n + 2) + j]
      expect(apart(got, expected)).toBeLessThan(1e-12)
    }
    expect(dot(a, 1, a, 2, k)).toBeCloseTo(
      a.slice(1, 1 + k).reduce((sum, v, i) => sum + v * a[2 + i], 0),
      10,
    )
  })
})

describe('larger than a block', () => {
  it.each(shapes)('P·A = L·U of (%i, %i)', (m, n) => {
    const a = random(m + n, m * n)
    const lu = a.slice()
    const { permutation, singular } = factorLu(lu, m, n)
    expect(singular).toBe(-1)
    const size = Math.min(m, n)
    const product = times(triangle(lu, m, n, false, true), triangle(lu, m, n, true, false), m, size, n)
    const permuted = new Float64Array(m * n)
    permutation.forEach((from, to) => {
      permuted.set(a.subarray(from * n, from * n + n), to * n)
    })
    expect(apart(product, permuted)).toBeLessThan(1e-12)
    // Partial pivoting: no multiplier is above 1.
    expect(triangle(lu, m, n, false, true).every((v) => Math.abs(v) <= 1)).toBe(true)
  })

  it('a column without a pivot inside of a block is found', () => {
    const [n, dead] = [70, 40]
    const lu = random(5, n * n)
    for (let i = 0; i < n; i++) lu[i * n + dead] = 0
    expect(factorLu(lu, n, n).singular).toBe(dead)
    expect(invert(new Float64Array(n * n), n)).toBeNull()
  })

  it.each(sizes)('A⁻¹ and solutions of size %i', (n) => {
    const a = random(n, n * n)
    expect(apart(times(a, invert(a.slice(), n)!, n, n, n), eye(n))).toBeLessThan(1e-10)
    const lu = a.slice()
    const { permutation } = factorLu(lu, n, n)
    for (const columns of [1, 3, 6]) {
      const b = random(n + columns, n * columns)
      const x = new Float64Array(n * columns)
      solveLu(lu, permutation, n, b, columns, x)
      expect(apart(times(a, x, n, n, columns), b)).toBeLessThan(1e-10)
    }
  })

  it.each(sizes)("Cholesky's factor and substitution of size %i", (n) => {
    const x = random(n, n * n)
    const a = times(x, across(x, n, n), n, n, n)
    for (let i = 0; i < n; i++) a[i * n + i] += n
    const l = new Float64Array(n * n)
    expect(factorCholesky(a, n, l)).toBe(-1)
    expect(apart(times(l, across(l, n, n), n, n, n), a) / n).toBeLessThan(1e-12)
    const b = random(n + 1, n * 5)
    for (const [t, upper] of [
      [l, false],
      [across(l, n, n), true],
    ] as const) {
      const y = b.slice()
      substitute(t, n, y, 5, upper, false)
      expect(apart(times(t, y, n, n, 5), b)).toBeLessThan(1e-11)
    }
  })

  it.each(shapes)('Q·R = A of (%i, %i)', (m, n) => {
    const a = random(m * n, m * n)
    const r = a.slice()
    const tau = factorQr(r, m, n)
    const size = Math.min(m, n)
    for (const columns of [size, m]) {
      const q = formQ(r, tau, m, n, columns)
      expect(apart(times(across(q, m, columns), q, columns, m, columns), eye(columns))).toBeLessThan(
        1e-13 * m,
      )
      if (columns === size) {
        expect(apart(times(q, triangle(r, m, n, true, false), m, size, n), a)).toBeLessThan(1e-13 * m)
      }
    }
  })

  it.each(shapes)('U·diag(S)·Vh = A of (%i, %i)', (m, n) => {
    const a = random(m - n, m * n)
    const { values, left, right } = jacobiSvd(a.slice(), m, n, false)!
    const size = Math.min(m, n)
    const scaled = left.map((v, i) => v * values[Math.floor(i / m)])
    expect(apart(times(across(scaled, size, m), right, m, size, n), a)).toBeLessThan(1e-12 * m)
    for (const [rows, length] of [
      [left, m],
      [right, n],
    ] as const) {
      expect(apart(times(rows, across(rows, size, length), size, length, size), eye(size))).toBeLessThan(
        1e-12,
      )
    }
    expect(apart(jacobiSingularValues(a.slice(), m, n)!, values)).toBeLessThan(1e-12 * values[0])
  })

  it('small singular values keep their digits, above and below the condition of the fast start', () => {
    const n = 80
    // Rows of an orthonormal matrix times powers: those are the singular values, exactly known.
    const q = random(9, n * n)
    const basis = formQ(q, factorQr(q, n, n), n, n, n)
    for (const smallest of [1e-4, 1e-14]) {
      const expected = Float64Array.from({ length: n }, (_, i) => smallest ** (i / (n - 1)))
      const got = jacobiSingularValues(
        basis.map((v, i) => v * expected[Math.floor(i / n)]),
        n,
        n,
      )!
      const worst = got.reduce((most, v, i) => Math.max(most, Math.abs(v / expected[i] - 1)), 0)
      expect(worst, `down to ${smallest}`).toBeLessThan(1e-10)
    }
  })

  it('V·diag(w)·Vᵀ = A of a symmetric matrix', () => {
    const n = 3 * blockSize + 5
    const x = random(4, n * n)
    const a = x.map((v, i) => v + x[(i % n) * n + Math.floor(i / n)])
    const { values, vectors } = symmetricEigen(a.slice(), n, true)!
    const scaled = vectors!.map((v, i) => v * values[Math.floor(i / n)])
    expect(apart(times(across(vectors!, n, n), scaled, n, n, n), a)).toBeLessThan(1e-11)
  })
})
