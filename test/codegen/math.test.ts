import { describe, expect, it } from 'vitest'
import { erf } from '../../src/backend/reference/scalar.js'
import { constantIndex } from '../../src/codegen/index-expression.js'
import { computeTypeOf, type Expr, ExprBuilder, register } from '../../src/codegen/loop-ir.js'
import { expandBinary, expandCast, expandRandomBits, expandUnary } from '../../src/codegen/math.js'
import { type DType, fromBf16Bits, fromF16Bits, toBf16Bits, toF16Bits } from '../../src/core/dtype.js'
import type { BinaryPrimitive, UnaryPrimitive } from '../../src/ir/scalar-primitives.js'
import { seeded } from '../helpers/random.js'
import { emptyEnvironment, evaluate } from './interpret-expr.js'

const lanes = 500
const bytes = new DataView(new ArrayBuffer(4))
const fromBits = (bits: number): number => {
  bytes.setInt32(0, bits)
  return bytes.getFloat32(0)
}

/** A small seeded generator of 32-bit integers (xorshift). */
function generator(seed: number): () => number {
  let s = seed
  return () => {
    s ^= s << 13
    s ^= s >>> 17
    s ^= s << 5
    return s
  }
}

/** Every exponent equally often (raw bit patterns), and as many values of moderate size; NaNs among the patterns. */
function* samples(count: number, seed: number): Generator<number> {
  const next = generator(seed)
  for (let i = 0; i < count; i++) {
    if (i % 2 === 0) yield fromBits(next())
    else yield Math.fround((next() / 2 ** 31) * 4 ** ((i >> 1) % 5))
  }
}

const special = [
  0,
  -0,
  1,
  -1,
  0.5,
  -0.5,
  1.5,
  2.5,
  -2.5,
  3,
  -3,
  Infinity,
  -Infinity,
  NaN,
  2 ** -149,
  -(2 ** -149),
  2 ** -126,
  -(2 ** -126),
  Math.fround(3.4028235e38),
  -Math.fround(3.4028235e38),
  88.7228317,
  88.72284,
  -87.33654,
  -103.97208,
  -104,
  -150,
  9,
  9.1,
  3.92,
  4,
  8191.9995,
  8192,
  1e10,
  16777216,
  2 ** 127,
  Math.fround(Math.PI),
  Math.fround(Math.PI / 2),
  0.41421357,
  2.4142137,
  Math.SQRT1_2,
  Math.SQRT2,
  2 ** -25,
  2 ** -24,
  1.0000001,
  0.99999994,
  -0.99999994,
].map(Math.fround)

/** Distance of `got` from the true value in units of the last place of the true value, rounded to f32. */
function ulps(got: number, truth: number): number {
  const rounded = Math.fround(truth)
  if (Object.is(got, rounded))
    return Math.abs(rounded) === Infinity || Number.isNaN(truth) || truth === 0 ? 0 : distance(got, truth)
  if (!Number.isFinite(got) || !Number.isFinite(rounded)) {
    // Next to overflow the neighbour of the largest f32 counts as 2^128.
    const g = Math.abs(got) === Infinity ? Math.sign(got) * 2 ** 128 : got
    return Number.isNaN(got) || Number.isNaN(truth) || !Number.isFinite(truth) ? Infinity : distance(g, truth)
  }
  if (got === 0 && truth === 0) return 1000 // the wrong sign of zero
  return distance(got, truth)
}

/** The f32 next to a multiple of π/2 that comes closest to one, and other hard cases of the reduction. */
const hardAngles = [
  1.5707964,
  4.712389,
  2.81476710656e14 / 3,
  16367173 * 2 ** 72,
  710.99994,
  6381956970095103 * 2 ** 75,
  1.2e38,
  33554432,
  8192.001,
]

const distance = (got: number, truth: number): number =>
  Math.abs(got - truth) / 2 ** (Math.max(Math.floor(Math.log2(Math.abs(truth))), -126) - 23)

function applyUnary(op: UnaryPrimitive, fused = false): (xs: readonly number[]) => number[] {
  const e = new ExprBuilder()
  const x = register('x', 'f32', lanes)
  const expr = expandUnary(e, op, e.register(x))
  return (xs) => evaluate(expr, { ...emptyEnvironment, fused, register: () => [...xs] }) as number[]
}

