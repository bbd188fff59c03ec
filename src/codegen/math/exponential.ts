/**
 * exp, expm1, log, log1p, tanh and erf of f32 in plain f32 arithmetic: any lane count, no tables, no branches.
 * Polynomial coefficients are minimax fits over the reduced range, some rounded before the others were fitted; errors are
 * measured by `test/codegen/math.test.ts` and over all of f32 by `test/codegen/emit/x86/math.test.ts`.
 */
import type { Expr, ExprBuilder } from '../loop-ir.js'
import { Arithmetic } from './arithmetic.js'

/** ln 2 as a sum; the first part has 9 significant bits, so that its product with an exponent is exact. */
const ln2High = 0.693359375 - 2 ** -9 // below ln 2, so that both parts are positive
const ln2Low = Math.LN2 - ln2High

/** Adding 1.5·2^23 leaves the nearest integer in the low bits of the f32's pattern. */
const roundingMagic = 1.5 * 2 ** 23
const roundingBits = 0x4b400000

/**
 * x = n·ln 2 + r with |r| ≤ ½ ln 2 for |x| < 150: `shifted` holds n in its low bits, `r` the remainder.
 */
function reduceByLn2(a: Arithmetic, x: Expr): { shifted: Expr; r: Expr } {
  const shifted = a.mulAdd(x, a.f(Math.LOG2E), a.f(roundingMagic))
  const n = a.sub(shifted, a.f(roundingMagic))
  const r = a.mulAdd(n, a.f(-ln2Low), a.mulAdd(n, a.f(-ln2High), x))
  return { shifted, r }
}

/**
 * e^x = 2^n · e^r; the power is applied in two halves, so that denormal results and overflow come out right. At the lower
 * end both halves are 0: masked scores are −∞, and an underflow costs processors more than all the rest.
 */
export function expF32(e: ExprBuilder, x: Expr): Expr {
  const a = new Arithmetic(e, x.lanes)
  const { shifted, r } = reduceByLn2(a, a.clamp(x, -176.1, 89))
  const square = a.mul(r, r)
  const p = a.paired(
    r,
    square,
    [
      0.4999999318190612, 0.16666515176922225, 0.04166840761677637, 0.008369376153616919,
      0.0013816237945434677,
    ],
  )
  const y = a.add(a.mulAdd(square, p, r), a.f(1))
  const biased = a.add(a.bits(shifted), a.i(254 - roundingBits)) // n plus both halves' exponent bias
  const half = a.shrS(biased, 1)
  const rest = a.sub(biased, half)
  return a.mul(a.mul(y, a.fromBits(a.shl(half, 23))), a.fromBits(a.shl(rest, 23)))
}

/** e^r − 1 for |r| ≤ ½ ln 2. */
function expm1Kernel(a: Arithmetic, r: Expr): Expr {
  const square = a.mul(r, r)
  const p = a.paired(
    r,
    square,
    [0.1666654646396637, 0.04166743531823158, 0.008366258814930916, 0.001387064578011632],
  )
  return a.mulAdd(square, a.mulAdd(p, r, a.f(0.4999999701976776)), r)
}

/** e^x − 1 = 2·(2^(n−1)·(e^r − 1) + (2^(n−1) − ½)), which loses nothing near 0 and does not overflow early. */
export function expm1F32(e: ExprBuilder, x: Expr): Expr {
  const a = new Arithmetic(e, x.lanes)
  const { shifted, r } = reduceByLn2(a, a.clamp(x, -18, 89))
  const q = expm1Kernel(a, r)
  const scale = a.fromBits(a.shl(a.add(a.bits(shifted), a.i(126 - roundingBits)), 23))
  const y = a.mulAdd(scale, q, a.sub(scale, a.f(0.5)))
  // Tiny arguments are their own result: halving a denormal would round, and −0 would lose its sign.
  return a.select(a.lt(a.abs(x), a.f(2 ** -25)), x, a.add(y, y))
}

/** The coefficients of (2·atanh(s) − 2s)/s³ in s². */
const atanhCoefficients = [0.6666677934709982, 0.3997713705463235, 0.2988363948679588]

/** u = 2^k · m with √½ ≤ m < √2, for normal u > 0. Returns k (as f32) and the bits of m. */
function splitExponent(a: Arithmetic, u: Expr): { k: Expr; m: Expr } {
  const sqrtHalf = 0x3f3504f3
  const shifted = a.sub(a.bits(u), a.i(sqrtHalf))
  const k = a.e.convert(a.shrS(shifted, 23), 'f32')
  const m = a.fromBits(a.add(a.and(shifted, a.i(0x7fffff)), a.i(sqrtHalf)))
  return { k, m }
}

/** k·ln 2 + log(1 + f) + correction, with s = f/(2+f) and log(1+f) = f − f²/2 + s·(f²/2 + R(s²)). */
function logOfParts(a: Arithmetic, k: Expr, f: Expr, correction: Expr | null): Expr {
  const s = a.div(f, a.add(f, a.f(2)))
  const z = a.mul(s, s)
  const R = a.mul(z, a.paired(z, a.mul(z, z), atanhCoefficients))
  const half = a.mul(a.mul(f, f), a.f(0.5))
  let low = a.mulAdd(s, a.add(half, R), a.mul(k, a.f(ln2Low)))
  if (correction !== null) low = a.add(low, correction)
  return a.mulAdd(k, a.f(ln2High), a.sub(f, a.sub(half, low)))
}

