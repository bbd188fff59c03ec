/**
 * sin, cos, tan, atan and atan2 of f32 in plain f32 arithmetic: any lane count.
 */
import type { Expr, ExprBuilder } from '../loop-ir.js'
import { Arithmetic, perLane } from './arithmetic.js'

const roundingMagic = 1.5 * 2 ** 23

/** π/2 as a sum of parts; products of the first three with an integer below 2^13 are exact. */
const halfPiParts = splitConstant(Math.PI / 2, [11, 11, 11])
/** From here on the reduction by parts would lose bits, and the host computes the function. */
const moderate = 8192

/** Splits a constant into parts with the given numbers of significant bits, and what remains. */
function splitConstant(value: number, bits: readonly number[]): number[] {
  const parts: number[] = []
  let rest = value
  for (const count of bits) {
    const unit = 2 ** (Math.floor(Math.log2(rest)) - count + 1)
    const part = Math.floor(rest / unit) * unit
    parts.push(part)
    rest -= part
  }
  parts.push(rest)
  return parts
}

/** x = n·π/2 + r + low with |r| ≤ π/4, for |x| < 8192: `quadrant` has n in its low bits. */
function reduceByHalfPi(a: Arithmetic, x: Expr): { quadrant: Expr; r: Expr; low: Expr } {
  const shifted = a.add(a.mul(x, a.f(2 / Math.PI)), a.f(roundingMagic))
  const n = a.sub(shifted, a.f(roundingMagic))
  const [first, second, third, last] = halfPiParts
  const exact = a.sub(a.sub(x, a.mul(n, a.f(first))), a.mul(n, a.f(second)))
  const step = a.mul(n, a.f(third))
  const rounded = a.sub(exact, step)
  // What the rounding of the third step lost joins the fourth.
  const rest = a.sub(a.sub(a.sub(exact, rounded), step), a.mul(n, a.f(last)))
  const r = a.add(rounded, rest)
  return { quadrant: a.bits(shifted), r, low: a.add(a.sub(rounded, r), rest) }
}

/** sin r = r + r³·S(r²) */
const sinKernel = (a: Arithmetic, r: Expr, z: Expr): Expr =>
  a.add(a.mul(a.mul(a.polynomial(z, [-0.16666654257654778, 0.008332133899683314, -0.0001951116112283336]), z), r), r)

/** cos r = 1 − r²/2 + r⁴·C(r²) */
const cosKernel = (a: Arithmetic, z: Expr): Expr =>
  a.add(
    a.sub(a.f(1), a.mul(z, a.f(0.5))),
    a.mul(a.mul(z, z), a.polynomial(z, [0.04166664572276581, -0.001388730983596707, 2.4431652402051457e-5])),
  )

function sinOrCos(e: ExprBuilder, x: Expr, host: 'hostSin' | 'hostCos'): Expr {
  const a = new Arithmetic(e, x.lanes)
  const { quadrant, r } = reduceByHalfPi(a, x)
  const turn = host === 'hostCos' ? a.add(quadrant, a.i(1)) : quadrant
  const z = a.mul(r, r)
  const odd = a.ne(a.and(turn, a.i(1)), a.i(0))
  const y = a.select(odd, cosKernel(a, z), sinKernel(a, r, z))
  const sign = a.shl(a.and(turn, a.i(2)), 30)
  const near = a.fromBits(a.xor(a.bits(y), sign))
  return a.select(a.lt(a.abs(x), a.f(moderate)), near, byHost(e, x, host))
}

/** Lane by lane through f64, with the moderate arguments taken out. */
function byHost(e: ExprBuilder, x: Expr, host: 'hostSin' | 'hostCos' | 'hostTan'): Expr {
  return perLane(e, [x], ([s]) => e.convert(e.unary(host, e.convert(s, 'f64')), 'f32'))
}

export const sinF32 = (e: ExprBuilder, x: Expr): Expr => {
  const a = new Arithmetic(e, x.lanes)
  return a.select(a.eq(x, a.f(0)), x, sinOrCos(e, x, 'hostSin'))
}

export const cosF32 = (e: ExprBuilder, x: Expr): Expr => sinOrCos(e, x, 'hostCos')

