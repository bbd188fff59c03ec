/**
 * Every dtype on every device: casts between all pairs at the edges of their ranges, i64 beyond 2⁵³, the range and the
 * rounding of the narrow floats, and every operation that a dtype has, against the reference device.
 */
import { describe, expect, it } from 'vitest'
import { type DType, dtypes, fromF16Bits, isFloat, toF16Bits } from '../../src/core/dtype.js'
import { DTypeError } from '../../src/core/errors.js'
import { useDevice } from '../../src/runtime/devices.js'
import { arange, full, tensor, zeros } from '../../src/tensor/creation.js'
import type { Tensor } from '../../src/tensor/tensor.js'
import { cat, stack, where } from '../../src/tensor/tensor-functions.js'
import { forEachDevice } from '../helpers/devices.js'
import { expectClose, toleranceOf } from '../helpers/tolerance.js'

const big = (t: Tensor): bigint[] => [...(t.dataSync() as BigInt64Array)]
const numbers = (t: Tensor): number[] => [...t.dataSync()].map(Number)

/** What a float becomes as an integer: truncated, at the end of the range where it is outside, 0 for NaN. */
function saturated(x: number, low: bigint, high: bigint): bigint {
  if (Number.isNaN(x)) return 0n
  if (!Number.isFinite(x)) return x > 0 ? high : low
  const whole = BigInt(Math.trunc(x))
  return whole < low ? low : whole > high ? high : whole
}
const ranges: Partial<Record<DType, readonly [bigint, bigint]>> = {
  i32: [-(2n ** 31n), 2n ** 31n - 1n],
  i64: [-(2n ** 63n), 2n ** 63n - 1n],
  u8: [0n, 255n],
}
const wrapped: Partial<Record<DType, (x: bigint) => bigint>> = {
  i32: (x) => BigInt.asIntN(32, x),
  i64: (x) => BigInt.asIntN(64, x),
  u8: (x) => BigInt.asUintN(8, x),
}

const edges = [
  ...[
    0, -0, 1, -1, 0.5, 1.5, -1.5, 2.5, 127.9, 255, 256, 300, -300, 65504, 65519, 65520, 1e5, 1e20, 1e39,
    -1e39,
  ],
  ...[2 ** 31 - 1, 2 ** 31, -(2 ** 31) - 1, 2 ** 32 + 5, 2 ** 53, 2 ** 62, 2 ** 63, 2 ** 64, -(2 ** 63)],
  ...[1e-5, 6e-8, 2.9e-8, 3e-8, 1e-40, 1e-310, Number.NaN, Infinity, -Infinity],
]
const wholes = [0n, 1n, -1n, 255n, 256n, -300n, 2n ** 24n + 1n, 2n ** 31n, -(2n ** 31n) - 1n, 2n ** 32n + 7n]
const longs = [...wholes, 2n ** 53n + 1n, 2n ** 60n + 2n ** 36n + 1n, 2n ** 63n - 1n, -(2n ** 63n)]

/** A number rounded to a float dtype, by the library's own f16 and by JavaScript's f32. */
const rounded: Partial<Record<DType, (x: number) => number>> = {
  f64: (x) => x,
  f32: Math.fround,
  f16: (x) => fromF16Bits(toF16Bits(x)),
}

/** The nearest f32: rounded once, unlike Math.fround(Number(x)). */
function nearestF32(x: bigint): number {
  const guess = Math.fround(Number(x))
  const distance = (y: number): bigint => (BigInt(y) > x ? BigInt(y) - x : x - BigInt(y))
  const step = 2 ** Math.max(0, Math.floor(Math.log2(Math.abs(guess) || 1)) - 23)
  const options = [guess, Math.fround(guess - step), Math.fround(guess + step)]
  const best = options.reduce((a, b) => (distance(b) < distance(a) ? b : a))
  const tie = options.find((o) => o !== best && distance(o) === distance(best))
  return tie !== undefined && (best / step) % 2 !== 0 ? tie : best
}

