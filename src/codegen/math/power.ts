/**
 * x^y of f32 as 2^(y·log2 x) in plain f32 arithmetic. The logarithm is a sum of two f32, and products whose rounding
 * would show are made of factors of 12 bits, which multiply exactly.
 */
import type { Expr, ExprBuilder } from '../loop-ir.js'
import { Arithmetic } from './arithmetic.js'

const roundingMagic = 1.5 * 2 ** 23
const roundingBits = 0x4b400000

/** An unevaluated sum. */
interface Pair {
  readonly high: Expr
  readonly low: Expr
}

/** The first 12 significant bits of a value; what they leave of it is exact, too. */
const head = (a: Arithmetic, x: Expr): Expr => a.fromBits(a.and(a.bits(x), a.i(0xfffff000)))

/** x = high + low with a high part of 12 bits. */
function cut(a: Arithmetic, x: Expr, more: Expr | null = null): Pair {
  const high = head(a, x)
  const low = a.sub(x, high)
  return { high, low: more === null ? low : a.add(low, more) }
}

/** big + small without loss, for |big| ≥ |small| or big = 0. */
function exactSum(a: Arithmetic, big: Expr, small: Expr): Pair {
  const high = a.add(big, small)
  return { high, low: a.add(a.sub(big, high), small) }
}

/** Factors cut to 12 bits in their high part: the product of those is exact. */
function product(a: Arithmetic, x: Pair, y: Pair): Pair {
  return { high: a.mul(x.high, y.high), low: a.add(a.mul(x.high, y.low), a.mul(x.low, a.add(y.high, y.low))) }
}

const constantPair = (a: Arithmetic, value: number): Pair => {
  const unit = 2 ** (Math.floor(Math.log2(value)) - 11)
  const high = Math.floor(value / unit) * unit
  return { high: a.f(high), low: a.f(value - high) }
}

/** log2 of a positive finite number, to about 2^-35. */
function log2Pair(a: Arithmetic, x: Expr): Pair {
  const tiny = a.lt(x, a.f(2 ** -126))
  const normal = a.select(tiny, a.mul(x, a.f(2 ** 24)), x)
  const sqrtHalf = 0x3f3504f3
  const shifted = a.sub(a.bits(normal), a.i(sqrtHalf))
  const exponent = a.e.convert(a.shrS(shifted, 23), 'f32')
  const k = a.sub(exponent, a.select(tiny, a.f(24), a.f(0)))
  const m = a.fromBits(a.add(a.and(shifted, a.i(0x7fffff)), a.i(sqrtHalf)))
  // s = (m − 1)/(m + 1), the quotient's error found by multiplying back.
  const f = a.sub(m, a.f(1))
  const sum = a.add(m, a.f(1))
  const sumHigh = head(a, sum)
  const sumLow = a.sub(m, a.sub(sumHigh, a.f(1)))
  const s1 = head(a, a.div(f, sum))
  const s2 = a.div(a.sub(a.sub(f, a.mul(s1, sumHigh)), a.mul(s1, sumLow)), sum)
  const s: Pair = { high: s1, low: s2 }
  // atanh(s)/s = 1 + w with w = z/3 + z²·R(z), z = s²
  const z: Pair = { high: a.mul(s1, s1), low: a.mul(a.add(a.add(s1, s1), s2), s2) }
  const third = product(a, cut(a, z.high, z.low), constantPair(a, 1 / 3))
  const about = a.add(z.high, z.low)
  const rest = a.mul(
    a.mul(about, about),
    a.polynomial(about, [0.20000078179888503, 0.14273346483112104, 0.11714745940403372]),
  )
  const sw = product(a, s, cut(a, third.high, a.add(third.low, rest)))
  const t = exactSum(a, s1, sw.high)
  const atanh = cut(a, t.high, a.add(t.low, a.add(s2, sw.low)))
  const fraction = product(a, atanh, constantPair(a, 2 / Math.LN2))
  const total = exactSum(a, k, fraction.high)
  return { high: total.high, low: a.add(total.low, fraction.low) }
}

/** 2^(high + low), with overflow to ∞ and gradual underflow to 0. */
function exp2Pair(a: Arithmetic, { high, low }: Pair): Expr {
  const far = a.lt(a.f(160), a.abs(high)) // the low part may not even be a number there
  const h = a.select(far, a.clamp(high, -160, 160), high)
  const l = a.select(far, a.f(0), low)
  const shifted = a.add(a.add(h, l), a.f(roundingMagic))
  const r = a.add(a.sub(h, a.sub(shifted, a.f(roundingMagic))), l)
  const p = a.polynomial(
    r,
    [
      0.6931472042355251, 0.24022647739481012, 0.055503293603708245, 0.009618451102948816,
      0.0013400149293547304, 0.00015351891014679612,
    ],
  )
  const y = a.add(a.mul(p, r), a.f(1))
  const biased = a.add(a.bits(shifted), a.i(254 - roundingBits))
  const half = a.shrS(biased, 1)
  return a.mul(a.mul(y, a.fromBits(a.shl(half, 23))), a.fromBits(a.shl(a.sub(biased, half), 23)))
}

/** x^y with IEEE 754's special cases: 1^y = x^0 = 1 even for NaN, (−1)^±∞ = 1, negative bases of integer powers. */
export function powF32(e: ExprBuilder, x: Expr, y: Expr): Expr {
  const a = new Arithmetic(e, x.lanes)
  const [zero, one, infinity] = [a.f(0), a.f(1), a.f(Infinity)]
  const size = a.abs(x)
  const log = log2Pair(a, size)
  const finite = exp2Pair(a, product(a, cut(a, y), cut(a, log.high, log.low)))
  // Powers of 0, 1 and ∞ do not depend on the size of y.
  const grows = a.lt(zero, y)
  const ofZero = a.select(grows, zero, infinity)
  const ofInfinity = a.select(grows, infinity, zero)
  const edge = a.select(a.eq(size, zero), ofZero, a.select(a.eq(size, infinity), ofInfinity, finite))
  const magnitude = a.select(a.eq(size, one), one, edge)

  const half = a.mul(y, a.f(0.5))
  const whole = a.eq(a.unary('floor', y), y)
  const odd = a.and(whole, a.ne(a.unary('floor', half), half))
  const signed = a.select(odd, a.withSignOf(magnitude, x), magnitude)
  const imaginary = a.and(a.and(a.lt(x, zero), a.ne(size, infinity)), a.not(whole))
  const unordered = a.or(a.ne(x, x), a.ne(y, y))
  const result = a.select(a.or(imaginary, unordered), a.f(NaN), signed)
  return a.select(a.or(a.eq(x, one), a.eq(y, zero)), one, result)
}
