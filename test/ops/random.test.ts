/** Random numbers: the same key gives the same numbers; ranges, moments and masks are what they should be. */
import { describe, expect, it } from 'vitest'
import type { DType } from '../../src/core/dtype.js'
import * as b from '../../src/ir/build.js'
import { pullback } from '../../src/ir/gradients.js'
import { Node, topologicalOrder } from '../../src/ir/node.js'
import * as random from '../../src/ops/random.js'
import { runGraph } from '../helpers/run-graph.js'

const key = b.placeholder([3], 'i32')

function draw(build: (key: Node) => Node | Node[], counter = 0, extra: [Node, number[]][] = []): number[][] {
  const built = build(key)
  const outputs = built instanceof Node ? [built] : built
  const scalars = topologicalOrder(outputs).filter((n): n is Node<'scalar'> => n.op === 'scalar')
  return runGraph(
    outputs,
    [key, ...extra.map(([n]) => n), ...scalars],
    [[11, 22, counter], ...extra.map(([, v]) => v), ...scalars.map((s) => [s.attrs.value])],
  )
}

const mean = (xs: readonly number[]): number => xs.reduce((a, x) => a + x, 0) / xs.length
const variance = (xs: readonly number[]): number => {
  const m = mean(xs)
  return mean(xs.map((x) => (x - m) ** 2))
}

