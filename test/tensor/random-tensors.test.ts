/**
 * Random tensors: each distribution by the Kolmogorov-Smirnov or χ² distance to its distribution function (seeded, so
 * the numbers are the same at every run), its moments, its refusals; generators as state of compiled steps.
 */
import { describe, expect, it } from 'vitest'
import { DTypeError, ShapeError, TraceError, ValueError } from '../../src/core/errors.js'
import { compile } from '../../src/tensor/compile.js'
import { full, ones, tensor, zeros } from '../../src/tensor/creation.js'
import {
  defaultGenerator,
  Generator,
  getRngState,
  initialSeed,
  manualSeed,
  seed,
  setRngState,
} from '../../src/tensor/random.js'
import {
  bernoulli,
  beta,
  exponential,
  gamma,
  multinomial,
  normal,
  poisson,
  rand,
  randint,
  randintLike,
  randLike,
  randn,
  randnLike,
  randperm,
  uniform,
} from '../../src/tensor/random-tensors.js'
import type { Tensor } from '../../src/tensor/tensor.js'
import { vmap } from '../../src/tensor/transforms.js'
import { forEachDevice } from '../helpers/devices.js'

const numbers = (t: Tensor): number[] => [...t.dataSync()].map(Number)
const mean = (xs: readonly number[]): number => xs.reduce((s, x) => s + x, 0) / xs.length
const variance = (xs: readonly number[]): number => mean(xs.map((x) => (x - mean(xs)) ** 2))

/** √n times the largest distance to the distribution function; above 1.95 once in 1000 for the right one. */
function kolmogorov(xs: readonly number[], cdf: (x: number) => number): number {
  const sorted = [...xs].sort((a, b) => a - b)
  const n = sorted.length
  return (
    Math.sqrt(n) *
    sorted.reduce((d, x, i) => Math.max(d, Math.abs(cdf(x) - i / n), Math.abs(cdf(x) - (i + 1) / n)), 0)
  )
}

/** An integral by Simpson's rule: distribution functions from densities. */
function integral(f: (x: number) => number, from: number, to: number): number {
  const n = 400
  const h = (to - from) / n
  let sum = 0
  for (let i = 0; i <= n; i++) sum += f(from + i * h) * (i === 0 || i === n ? 1 : i % 2 === 1 ? 4 : 2)
  return (sum * h) / 3
}
const normalCdf = (x: number): number =>
  0.5 + integral((t) => Math.exp(-t * t * 0.5) / Math.sqrt(2 * Math.PI), 0, Math.max(-9, Math.min(9, x)))

/** χ² of counts against probabilities, less its mean, in standard deviations. */
function chiSquare(xs: readonly number[], probabilities: readonly number[]): number {
  let sum = 0
  let cells = 0
  probabilities.forEach((p, k) => {
    const expected = p * xs.length
    if (expected < 5) return
    cells++
    sum += (xs.filter((x) => x === k).length - expected) ** 2 / expected
  })
  return (sum - (cells - 1)) / Math.sqrt(2 * (cells - 1))
}

const poissonProbabilities = (rate: number, upTo: number): number[] => {
  const list = [Math.exp(-rate)]
  for (let k = 1; k <= upTo; k++) list.push((list[k - 1] * rate) / k)
  return list
}