forEachDevice('dtypes', (device) => {
  it('floats become integers by truncation, saturate, and NaN is 0', () => {
    for (const from of ['f32', 'f64', 'f16', 'bf16'] as const) {
      const x = tensor(edges, { dtype: from })
      const stored = numbers(x)
      for (const to of ['i32', 'i64', 'u8'] as const) {
        const [low, high] = ranges[to]!
        const expected = stored.map((v) => saturated(v, low, high))
        expect([...x.to(to).dataSync()].map(BigInt), `${from} to ${to}`).toEqual(expected)
      }
      expect(numbers(x.to('bool'))).toEqual(stored.map((v) => Number(v !== 0)))
    }
  })

  it('integers wrap among themselves, and round once to floats', () => {
    const x = tensor(longs)
    for (const to of ['i32', 'i64', 'u8'] as const) {
      const expected = longs.map(wrapped[to]!)
      expect([...x.to(to).dataSync()].map(BigInt), `i64 to ${to}`).toEqual(expected)
      expect(numbers(x.to(to).to('f64')), `${to} to f64`).toEqual(expected.map(Number))
      expect(numbers(x.to(to).to('f32')), `${to} to f32`).toEqual(expected.map(nearestF32))
    }
    expect(numbers(x.to('bool'))).toEqual(longs.map((v) => Number(v !== 0n)))
    expect(numbers(tensor([true, false]).to('i64').to('f16'))).toEqual([1, 0])
  })

  it('floats round to nearest even when they narrow, overflow to infinity, keep NaN, -0 and subnormals', () => {
    const x = tensor(edges, { dtype: 'f64' })
    for (const to of ['f32', 'f16'] as const) {
      expect(numbers(x.to(to)), `f64 to ${to}`).toEqual(edges.map(rounded[to]!))
    }
    const half = tensor(edges, { dtype: 'f32' }).to('f16')
    expect(numbers(half)).toEqual(edges.map((v) => rounded.f16!(Math.fround(v))))
    // Every pattern of f16 survives f32 and f64.
    const patterns = tensor(
      Uint16Array.from({ length: 65536 }, (_, i) => i),
      { dtype: 'f16' },
    )
    const all = numbers(patterns)
    expect(numbers(patterns.to('f32').to('f16'))).toEqual(all)
    expect(numbers(patterns.to('f64').to('f16'))).toEqual(all)
    // bf16: the upper half of f32, ties to even.
    const ties = tensor([1 + 2 ** -8, 1 + 3 * 2 ** -8, 3.4e38, 3.395e38, 1e-40], { dtype: 'f32' }).to('bf16')
    expect(numbers(ties)).toEqual([
      1,
      1 + 2 ** -6,
      Infinity,
      255 * 2 ** 120,
      71361 * 2 ** -149 - (71361 % 65536) * 2 ** -149,
    ])
  })

  it('narrow floats compute in their range: the result of each operation is rounded', () => {
    const x = tensor([65504, 6e-8, 1, 2048, 2 ** -14], { dtype: 'f16' })
    expect(numbers(x.add(x))).toEqual([Infinity, 2 ** -23, 2, 4096, 2 ** -13])
    expect(numbers(x.add(1))).toEqual([65504, 1, 2, 2048, 1])
    expect(numbers(x.mul(0.5))).toEqual([32752, 0, 0.5, 1024, 2 ** -15])
    const y = tensor([1, 256, 3e38], { dtype: 'bf16' })
    expect(numbers(y.add(tensor([2 ** -8, 1, 3e38], { dtype: 'bf16' })))).toEqual([1, 256, Infinity])
    // Sums of narrow floats are carried in f32 and rounded at the end.
    expect(full([4096], 1, { dtype: 'f16' }).sum().itemSync()).toBe(4096)
    expect(full([1000], 1, { dtype: 'bf16' }).sum().itemSync()).toBe(1000)
  })

  it('i64 is exact beyond 2⁵³ and wraps at 2⁶³', () => {
    const a = tensor([2n ** 60n + 1n, -(2n ** 62n) + 3n, 2n ** 63n - 1n, 7n])
    const c = tensor([2n ** 53n + 3n, 5n, 1n, -2n])
    const [p, q] = [big(a), big(c)]
    const wrap = (x: bigint): bigint => BigInt.asIntN(64, x)
    const pairwise = (f: (x: bigint, y: bigint) => bigint): bigint[] => p.map((x, i) => wrap(f(x, q[i])))
    expect(big(a.add(c))).toEqual(pairwise((x, y) => x + y))
    expect(big(a.sub(c))).toEqual(pairwise((x, y) => x - y))
    expect(big(a.mul(c))).toEqual(pairwise((x, y) => x * y))
    expect(big(a.div(c, { roundingMode: 'trunc' }))).toEqual(pairwise((x, y) => x / y))
    expect(big(a.maximum(c))).toEqual(pairwise((x, y) => (x > y ? x : y)))
    expect(big(a.bitwiseAnd(c))).toEqual(pairwise((x, y) => x & y))
    expect(big(a.neg())).toEqual(p.map((x) => wrap(-x)))
    expect(big(a.add(1))).toEqual(p.map((x) => wrap(x + 1n)))
    expect(big(a.sum())).toEqual([wrap(p.reduce((s, x) => s + x))])
    expect(big(a.prod())).toEqual([wrap(p.reduce((s, x) => s * x))])
    expect(big(a.cumsum(0)).at(-1)).toBe(wrap(p.reduce((s, x) => s + x)))
    expect([big(a.max())[0], big(a.min())[0]]).toEqual([2n ** 63n - 1n, -(2n ** 62n) + 3n])
    expect(numbers(a.argmax())).toEqual([2])
    expect(big(a.sort().values)).toEqual([...p].sort((x, y) => (x < y ? -1 : 1)))
    const near = tensor([2n ** 53n + 1n])
    expect(numbers(near.eq(tensor([2n ** 53n])))).toEqual([0])
    expect(numbers(near.gt(tensor([2n ** 53n])))).toEqual([1])
    expect(big(where(tensor([true]), near, 0))).toEqual([2n ** 53n + 1n])
    const m = tensor([[2n ** 55n + 1n, 3n]])
    expect(big(m.matmul(m.transpose(0, 1)))).toEqual([wrap((2n ** 55n + 1n) ** 2n + 9n)])
    expect(big(near.indexSelect(0, tensor([0], { dtype: 'i64' })))).toEqual([2n ** 53n + 1n])
  })

  it('u8 and i32 wrap; bool adds as or and multiplies as and', () => {
    const u = tensor([250, 3], { dtype: 'u8' })
    expect(numbers(u.add(10))).toEqual([4, 13])
    expect(numbers(u.sub(4))).toEqual([246, 255])
    expect(numbers(u.mul(2))).toEqual([244, 6])
    const i = tensor([2 ** 31 - 1, -(2 ** 31)], { dtype: 'i32' })
    expect(numbers(i.add(1))).toEqual([-(2 ** 31), -(2 ** 31) + 1])
    expect(numbers(i.mul(3))).toEqual([2 ** 31 - 3, -(2 ** 31)])
    const t = tensor([true, true, false])
    expect(numbers(t.add(tensor([true, false, false])))).toEqual([1, 1, 0])
    expect(numbers(t.mul(tensor([true, false, false])))).toEqual([1, 0, 0])
    expect([t.sum().dtype, t.sum().itemSync()]).toEqual(['i64', 2])
    expect(() => t.sub(t)).toThrow(DTypeError)
    expect(() => t.neg()).toThrow(DTypeError)
  })

  if (device === 'reference') return
  for (const dtype of dtypes) {
    it(`${dtype}: every operation it has gives the reference's result`, async () => {
      const results: Record<string, number[]>[] = []
      for (const where of ['reference', device]) {
        await useDevice(where)
        results.push(runAll(dtype))
      }
      const [expected, got] = results
      expect(Object.keys(got)).toEqual(Object.keys(expected))
      expect(Object.keys(got).length).toBeGreaterThan(dtype === 'bool' ? 20 : 40)
      for (const name of Object.keys(expected))
        expectClose(
          got[name],
          expected[name],
          toleranceOf(dtypeOf(name, dtype), 'sum'),
          `${name} of ${dtype}`,
        )
    })
  }
})