/** tan r = r + r³·T(r²), or its −1/tan r in odd quadrants; low·(1 + tan² r) carries the rest of the reduction. */
export function tanF32(e: ExprBuilder, x: Expr): Expr {
  const a = new Arithmetic(e, x.lanes)
  const { quadrant, r, low } = reduceByHalfPi(a, x)
  const z = a.mul(r, r)
  const t = a.mul(a.mul(a.polynomial(z, [0.33333352657461646, 0.13332561394777617, 0.05407175326119328, 0.02121958278071347, 0.011001774529916556, -0.00012525022726833917, 0.004484253591162561]), z), r)
  const sum = a.add(t, r)
  const y = a.add(a.add(t, a.mul(low, a.add(a.mul(sum, sum), a.f(1)))), r)
  const odd = a.ne(a.and(quadrant, a.i(1)), a.i(0))
  const near = a.select(odd, a.div(a.f(-1), y), y)
  const any = a.select(a.lt(a.abs(x), a.f(moderate)), near, byHost(e, x, 'hostTan'))
  return a.select(a.eq(x, a.f(0)), x, any)
}

/** t + t³·A(t²) for |t| ≤ ½. */
const atanKernel = (a: Arithmetic, t: Expr): Expr => {
  const z = a.mul(t, t)
  const p = a.polynomial(z, [-0.33333327050077266, 0.19999496319284446, -0.14272186695080083, 0.109417619334417, -0.0798658319790771, 0.03875308408668172])
  return a.add(a.mul(a.mul(p, z), t), t)
}

/** The parts of π/4 and π/2 that f32 does not hold. */
const quarterPiLow = Math.PI / 4 - Math.fround(Math.PI / 4)
const halfPiLow = Math.PI / 2 - Math.fround(Math.PI / 2)
const piLow = Math.PI - Math.fround(Math.PI)

/**
 * The angle of the point (denominator, numerator) with 0 ≤ numerator ≤ denominator: directly, or as π/4 plus the
 * angle of (n − d)/(n + d) where the quotient is above ½, from where n − d is exact. One division.
 */
function firstOctant(a: Arithmetic, n: Expr, d: Expr): Expr {
  const mid = a.lt(a.mul(d, a.f(0.5)), n)
  const t = a.div(a.select(mid, a.sub(n, d), n), a.select(mid, a.add(n, d), d))
  const y = atanKernel(a, t)
  return a.select(mid, a.add(a.add(y, a.f(quarterPiLow)), a.f(Math.PI / 4)), y)
}

/** π/2 − y beyond the diagonal. */
const complement = (a: Arithmetic, beyond: Expr, y: Expr): Expr =>
  a.select(beyond, a.sub(a.f(Math.PI / 2), a.sub(y, a.f(halfPiLow))), y)

export function atanF32(e: ExprBuilder, x: Expr): Expr {
  const a = new Arithmetic(e, x.lanes)
  const m = a.binary('min', a.f(2 ** 126), a.abs(x)) // NaN stays; beyond, the angle is π/2
  const beyond = a.lt(a.f(1), m)
  const one = a.f(1)
  const y = firstOctant(a, a.select(beyond, one, m), a.select(beyond, m, one))
  return a.withSignOf(complement(a, beyond, y), x)
}

/** The angle of the point (x, y) in −π…π, with the signs of zeros and infinities as in IEEE 754. */
export function atan2F32(e: ExprBuilder, y: Expr, x: Expr): Expr {
  const a = new Arithmetic(e, x.lanes)
  const ax = a.abs(x)
  const ay = a.abs(y)
  const beyond = a.lt(ax, ay)
  const larger = a.select(beyond, ay, ax)
  const smaller = a.select(beyond, ax, ay)
  // The sum of both must not overflow; two infinities count as the diagonal, two zeros as angle 0.
  const scale = a.select(a.lt(a.f(2 ** 125), larger), a.f(0.25), a.f(1))
  const diagonal = a.eq(smaller, a.f(Infinity))
  const n = a.select(diagonal, a.f(1), a.mul(smaller, scale))
  const d = a.select(diagonal, a.f(1), a.select(a.eq(larger, a.f(0)), a.f(1), a.mul(larger, scale)))
  const angle = complement(a, beyond, firstOctant(a, n, d))
  const left = a.lt(a.bits(x), a.i(0))
  const full = a.select(left, a.sub(a.f(Math.PI), a.sub(angle, a.f(piLow))), angle)
  const signed = a.withSignOf(full, y)
  const ordered = a.and(a.eq(x, x), a.eq(y, y))
  return a.select(ordered, signed, a.f(NaN))
}