forEachDevice('random tensors', (device) => {
  // The reference interprets element by element.
  const n = device === 'reference' ? 1000 : 4000
  const generator = (): Generator => new Generator(1234)

  it('rand, randn, uniform, normal and exponential follow their distribution functions', () => {
    for (const dtype of ['f32', 'f64'] as const) {
      const options = { generator: generator(), dtype }
      expect(kolmogorov(numbers(rand([n], options)), (x) => x)).toBeLessThan(1.95)
      expect(kolmogorov(numbers(randn([n], options)), normalCdf)).toBeLessThan(1.95)
      expect(kolmogorov(numbers(uniform(-2, 6, [n], options)), (x) => (x + 2) / 8)).toBeLessThan(1.95)
      expect(kolmogorov(numbers(normal(3, 0.5, [n], options)), (x) => normalCdf((x - 3) / 0.5))).toBeLessThan(
        1.95,
      )
      expect(kolmogorov(numbers(exponential(2, [n], options)), (x) => 1 - Math.exp(-2 * x))).toBeLessThan(
        1.95,
      )
    }
    const half = numbers(exponential(1, [n], { generator: generator(), dtype: 'f16' }))
    expect(Math.abs(mean(half) - 1)).toBeLessThan(4 / Math.sqrt(n))
  })

  it('the distances tell a wrong distribution', () => {
    const xs = numbers(rand([n], { generator: generator() }))
    expect(kolmogorov(xs, (x) => x ** 1.2)).toBeGreaterThan(1.95)
    expect(
      chiSquare(numbers(randint(0, 4, [n], { generator: generator() })), [0.4, 0.2, 0.2, 0.2]),
    ).toBeGreaterThan(4)
  })

  it('parameters may be tensors, and gradients reach them', () => {
    const m = tensor([-5, 5], { requiresGrad: true })
    const s = tensor([0.1, 2], { requiresGrad: true })
    const x = normal(m, s, [n, 2], { generator: generator() })
    expect(x.shape).toEqual([n, 2])
    x.sum().backward()
    expect(numbers(m.grad!)).toEqual([n, n])
    const z = numbers(s.grad!)
    expect(Math.abs(z[0] / n)).toBeLessThan(4 / Math.sqrt(n))
    const columns = numbers(x.var(0))
    expect(Math.abs(columns[0] - 0.01)).toBeLessThan(0.002)
    expect(Math.abs(columns[1] - 4)).toBeLessThan(0.6)
    expect(normal(tensor([1, 2], { dtype: 'f64' })).dtype).toBe('f64')
    expect(normal(tensor([[1], [2]]), tensor([1, 1, 1])).shape).toEqual([2, 3])
    expect(
      numbers(exponential(tensor([1e-30, 1e30]), undefined, { generator: generator() }))[0],
    ).toBeGreaterThan(1)
  })

  it('randint, randintLike, randperm and bernoulli are even', () => {
    const options = { generator: generator() }
    expect(Math.abs(chiSquare(numbers(randint(0, 10, [n], options)), new Array(10).fill(0.1)))).toBeLessThan(
      4,
    )
    expect(Math.abs(chiSquare(numbers(randint(7, [n], options)), new Array(7).fill(1 / 7)))).toBeLessThan(4)
    const like = randintLike(zeros([n], { dtype: 'i32' }), 2, 4, options)
    expect(like.dtype).toBe('i32')
    expect(new Set(numbers(like))).toEqual(new Set([2, 3]))
    expect(numbers(randintLike(zeros([20]), 1, options))).toEqual(new Array(20).fill(0))
    const flips = numbers(bernoulli(0.2, { shape: [n], ...options }))
    expect(Math.abs(chiSquare(flips, [0.8, 0.2]))).toBeLessThan(4)
    expect([...numbers(randperm(31, { ...options, dtype: 'i32' }))].sort((a, b) => a - b)).toEqual(
      Array.from({ length: 31 }, (_, i) => i),
    )
    const first = Array.from({ length: 40 }, () => numbers(randperm(4, options))[0])
    expect(new Set(first).size).toBe(4)
  })

  it('multinomial draws by weight, without repeats unless told', () => {
    const options = { generator: generator() }
    const weights = tensor([0, 1, 2, 5])
    const xs = numbers(multinomial(weights, n, true, options))
    expect(Math.abs(chiSquare(xs, [0, 1 / 8, 2 / 8, 5 / 8]))).toBeLessThan(4)
    expect(xs).not.toContain(0)
    const rows = multinomial(weights.expand([n, 4]), 3, false, options)
    expect([rows.dtype, rows.shape]).toEqual(['i64', [n, 3]])
    const flat = numbers(rows)
    const triples = Array.from({ length: n }, (_, i) => flat.slice(3 * i, 3 * i + 3))
    expect(triples.every((t) => new Set(t).size === 3 && !t.includes(0))).toBe(true)
    expect(
      Math.abs(
        chiSquare(
          triples.map((t) => t[0]),
          [0, 1 / 8, 2 / 8, 5 / 8],
        ),
      ),
    ).toBeLessThan(4)
    // P(second = 1 | first = 3) = 1/3
    const after = triples.filter((t) => t[0] === 3)
    expect(Math.abs(after.filter((t) => t[1] === 1).length / after.length - 1 / 3)).toBeLessThan(0.07)
    expect(() => multinomial(weights, 4)).toThrow(/at least 4 weights above 0 in each row, got 3 in row 0/)
    expect(() => multinomial(weights, 5)).toThrow(/to the 4 categories, got 5\. Pass replacement true/)
    expect(() => multinomial(tensor([-1, 2]), 1)).toThrow(/at least 0, got -1/)
    expect(() => multinomial(zeros([2, 2, 2]), 1)).toThrow(ShapeError)
    expect(() => multinomial(tensor([1, 2], { dtype: 'i64' }), 1)).toThrow(DTypeError)
  })

  it('poisson has its probabilities, for small and large rates', () => {
    const options = { generator: generator() }
    const rates = device === 'reference' ? [0.5, 30] : [0, 0.5, 4, 9.9, 10, 30, 1e4]
    for (const rate of rates) {
      const xs = numbers(poisson(full([n], rate), options))
      expect(Math.abs(mean(xs) - rate)).toBeLessThanOrEqual(4.5 * Math.sqrt(rate / n))
      expect(Math.abs(variance(xs) - rate)).toBeLessThanOrEqual(5 * Math.sqrt((2 * rate ** 2 + rate) / n))
      if (rate > 0 && rate < 100)
        expect(Math.abs(chiSquare(xs, poissonProbabilities(rate, 100)))).toBeLessThan(4)
    }
    expect(poisson(zeros([0, 2])).shape).toEqual([0, 2])
    expect(() => poisson(tensor([1, -1]))).toThrow(/rates of at least 0, got -1/)
  })

  it('gamma and beta follow their distribution functions', () => {
    const options = { generator: generator() }
    // Erlang: 1 - e^-x (1 + x + x²/2)
    const erlang = (x: number): number => 1 - Math.exp(-x) * (1 + x + (x * x) / 2)
    expect(kolmogorov(numbers(gamma(full([n], 3), 2, options)), (x) => erlang(2 * x))).toBeLessThan(1.95)
    // χ² of one degree: 2Φ(√2x) - 1
    const small = numbers(gamma(full([n], 0.5), 1, options))
    expect(kolmogorov(small, (x) => 2 * normalCdf(Math.sqrt(2 * x)) - 1)).toBeLessThan(1.95)
    if (device === 'reference') return
    const b = numbers(beta(full([n], 2), full([n], 3), options))
    expect(kolmogorov(b, (x) => 6 * x ** 2 - 8 * x ** 3 + 3 * x ** 4)).toBeLessThan(1.95)
    expect(() => gamma(tensor([0]))).toThrow(/concentration above 0, got 0/)
    expect(() => gamma(tensor([1]), -1)).toThrow(/rate above 0, got -1/)
  })

  it('randLike and randnLike take shape and dtype', () => {
    const x = zeros([2, 3], { dtype: 'f64' })
    expect([randLike(x).dtype, randnLike(x).dtype, randnLike(x, { dtype: 'f16' }).dtype]).toEqual([
      'f64',
      'f64',
      'f16',
    ])
    expect(randLike(x).shape).toEqual([2, 3])
    expect(rand([2], { requiresGrad: true }).requiresGrad).toBe(true)
  })

  it('a generator is state of a compiled step', () => {
    const g = new Generator(5)
    const step = compile((x: Tensor) => x.add(normal(0, 1, [4], { generator: g })))
    const before = g.getState()
    const draws = [0, 1, 2].map(() => numbers(step(zeros([4]))))
    expect(new Set(draws.map(String)).size).toBe(3)
    g.setState(before)
    expect([0, 1, 2].map(() => numbers(step(zeros([4]))))).toEqual(draws)
    g.setState(before)
    expect([0, 1, 2].map(() => numbers(normal(0, 1, [4], { generator: g })))).toEqual(draws)
    const many = compile((w: Tensor) => multinomial(w, 2).add(poisson(w).sum().to('i64')))
    expect(many(ones([5])).shape).toEqual([2])
  })
})