function applyBinary(op: BinaryPrimitive): (xs: readonly number[], ys: readonly number[]) => number[] {
  const e = new ExprBuilder()
  const x = register('x', 'f32', lanes)
  const y = register('y', 'f32', lanes)
  const expr = expandBinary(e, op, e.register(x), e.register(y))
  return (xs, ys) =>
    evaluate(expr, { ...emptyEnvironment, register: (r) => (r === x ? [...xs] : [...ys]) }) as number[]
}

function worst(
  op: UnaryPrimitive,
  truth: (x: number) => number,
  count: number,
  fused: boolean,
): { ulp: number; at: number; got: number } {
  const run = applyUnary(op, fused)
  let worst = { ulp: 0, at: 0, got: 0 }
  let batch: number[] = []
  const flush = () => {
    while (batch.length < lanes) batch.push(1)
    const results = run(batch)
    batch.forEach((x, i) => {
      const ulp = ulps(results[i], truth(x))
      if (!(ulp <= worst.ulp)) worst = { ulp, at: x, got: results[i] }
    })
    batch = []
  }
  const random = seeded(7)
  const [low, high] = worstRanges[op] ?? [0, 0]
  const hard = Array.from({ length: high > low ? count : 0 }, () => Math.fround(random.uniform(low, high)))
  for (const x of [...special, ...hardAngles.map(Math.fround), ...samples(count, 12345), ...hard]) {
    batch.push(x)
    if (batch.length === lanes) flush()
  }
  flush()
  return worst
}

const cases: readonly [UnaryPrimitive, (x: number) => number, number][] = [
  ['exp', Math.exp, 2],
  ['expm1', Math.expm1, 2],
  ['log', Math.log, 2],
  ['log1p', Math.log1p, 2],
  ['sin', Math.sin, 2],
  ['cos', Math.cos, 2],
  ['tan', Math.tan, 2],
  ['atan', Math.atan, 2],
  ['tanh', Math.tanh, 2],
  ['sigmoid', (x) => 1 / (1 + Math.exp(-x)), 2.5],
  ['erf', erf, 2],
]

/** Where a function's error is largest: between its branches, or where its sums lose most. */
const worstRanges: Partial<Record<UnaryPrimitive, readonly [low: number, high: number]>> = {
  erf: [1.0, 1.3],
  tanh: [0.19, 0.23],
  expm1: [0.37, 0.4],
}

describe('f32 functions stay within their bound over every exponent', () => {
  for (const [[op, truth, bound], fused] of cases.flatMap((c) => [[c, false] as const, [c, true] as const])) {
    it(`${op}: ${bound} ulp${fused ? ' with fused multiply-add' : ''}`, () => {
      const { ulp, at, got } = worst(op, truth, Number(process.env.COUNT ?? 100_000), fused)
      if (process.env.SHOW)
        console.log(op, fused ? 'fused' : '', ulp.toFixed(3), 'at', at, 'got', got, 'true', truth(at))
      expect(ulp, `${op}(${at}) = ${got}, expected ${truth(at)}`).toBeLessThanOrEqual(bound)
    })
  }
})

/** IEEE 754's pow, where JavaScript's differs. */
const pow = (x: number, y: number): number =>
  x === 1 || (Math.abs(x) === 1 && Math.abs(y) === Infinity) ? 1 : x ** y

const flooredMod = (x: number, y: number): number => {
  const r = x % y
  return r !== 0 && r < 0 !== y < 0 ? r + y : r
}

const binaryCases: readonly [BinaryPrimitive, (x: number, y: number) => number, number][] = [
  ['atan2', Math.atan2, 2],
  ['pow', pow, 2],
  ['mod', flooredMod, 1],
  ['maximum', Math.max, 0],
  ['minimum', Math.min, 0],
  ['div', (x, y) => x / y, 0.5],
]

