/**
 * Properties of factorizations, solvers and transforms on random matrices of every small shape, well and badly
 * conditioned: what they give must multiply back to what they got.
 */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Shape } from '../../src/core/shape.js'
import * as b from '../../src/ir/build.js'
import type { Node } from '../../src/ir/node.js'
import { complexMatmul } from '../../src/ops/complex.js'
import { cholesky } from '../../src/ops/decomposition-cholesky.js'
import { eig, eigh } from '../../src/ops/decomposition-eigen.js'
import { qr } from '../../src/ops/decomposition-qr.js'
import { pinv, svd } from '../../src/ops/decomposition-svd.js'
import { det } from '../../src/ops/determinant.js'
import { fft, ifft, irfft, rfft } from '../../src/ops/fft.js'
import { radices } from '../../src/ops/fourier-transform.js'
import { product, swapLast } from '../../src/ops/matrix.js'
import { matrixExp } from '../../src/ops/matrix-functions.js'
import { solve } from '../../src/ops/solving.js'
import { seeded } from '../helpers/random.js'
import { runGraph } from '../helpers/run-graph.js'

/** The values of what `build` makes of inputs of the given shapes. */
function evaluate(
  shapes: readonly Shape[],
  values: readonly (readonly number[])[],
  build: (...inputs: Node[]) => Node[],
): number[][] {
  const inputs = shapes.map((shape) => b.placeholder(shape, 'f64'))
  return runGraph(build(...inputs), inputs, values)
}

const normals = (seed: number, n: number): number[] => {
  const random = seeded(seed)
  return Array.from({ length: n }, () => random.normal())
}

/** Random elements, some rows of which are multiples of others or tiny. */
function difficult(seed: number, m: number, n: number): number[] {
  const values = normals(seed, m * n)
  const random = seeded(seed + 1)
  for (let i = 1; i < m; i++) {
    const kind = random.next()
    for (let j = 0; j < n; j++) {
      if (kind < 0.15) values[i * n + j] = 2 * values[(i - 1) * n + j]
      else if (kind < 0.3) values[i * n + j] *= 1e-9
      else if (kind < 0.35) values[i * n + j] = 0
    }
  }
  return values
}

const close = (got: readonly number[], expected: readonly number[], scale: number, what: string): void => {
  got.forEach((v, i) => {
    expect(
      Math.abs(v - expected[i]),
      `${what}, element ${i}: ${v} should be ${expected[i]}`,
    ).toBeLessThanOrEqual(1e-12 * Math.max(1, scale))
  })
}

const identity = (n: number): number[] => Array.from({ length: n * n }, (_, k) => (k % (n + 1) === 0 ? 1 : 0))
const size = (values: readonly number[]): number =>
  Math.max(1, Math.sqrt(values.reduce((s, v) => s + v * v, 0)))
const timesColumns = (x: Node, v: Node): Node => b.mul(x, b.expand(b.reshape(v, [1, v.shape[0]]), x.shape))

const shape = fc.record({
  seed: fc.integer({ min: 0, max: 1e6 }),
  m: fc.integer({ min: 1, max: 9 }),
  n: fc.integer({ min: 1, max: 9 }),
})
const square = fc.record({ seed: fc.integer({ min: 0, max: 1e6 }), n: fc.integer({ min: 1, max: 10 }) })
const options = { numRuns: 40, seed: 5 }