export function logF32(e: ExprBuilder, x: Expr): Expr {
  const a = new Arithmetic(e, x.lanes)
  const small = a.lt(x, a.f(2 ** -126))
  const { k, m } = splitExponent(a, a.select(small, a.mul(x, a.f(2 ** 23)), x))
  const y = logOfParts(a, a.sub(k, a.select(small, a.f(23), a.f(0))), a.sub(m, a.f(1)), null)
  return logarithmEdges(a, x, y)
}

/** −∞ at 0, NaN below, ∞ and NaN as they come. */
function logarithmEdges(a: Arithmetic, x: Expr, y: Expr): Expr {
  const finite = a.select(a.lt(x, a.f(Infinity)), y, x) // ∞ and NaN
  const positive = a.select(a.lt(x, a.f(0)), a.f(NaN), finite)
  return a.select(a.eq(x, a.f(0)), a.f(-Infinity), positive)
}

/** log(1 + x): the rounding error of u = 1 + x is given back as c/u. */
export function log1pF32(e: ExprBuilder, x: Expr): Expr {
  const a = new Arithmetic(e, x.lanes)
  const u = a.add(x, a.f(1))
  const { k, m } = splitExponent(a, u)
  const near = a.eq(k, a.f(0))
  const lost = a.select(a.lt(x, a.f(1)), a.sub(x, a.sub(u, a.f(1))), a.sub(a.f(1), a.sub(u, x)))
  const f = a.select(near, x, a.sub(m, a.f(1))) // near 0, x itself is exact
  const y = logOfParts(a, k, f, a.select(near, a.f(0), a.div(lost, u)))
  const finite = logarithmEdges(a, u, y)
  return a.select(a.lt(a.abs(x), a.f(2 ** -25)), x, finite)
}

/** tanh|x| = h/(1 + h) with h = ½(e^(2|x|) − 1) = 2^(n−1)·(e^r − 1) + (2^(n−1) − ½). */
export function tanhF32(e: ExprBuilder, x: Expr): Expr {
  const a = new Arithmetic(e, x.lanes)
  const size = a.abs(x)
  const { shifted, r } = reduceByLn2(a, a.binary('min', a.f(18.1), a.add(size, size))) // beyond, tanh is 1
  const scale = a.fromBits(a.shl(a.add(a.bits(shifted), a.i(126 - roundingBits)), 23))
  const h = a.mulAdd(scale, expm1Kernel(a, r), a.sub(scale, a.f(0.5)))
  const y = a.div(h, a.add(h, a.f(1)))
  // For small h, h − h·y is the same with most of its rounding in the small part.
  return a.withSignOf(a.select(a.lt(h, a.f(0.5)), a.mulAdd(a.neg(h), y, h), y), x)
}

/** 1/(1 + t), below zero t/(1 + t), with t = exp(−|x|): small values keep their precision. Of f32 or f64. */
export function sigmoidOf(e: ExprBuilder, x: Expr, exp: (x: Expr) => Expr): Expr {
  const a = new Arithmetic(e, x.lanes)
  const one = a.value(1, x.type)
  const t = exp(a.neg(a.abs(x)))
  return a.div(a.select(a.lt(x, a.value(0, x.type)), t, one), a.add(one, t))
}

/**
 * erf|x| = x + x·S(x²) below 1.1, and 1 − L(|x| − c)^8 above, where L is a polynomial fit of erfc^(1/8) and L(0) nearly an
 * f32. The first coefficients come last, alone: what they add up to is rounded once.
 */
export function erfF32(e: ExprBuilder, x: Expr): Expr {
  const a = new Arithmetic(e, x.lanes)
  const m = a.binary('min', a.f(4), a.abs(x)) // beyond, erf is 1
  const z = a.mul(m, m)
  const s = a.paired(
    z,
    a.mul(z, z),
    [
      -0.37612611055374146, 0.11283361911773682, -0.02684323862195015, 0.005166962277144194,
      -0.0007816948927938938, 7.209371688077226e-5,
    ],
  )
  const small = a.mulAdd(a.mulAdd(s, z, a.f(0.12837916612625122)), m, m)
  const u = a.sub(m, a.f(1.08203125))
  const l = a.paired(
    u,
    a.mul(u, u),
    [
      -0.26803380250930786, -0.03574275225400925, 0.019421366974711418, 0.0022437097504734993,
      -0.001528915949165821, 0.00015748183068353683,
    ],
  )
  const p = a.mulAdd(l, u, a.f(0.7718443274497986))
  const p2 = a.mul(p, p)
  const p4 = a.mul(p2, p2)
  const large = a.mulAdd(a.neg(p4), p4, a.f(1))
  return a.withSignOf(a.select(a.lt(a.f(1.1), m), large, small), x)
}