describe('random', () => {
  const n = 8000
  for (const dtype of ['f32', 'f64', 'f16', 'bf16'] as DType[]) {
    it(`rand ${dtype} lies in [0, 1) with mean 1/2 and variance 1/12`, () => {
      const [xs] = draw((k) => random.rand(k, [n], dtype))
      expect(Math.min(...xs)).toBeGreaterThanOrEqual(0)
      expect(Math.max(...xs)).toBeLessThan(1)
      // Four standard errors of the mean of n uniforms, and bf16's half step of 2⁻⁹.
      expect(Math.abs(mean(xs) - 0.5)).toBeLessThan(
        4 * Math.sqrt(1 / 12 / n) + (dtype === 'bf16' ? 2 ** -9 : 0),
      )
      expect(Math.abs(variance(xs) - 1 / 12)).toBeLessThan(0.004)
    })
    it(`randn ${dtype} has mean 0, variance 1 and normal tails`, () => {
      const [xs] = draw((k) => random.randn(k, [n], dtype))
      expect(xs.every(Number.isFinite)).toBe(true)
      expect(Math.abs(mean(xs))).toBeLessThan(4 / Math.sqrt(n))
      expect(Math.abs(variance(xs) - 1)).toBeLessThan(4 * Math.sqrt(2 / n))
      const beyondTwo = xs.filter((x) => Math.abs(x) > 2).length / n
      expect(Math.abs(beyondTwo - 0.0455)).toBeLessThan(0.01)
    })
  }

  it('the same key repeats, another counter does not', () => {
    const once = draw((k) => random.randn(k, [16]))
    expect(draw((k) => random.randn(k, [16]))).toEqual(once)
    expect(draw((k) => random.randn(k, [16]), 1)).not.toEqual(once)
  })

  it('neighbouring normals are not correlated', () => {
    const [xs] = draw((k) => random.randn(k, [n]))
    const products = xs.slice(1).map((x, i) => x * xs[i])
    expect(Math.abs(mean(products))).toBeLessThan(4 / Math.sqrt(n))
  })

  it('uniform and normal take a range, a mean and a deviation', () => {
    const [u, z] = draw((k) => [random.uniform(k, [n], -2, 4), random.normal(k, [n], 3, 0.5)])
    expect(Math.min(...u)).toBeGreaterThanOrEqual(-2)
    expect(Math.max(...u)).toBeLessThan(4)
    expect(Math.abs(mean(u) - 1)).toBeLessThan(0.08)
    expect(Math.abs(mean(z) - 3)).toBeLessThan(0.03)
    expect(Math.abs(variance(z) - 0.25)).toBeLessThan(0.02)
  })

  it('randint hits every value of its range about equally often', () => {
    const [xs] = draw((k) => random.randint(k, -3, 4, [n]))
    const counts = new Map<number, number>()
    for (const x of xs) counts.set(x, (counts.get(x) ?? 0) + 1)
    expect([...counts.keys()].sort((p, q) => p - q)).toEqual([-3, -2, -1, 0, 1, 2, 3])
    for (const c of counts.values()) expect(Math.abs(c - n / 7)).toBeLessThan(5 * Math.sqrt(n / 7))
    const [wide] = draw((k) => random.randint(k, 0, 2 ** 45, [100]))
    expect(Math.max(...wide)).toBeGreaterThan(2 ** 43)
  })

  it('randperm is a permutation, and not the identity', () => {
    const [xs] = draw((k) => random.randperm(k, 100))
    expect([...xs].sort((p, q) => p - q)).toEqual(Array.from({ length: 100 }, (_, i) => i))
    expect(xs).not.toEqual([...xs].sort((p, q) => p - q))
  })

  it('bernoulli follows its probabilities', () => {
    const p = b.placeholder([3, n], 'f32')
    const values = [0, 0.3, 1].flatMap((v) => new Array<number>(n).fill(v))
    const [xs] = draw((k) => random.bernoulli(k, p), 0, [[p, values]])
    expect(mean(xs.slice(0, n))).toBe(0)
    expect(Math.abs(mean(xs.slice(n, 2 * n)) - 0.3)).toBeLessThan(0.02)
    expect(mean(xs.slice(2 * n))).toBe(1)
  })

  it('dropout keeps the mean, scales what it keeps, and its gradient has the same mask', () => {
    const x = b.placeholder([n], 'f32')
    const g = b.placeholder([n], 'f32')
    const ones = new Array<number>(n).fill(1)
    const [y, dx] = draw(
      (k) => {
        const out = random.dropout(x, 0.25, k)
        return [out, pullback(b, [out], [g], [x])[0]!]
      },
      0,
      [
        [x, ones],
        [g, ones],
      ],
    )
    expect(new Set(y)).toEqual(new Set([0, Math.fround(1 / 0.75)]))
    expect(dx).toEqual(y)
    expect(Math.abs(y.filter((v) => v === 0).length / n - 0.25)).toBeLessThan(0.02)
  })

  it('dropout with p = 1 gives zeros and zero gradients, with p = 0 the input itself', () => {
    const x = b.placeholder([50], 'f32')
    const [y, dx] = draw(
      (k) => {
        const out = random.dropout(x, 1, k)
        return [out, pullback(b, [out], [b.literal(out, 1)], [x])[0]!]
      },
      0,
      [[x, new Array<number>(50).fill(3)]],
    )
    expect(y.every((v) => v === 0)).toBe(true)
    expect(dx.every((v) => v === 0)).toBe(true)
    expect(random.dropout(x, 0, key)).toBe(x)
  })

  it('feature dropout drops whole channels', () => {
    const x = b.placeholder([4, 16, 5], 'f32')
    const [y] = draw((k) => random.featureDropout(x, 0.5, k), 0, [[x, new Array<number>(320).fill(1)]])
    const channels = Array.from({ length: 64 }, (_, c) => new Set(y.slice(5 * c, 5 * c + 5)))
    expect(channels.every((s) => s.size === 1)).toBe(true)
    expect(new Set(channels.flatMap((s) => [...s]))).toEqual(new Set([0, 2]))
  })

  it('categorical follows softmax of the logits', () => {
    const logits = b.placeholder([n, 3], 'f32')
    const row = [Math.log(0.5), Math.log(0.2), Math.log(0.3)]
    const [xs] = draw((k) => random.categorical(k, logits), 0, [
      [logits, Array.from({ length: n }, () => row).flat()],
    ])
    const share = (c: number) => xs.filter((x) => x === c).length / n
    expect([share(0), share(1), share(2)].every((s, i) => Math.abs(s - [0.5, 0.2, 0.3][i]) < 0.025)).toBe(
      true,
    )
  })

  it('refuses probabilities and ranges that make no sense', () => {
    expect(() => random.dropout(b.placeholder([2], 'f32'), 1.5, key)).toThrow(/from 0 to 1, got 1.5/)
    expect(() => random.randint(key, 3, 3, [2])).toThrow(/low < high, got 3 and 3/)
    expect(() => random.rand(key, [2], 'i32')).toThrow(/float dtype, got i32/)
  })
})