describe('factorizations multiply back', () => {
  it('Q·R = A with orthonormal columns, reduced and complete', () => {
    fc.assert(
      fc.property(shape, fc.boolean(), ({ seed, m, n }, complete) => {
        const a = difficult(seed, m, n)
        const k = complete ? m : Math.min(m, n)
        const [back, gram] = evaluate([[m, n]], [a], (x) => {
          const { Q, R } = qr(x, { mode: complete ? 'complete' : 'reduced' })
          return [product(Q!, R), product(swapLast(Q!), Q!)]
        })
        close(back, a, size(a), 'Q·R')
        close(gram, identity(k), 1, 'Qᵀ·Q')
      }),
      options,
    )
  })

  it('U·diag(S)·Vh = A with orthonormal bases and falling values', () => {
    fc.assert(
      fc.property(shape, fc.boolean(), ({ seed, m, n }, all) => {
        const a = difficult(seed, m, n)
        const k = Math.min(m, n)
        const [back, left, right, s] = evaluate([[m, n]], [a], (x) => {
          const { U, S, Vh } = svd(x, { fullMatrices: all })
          const reduced = product(timesColumns(b.sliceAxis(U, 1, 0, k), S), b.sliceAxis(Vh, 0, 0, k))
          return [reduced, product(swapLast(U), U), product(Vh, swapLast(Vh)), S]
        })
        close(back, a, size(a), 'U·S·Vh')
        close(left, identity(all ? m : k), 1, 'Uᵀ·U')
        close(right, identity(all ? n : k), 1, 'Vh·Vhᵀ')
        s.forEach((v, i) => {
          expect(v >= 0 && (i === 0 || v <= s[i - 1]), `values ${s}`).toBe(true)
        })
      }),
      options,
    )
  })

  it('V·diag(w)·Vᵀ = A of symmetric matrices, w rising', () => {
    fc.assert(
      fc.property(square, ({ seed, n }) => {
        const half = difficult(seed, n, n)
        const a = half.map((v, k) => (v + half[(k % n) * n + Math.floor(k / n)]) / 2)
        const [back, gram, w] = evaluate([[n, n]], [a], (x) => {
          const { eigenvalues, eigenvectors: v } = eigh(x)
          return [product(timesColumns(v, eigenvalues), swapLast(v)), product(swapLast(v), v), eigenvalues]
        })
        close(back, a, size(a), 'V·w·Vᵀ')
        close(gram, identity(n), 1, 'Vᵀ·V')
        expect(w).toEqual([...w].sort((p, q) => p - q))
      }),
      options,
    )
  })

  it('A·V = V·diag(w) of any square matrix', () => {
    fc.assert(
      fc.property(square, ({ seed, n }) => {
        const a = difficult(seed, n, n)
        const [left, w, v] = evaluate([[n, n]], [a], (x) => {
          const { eigenvalues, eigenvectors } = eig(x)
          const complexA = b.concat([b.reshape(x, [n, n, 1]), b.full([n, n, 1], 0, 'f64')], 2)
          return [complexMatmul(complexA, eigenvectors), eigenvalues, eigenvectors]
        })
        const right = v.map((_, k) => {
          const part = k % 2
          const j = Math.floor(k / 2) % n
          const [re, im] = [v[k - part], v[k - part + 1]]
          return part === 0 ? re * w[2 * j] - im * w[2 * j + 1] : re * w[2 * j + 1] + im * w[2 * j]
        })
        close(left, right, size(a), 'A·V')
      }),
      options,
    )
  })

  it('L·Lᵀ = A of positive definite matrices, and A·X = B', () => {
    fc.assert(
      fc.property(square, ({ seed, n }) => {
        const half = normals(seed, n * n)
        const right = normals(seed + 2, n * 2)
        const [a, back, again] = evaluate(
          [
            [n, n],
            [n, 2],
          ],
          [half, right],
          (x, y) => {
            const gram = b.add(
              product(x, swapLast(x)),
              b.cast(b.eq(b.iota([n, n], 0, 'i32'), b.iota([n, n], 1, 'i32')), 'f64'),
            )
            const l = cholesky(gram)
            return [gram, product(l, swapLast(l)), product(gram, solve(gram, y))]
          },
        )
        close(back, a, size(a), 'L·Lᵀ')
        close(again, right, size(a) * size(right), 'A·X')
      }),
      options,
    )
  })

  it("Moore and Penrose's four equations, whatever the rank", () => {
    fc.assert(
      fc.property(shape, ({ seed, m, n }) => {
        // Tiny rows would stand at the edge of the tolerance: only dependent ones here.
        const a = normals(seed, m * n)
        if (m > 1) for (let j = 0; j < n; j++) a[n + j] = 3 * a[j]
        const [apa, pap, ap, pa, p, apT, paT] = evaluate([[m, n]], [a], (x) => {
          const y = pinv(x)
          const [xy, yx] = [product(x, y), product(y, x)]
          return [product(xy, x), product(yx, y), xy, yx, y, swapLast(xy), swapLast(yx)]
        })
        const scale = size(a) * size(p) ** 2
        close(apa, a, scale, 'A·P·A')
        close(pap, p, scale, 'P·A·P')
        close(ap, apT, scale, 'A·P symmetric')
        close(pa, paT, scale, 'P·A symmetric')
      }),
      options,
    )
  })

  it('exp(A)·exp(-A) = I, and det exp(A) = exp(trace A)', () => {
    fc.assert(
      fc.property(square, ({ seed, n }) => {
        const a = normals(seed, n * n)
        const trace = a.reduce((s, v, k) => (k % (n + 1) === 0 ? s + v : s), 0)
        const [back, determinant, forward] = evaluate([[n, n]], [a], (x) => {
          const e = matrixExp(x)
          return [product(e, matrixExp(b.neg(x))), det(e), e]
        })
        close(back, identity(n), size(forward) ** 2, 'exp(A)·exp(-A)')
        expect(Math.abs(determinant[0] / Math.exp(trace) - 1)).toBeLessThan(1e-9)
      }),
      options,
    )
  })
})

describe('Fourier transforms', () => {
  it('split lengths into small radices and large primes', () => {
    for (let n = 1; n < 3000; n++) {
      const list = radices(n)
      expect(list.reduce((m, p) => m * p, 1)).toBe(n)
      for (const p of list) {
        const isPrime =
          p > 64 &&
          Array.from({ length: Math.floor(Math.sqrt(p)) - 1 }, (_, i) => i + 2).every((d) => p % d !== 0)
        expect(p <= 64 || isPrime, `${n}: ${list}`).toBe(true)
      }
    }
  })

  it('come back for every length, and agree with the sum that defines them', () => {
    for (const n of [1, 2, 7, 12, 63, 64, 65, 72, 97, 130]) {
      const z = normals(n, 2 * n)
      const [there, back] = evaluate([[n, 2]], [z], (x) => [fft(x), ifft(fft(x))])
      close(back, z, size(z), `ifft(fft) of length ${n}`)
      const plain = Array.from({ length: 2 * n }, (_, k) => {
        const [at, part] = [Math.floor(k / 2), k % 2]
        let sum = 0
        for (let j = 0; j < n; j++) {
          const angle = (-2 * Math.PI * ((j * at) % n)) / n
          const [re, im] = [z[2 * j], z[2 * j + 1]]
          sum +=
            part === 0
              ? re * Math.cos(angle) - im * Math.sin(angle)
              : re * Math.sin(angle) + im * Math.cos(angle)
        }
        return sum
      })
      close(there, plain, n, `fft of length ${n}`)
      const real = normals(n, n)
      const [again] = evaluate([[n]], [real], (x) => [irfft(rfft(x), { n })])
      close(again, real, size(real), `irfft(rfft) of length ${n}`)
    }
  })
})