describe('generators', () => {
  it('know their seed, reseed themselves and go back', () => {
    const g = new Generator()
    expect(g.initialSeed()).toBe(67280421310721)
    for (const s of [0, 1, -1, 2 ** 40 + 3, -(2 ** 40)]) expect(g.manualSeed(s).initialSeed()).toBe(s)
    const fresh = g.seed()
    expect(g.initialSeed()).toBe(fresh)
    expect(g.seed()).not.toBe(fresh)
    expect(() => g.setState(zeros([3]))).toThrow(DTypeError)
    expect(() => g.setState(3 as never)).toThrow(/Expected a tensor/)
    expect(() => new Generator(Number.NaN)).toThrow(ValueError)
  })

  it('the default one has functions', () => {
    const before = getRngState()
    manualSeed(9)
    expect(initialSeed()).toBe(9)
    const state = getRngState()
    const x = numbers(rand([3]))
    setRngState(state)
    expect(numbers(rand([3]))).toEqual(x)
    expect(seed()).toBe(defaultGenerator.initialSeed())
    setRngState(before)
  })

  it('refuse what makes no sense', () => {
    expect(() => rand([2], { generator: 7 as never })).toThrow(/expected a Generator .* got 7/)
    expect(() => rand([2], { seed: 7 } as never)).toThrow(/dtype, requiresGrad, generator; got 'seed'/)
    expect(() => rand(3 as never)).toThrow(/one array of integers/)
    expect(() => rand([2], { dtype: 'i32' })).toThrow(DTypeError)
    expect(() => normal(0, -1, [2])).toThrow(/std of at least 0, got -1/)
    expect(() => normal(tensor([1, 2]), 1, [3])).toThrow(ShapeError)
    expect(() => normal(zeros([2, 1]), 1, [2])).toThrow(ShapeError)
    expect(() => uniform(2, 1, [2])).toThrow(/low ≤ high, got 2 and 1/)
    expect(() => normal(tensor([1], { dtype: 'i32' }))).toThrow(/float parameters, got i32/)
    expect(() => exponential(0, [2])).toThrow(/rate above 0, got 0/)
    expect(() => bernoulli(tensor([0.5, 1.5]))).toThrow(/from 0 to 1, got 1.5/)
    expect(() => randint(3, 3, [2])).toThrow(/low < high/)
    expect(() => vmap((x: Tensor) => x.add(rand([2])))(ones([3, 2]))).toThrow(TraceError)
  })
})