describe('f32 functions of two arguments', () => {
  for (const [op, truth, bound] of binaryCases) {
    it(`${op}: ${bound} ulp, special values in all pairs`, () => {
      const run = applyBinary(op)
      const xs: number[] = []
      const ys: number[] = []
      for (const x of special) for (const y of special) xs.push(x) && ys.push(y)
      const [first, second] = [[...samples(30_000, 77)], [...samples(30_000, 991)]]
      xs.push(...first)
      ys.push(...second)
      if (op === 'pow') {
        // Powers that neither overflow nor vanish, near the limits and near base 1, where the exponent is largest.
        const random = seeded(31)
        for (let i = 0; i < 60_000; i++) {
          const x = Math.fround(
            i % 3 === 0 ? 1 + random.uniform(-0.3, 0.5) ** 3 : 2 ** random.uniform(-148, 127),
          )
          xs.push(x)
          ys.push(Math.fround(random.uniform(-150, 128) / Math.log2(x)))
        }
        for (let i = 0; i < 2000; i++) xs.push(-1 - (i % 20)) && ys.push((i % 41) - 20)
      }
      while (xs.length % lanes !== 0) xs.push(1) && ys.push(1)
      let most = 0
      for (let from = 0; from < xs.length; from += lanes) {
        const got = run(xs.slice(from, from + lanes), ys.slice(from, from + lanes))
        for (let i = 0; i < lanes; i++) {
          const [x, y] = [xs[from + i], ys[from + i]]
          const expected = truth(x, y)
          const zeros = got[i] === 0 && expected === 0 && op !== 'atan2' && op !== 'pow' // of either sign
          const ulp = zeros
            ? 0
            : bound === 0
              ? Object.is(got[i], Math.fround(expected))
                ? 0
                : 1
              : ulps(got[i], expected)
          if (!(ulp <= bound)) expect.fail(`${op}(${x}, ${y}) = ${got[i]}, expected ${expected}: ${ulp} ulp`)
          most = Math.max(most, ulp)
        }
      }
      if (process.env.SHOW) console.log(op, 'most', most)
    })
  }
})

describe('exact unary operations', () => {
  const expected: [UnaryPrimitive, (x: number) => number][] = [
    ['sign', (x) => (x === 0 || Number.isNaN(x) ? 0 : Math.sign(x))],
    ['round', (x) => (Math.abs(x % 1) === 0.5 ? 2 * Math.round(x / 2) : Math.round(x))],
    ['floor', Math.floor],
    ['trunc', Math.trunc],
    ['abs', Math.abs],
  ]
  for (const [op, truth] of expected) {
    it(op, () => {
      const run = applyUnary(op)
      const xs = [...special, ...samples(lanes - special.length, 5)]
      const got = run(xs)
      for (const [i, x] of xs.entries()) expect(got[i] + 0, `${op}(${x})`).toBe(truth(x) + 0)
    })
  }
  it('keeps the sign of zero in odd functions', () => {
    for (const op of ['sin', 'tan', 'atan', 'tanh', 'erf', 'expm1', 'log1p', 'round', 'ceil'] as const) {
      const xs = new Array<number>(lanes).fill(-0)
      expect(applyUnary(op)(xs)[0], op).toBe(-0)
    }
  })
})