/** The dtype of a result by its name: `exp (f32)`. */
const dtypeOf = (name: string, dtype: DType): DType =>
  (/\((\w+)\)/.exec(name)?.[1] as DType | undefined) ?? dtype

/** The results of the operations by name; those that refuse the dtype are left out. */
function runAll(dtype: DType): Record<string, number[]> {
  const float = isFloat(dtype)
  const values = float
    ? [1.5, -2.25, 0, 3, 0.5, -0.75, 7, 2, 1, -4, 0.125, 6]
    : dtype === 'bool'
      ? [1, 0, 0, 1, 1, 0, 1, 1, 0, 0, 1, 0]
      : [3, 7, 0, 3, 250, 1, 7, 2, 1, 4, 11, 6]
  const make = (list: readonly number[], shape: readonly number[]): Tensor =>
    tensor([...list], { dtype, shape })
  const x = make(values, [3, 4])
  const y = make([...values].reverse(), [3, 4])
  const index = tensor([2, 0, 1], { dtype: 'i64' })
  const operations: Record<string, () => Tensor> = {
    add: () => x.add(y),
    sub: () => x.sub(y),
    mul: () => x.mul(y),
    div: () => x.div(y.abs().add(1)),
    floorDivide: () => x.div(y.abs().add(1), { roundingMode: 'floor' }),
    remainder: () => x.remainder(y.abs().add(1)),
    fmod: () => x.fmod(y.abs().add(1)),
    pow: () => x.pow(2),
    maximum: () => x.maximum(y),
    minimum: () => x.minimum(y),
    eq: () => x.eq(y),
    ne: () => x.ne(y),
    lt: () => x.lt(y),
    le: () => x.le(y),
    gt: () => x.gt(y),
    ge: () => x.ge(y),
    logicalAnd: () => x.logicalAnd(y),
    logicalNot: () => x.logicalNot(),
    bitwiseAnd: () => x.bitwiseAnd(y),
    bitwiseOr: () => x.bitwiseOr(y),
    bitwiseXor: () => x.bitwiseXor(y),
    bitwiseNot: () => x.bitwiseNot(),
    neg: () => x.neg(),
    abs: () => x.abs(),
    sign: () => x.sign(),
    floor: () => x.floor(),
    round: () => x.round(),
    exp: () => x.exp(),
    tanh: () => x.tanh(),
    sqrt: () => x.abs().sqrt(),
    relu: () => x.relu(),
    softmax: () => x.softmax(-1),
    clamp: () => x.clamp(1, 3),
    where: () => where(x.gt(y), x, y),
    sum: () => x.sum(1),
    mean: () => x.mean(0),
    prod: () => x.prod(1),
    max: () => x.max(0),
    min: () => x.min(1),
    amax: () => x.amax([0, 1]),
    argmax: () => x.argmax(1),
    argmin: () => x.argmin(0),
    any: () => x.any(1),
    all: () => x.all(0),
    var: () => x.var(1),
    cumsum: () => x.cumsum(1),
    cumprod: () => x.cumprod(1),
    matmul: () => x.matmul(y.transpose(0, 1)),
    sort: () => x.sort().values,
    argsort: () => x.argsort(),
    topk: () => x.topk(2).values,
    gather: () => x.gather(0, index.reshape([1, 3]).expand([2, 3])),
    indexSelect: () => x.indexSelect(0, index),
    indexAdd: () => zeros([3, 4], { dtype }).indexAdd(0, index, x),
    maskedFill: () => x.maskedFill(x.eq(y), 1),
    cat: () => cat([x, y], 1),
    stack: () => stack([x, y]),
    transpose: () => x.transpose(0, 1).reshape([12]),
    flip: () => x.flip(0),
    pad: () => x.pad([1, 1]),
    slice: () => x.slice(1, 0, 4, 2),
    tril: () => x.tril(),
    arange: () => arange(5, { dtype: dtype === 'bool' ? 'u8' : dtype }).add(x.sum()),
  }
  const results: Record<string, number[]> = {}
  for (const [name, run] of Object.entries(operations)) {
    let result: Tensor
    try {
      result = run()
    } catch (error) {
      if (error instanceof DTypeError) continue
      throw error
    }
    results[`${name} (${result.dtype})`] = numbers(result)
  }
  return results
}

describe('values from JavaScript', () => {
  it('wrap as integers and round as floats, as typed arrays do', () => {
    expect(numbers(tensor([300, -1, 2.9], { dtype: 'u8' }))).toEqual([44, 255, 2])
    expect(numbers(tensor([2 ** 32 + 5, -2.9], { dtype: 'i32' }))).toEqual([5, -2])
    expect(numbers(tensor([Number.NaN, Infinity], { dtype: 'i64' }))).toEqual([0, 0])
    expect(numbers(tensor([0.1], { dtype: 'f16' }))).toEqual([0.0999755859375])
  })
})