describe('integers', () => {
  const e = new ExprBuilder()
  const scalar = (op: BinaryPrimitive, x: number | bigint, y: number | bigint) => {
    const type = typeof x === 'bigint' ? 'i64' : 'i32'
    return evaluate(expandBinary(e, op, e.const(x, type), e.const(y, type)), emptyEnvironment)[0]
  }
  it('mod takes the sign of the divisor, and 0 for a zero divisor', () => {
    expect([scalar('mod', 7, 3), scalar('mod', -7, 3), scalar('mod', 7, -3), scalar('mod', -7, -3)]).toEqual([
      1, 2, -2, -1,
    ])
    expect([scalar('mod', -(2 ** 31), -1), scalar('mod', 6, -3), scalar('mod', 5, 0)]).toEqual([0, 0, 0])
    expect([scalar('mod', -7n, 3n), scalar('mod', 7n, -3n)]).toEqual([2n, -2n])
  })
  it('division truncates, wraps and gives 0 for a zero divisor', () => {
    expect([scalar('div', -7, 2), scalar('div', 7, 0), scalar('div', -(2 ** 31), -1)]).toEqual([
      -3,
      0,
      -(2 ** 31),
    ])
  })
  it('goes lane by lane where vectors have no instruction', () => {
    const x = e.ramp(constantIndex(-2), 1, 4)
    const y = e.splat(e.const(3, 'i32'), 4)
    expect(evaluate(expandBinary(e, 'mod', x, y), emptyEnvironment)).toEqual([1, 2, 0, 1])
    expect(evaluate(expandBinary(e, 'div', x, y), emptyEnvironment).map(Number)).toEqual([0, 0, 0, 0])
    expect(
      evaluate(expandBinary(e, 'shiftLeft', y, e.ramp(constantIndex(0), 1, 4)), emptyEnvironment),
    ).toEqual([3, 6, 12, 24])
    expect(evaluate(expandUnary(e, 'sign', x), emptyEnvironment)).toEqual([-1, -1, 0, 1])
    expect(evaluate(expandUnary(e, 'abs', x), emptyEnvironment)).toEqual([2, 1, 0, 1])
  })
  it('orders bools', () => {
    const [no, yes] = [e.const(0, 'bool'), e.const(1, 'bool')]
    const of = (op: BinaryPrimitive, x: Expr, y: Expr) =>
      evaluate(expandBinary(e, op, x, y), emptyEnvironment)[0]
    expect([
      of('lt', no, yes),
      of('lt', yes, yes),
      of('le', yes, no),
      of('le', no, no),
      of('eq', no, no),
      of('eq', no, yes),
    ]).toEqual([1, 0, 0, 1, 1, 0])
  })
})

describe('f64 goes through the host', () => {
  it('has the host’s bits', () => {
    const e = new ExprBuilder()
    for (const op of ['exp', 'log', 'sin', 'tanh', 'expm1', 'atan'] as const) {
      const y = expandUnary(e, op, e.const(0.7, 'f64', 2))
      expect(evaluate(y, emptyEnvironment)).toEqual([Math[op](0.7), Math[op](0.7)])
    }
  })
})

describe('casts', () => {
  const e = new ExprBuilder()
  const cast = (value: number | bigint, from: DType, to: DType) =>
    evaluate(expandCast(e, e.const(value, computeTypeOf(from)), from, to), emptyEnvironment)[0]
  it('truncates, wraps and rounds', () => {
    expect([cast(-1.9, 'f32', 'i32'), cast(3e9, 'f32', 'i32'), cast(NaN, 'f32', 'i32')]).toEqual([
      -1,
      2 ** 31 - 1,
      0,
    ])
    expect([
      cast(258, 'i32', 'u8'),
      cast(-1, 'i32', 'u8'),
      cast(1.9, 'f32', 'u8'),
      cast(513n, 'i64', 'u8'),
    ]).toEqual([2, 255, 1, 1])
    expect([cast(0.5, 'f32', 'bool'), cast(0, 'f32', 'bool'), cast(1, 'bool', 'f32')]).toEqual([1, 0, 1])
  })
  it('rounds f16 and bf16 as storing does', () => {
    for (const x of [...special, ...samples(5000, 3)]) {
      expect(cast(x, 'f32', 'f16'), `f16 ${x}`).toBe(fromF16Bits(toF16Bits(x)))
      expect(cast(x, 'f32', 'bf16'), `bf16 ${x}`).toBe(fromBf16Bits(toBf16Bits(x)))
    }
  })
})

describe('random bits', () => {
  it('gives the published answers of Threefry-2x32-20', () => {
    const e = new ExprBuilder()
    const draw = (k0: number, k1: number, c0: number, c1: number) => {
      const [a, b, c] = [k0, k1, c1].map((v) => e.const(v | 0, 'i32'))
      return (
        (evaluate(expandRandomBits(e, a, b, c, e.const(c0 | 0, 'i32', 4)), emptyEnvironment)[3] as number) >>>
        0
      )
    }
    expect(draw(0, 0, 0, 0)).toBe(0x6b200159)
    expect(draw(-1, -1, -1, -1)).toBe(0x1cb996fc)
    expect(draw(0x13198a2e, 0x03707344, 0x243f6a88, 0x85a308d3)).toBe(0xc4923a9c)
  })
})
