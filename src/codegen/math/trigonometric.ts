/**
 * sin, cos, tan, atan and atan2 of f32 in plain f32 arithmetic: any lane count.
 */
import type { Expr, ExprBuilder } from '../loop-ir.js'
import { Arithmetic } from './arithmetic.js'

const roundingMagic = 1.5 * 2 ** 23

/** π/2 as a sum of parts; products of the first three with an integer below 2^13 are exact. */
const halfPiParts = splitConstant(Math.PI / 2, [11, 11, 11])
/** From here on the reduction by parts would lose bits. */
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

/** x = n·π/2 + r + low with |r| ≤ π/4; n in the low bits of `quadrant`. */
interface Reduced {
  readonly quadrant: Expr
  readonly r: Expr
  readonly low: Expr
}

function reduceByHalfPi(a: Arithmetic, x: Expr): Reduced {
  const near = reduceModerate(a, x)
  const far = reduceHuge(a, x)
  const isNear = a.lt(a.abs(x), a.f(moderate))
  const pick = (part: keyof Reduced): Expr => a.select(isNear, near[part], far[part])
  return { quadrant: pick('quadrant'), r: pick('r'), low: pick('low') }
}

/** For |x| < 8192, after Cody and Waite (1980): multiples of π/2 are subtracted part by part. */
function reduceModerate(a: Arithmetic, x: Expr): Reduced {
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

/** 16 zero bits and the bits of 2/π, 32 of them from every 16th on. */
const twoOverPi = [
  0x0000a2f9, 0xa2f9836e, 0x836e4e44, 0x4e441529, 0x1529fc27, 0xfc2757d1, 0x57d1f534, 0xf534ddc0, 0xddc0db62,
  0xdb629599, 0x95993c43, 0x3c439041,
]

/**
 * For |x| ≥ 8192, after Payne and Hanek (1983). With |x| = m·2^k, x·2/π mod 4 needs only the bits of 2/π from k on:
 * m times 80 of them, in digits of 16 bits. ∞ and NaN give NaN.
 */
function reduceHuge(a: Arithmetic, x: Expr): Reduced {
  const bits = a.and(a.bits(x), a.i(0x7fffffff))
  const start = a.sub(a.shrU(bits, 23), a.i(136)) // of the wanted bits in the table
  const isSet = (bit: number): Expr => a.ne(a.and(start, a.i(bit)), a.i(0))
  // The five words from start/16 on: the table moved by 4, 2 and 1 places.
  let words: Expr[] = twoOverPi.map(a.i)
  for (const by of [4, 2, 1]) {
    const move = isSet(16 * by)
    words = words.slice(0, 4 + by).map((w, i) => a.select(move, words[i + by], w))
  }
  // The rest of the move, start mod 16, is a multiplication.
  const power = a.e.convert(a.fromBits(a.shl(a.add(a.and(start, a.i(15)), a.i(127)), 23)), 'i32')
  const digits = words.map((w) => a.shrU(a.mul(w, power), 16))

  const m = a.or(a.and(bits, a.i(0x7fffff)), a.i(0x800000))
  const mLow = a.and(m, a.i(0xffff))
  const mHigh = a.shrU(m, 16)
  const p = digits.map((d) => a.mul(mLow, d)) // 32 bits, unsigned
  const q = digits.map((d) => a.mul(mHigh, d)) // 24 bits
  const low = (v: Expr): Expr => a.and(v, a.i(0xffff))
  const high = (v: Expr): Expr => a.shrU(v, 16)
  // Digits of the product, from the fourth up with carries; below, 2^-64 of the circle is lost.
  const d3 = a.add(a.add(low(p[3]), high(p[4])), low(q[4]))
  const d2 = a.add(a.add(a.add(low(p[2]), high(p[3])), a.add(low(q[3]), high(q[4]))), high(d3))
  const d1 = a.add(a.add(a.add(low(p[1]), high(p[2])), a.add(low(q[2]), high(q[3]))), high(d2))
  const d0 = a.add(a.add(a.add(low(p[0]), high(p[1])), a.add(low(q[1]), high(q[2]))), high(d1))

  // In units of 2^-32 circle: the nearest quadrant, and the signed distance to it.
  const circle = a.or(a.shl(d0, 16), low(d1))
  const quadrant = a.shrU(a.add(circle, a.i(0x20000000)), 30)
  const distance = a.sub(circle, a.shl(quadrant, 30))
  const float = (v: Expr, scale: number): Expr => a.mul(a.e.convert(v, 'f32'), a.f(scale))
  const head = float(a.shrS(distance, 14), 2 ** -16) // of a quadrant; 16 bits
  const tail = a.add(
    float(a.and(distance, a.i(0x3fff)), 2 ** -30),
    a.add(float(low(d2), 2 ** -46), float(low(d3), 2 ** -62)),
  )
  const [piHigh, piLow] = splitConstant(Math.PI / 2, [8])
  const exact = a.mul(head, a.f(piHigh))
  const rest = a.add(a.mul(head, a.f(piLow)), a.mul(tail, a.f(Math.PI / 2)))
  const sum = a.add(exact, rest)
  const flip = a.and(a.bits(x), a.i(0x80000000))
  const signed = (v: Expr): Expr => a.fromBits(a.xor(a.bits(v), flip))
  const nan = a.sub(x, x) // 0 for numbers
  return {
    quadrant: a.select(a.lt(x, a.f(0)), a.sub(a.i(0), quadrant), quadrant),
    r: a.add(signed(sum), nan),
    low: signed(a.add(a.sub(exact, sum), rest)),
  }
}

/** sin r = r + r³·S(r²) */
const sinKernel = (a: Arithmetic, r: Expr, z: Expr): Expr =>
  a.add(
    a.mul(a.mul(a.polynomial(z, [-0.16666654257654778, 0.008332133899683314, -0.0001951116112283336]), z), r),
    r,
  )

/** cos r = 1 − r²/2 + r⁴·C(r²) */
const cosKernel = (a: Arithmetic, z: Expr): Expr =>
  a.add(
    a.sub(a.f(1), a.mul(z, a.f(0.5))),
    a.mul(a.mul(z, z), a.polynomial(z, [0.04166664572276581, -0.001388730983596707, 2.4431652402051457e-5])),
  )

/** sin of x, or of x + π/2: the quadrant says which kernel and which sign. */
function sinFrom(e: ExprBuilder, x: Expr, quarters: 0 | 1): Expr {
  const a = new Arithmetic(e, x.lanes)
  const { quadrant, r } = reduceByHalfPi(a, x)
  const turn = quarters === 0 ? quadrant : a.add(quadrant, a.i(1))
  const z = a.mul(r, r)
  const odd = a.ne(a.and(turn, a.i(1)), a.i(0))
  const y = a.select(odd, cosKernel(a, z), sinKernel(a, r, z))
  return a.fromBits(a.xor(a.bits(y), a.shl(a.and(turn, a.i(2)), 30)))
}

export const sinF32 = (e: ExprBuilder, x: Expr): Expr => {
  const a = new Arithmetic(e, x.lanes)
  return a.select(a.eq(x, a.f(0)), x, sinFrom(e, x, 0)) // keeps −0
}

export const cosF32 = (e: ExprBuilder, x: Expr): Expr => sinFrom(e, x, 1)

/** tan r = r + r³·T(r²), or its −1/tan r in odd quadrants; low·(1 + tan² r) carries the rest of the reduction. */
export function tanF32(e: ExprBuilder, x: Expr): Expr {
  const a = new Arithmetic(e, x.lanes)
  const { quadrant, r, low } = reduceByHalfPi(a, x)
  const z = a.mul(r, r)
  const t = a.mul(
    a.mul(
      a.polynomial(
        z,
        [
          0.33333352657461646, 0.13332561394777617, 0.05407175326119328, 0.02121958278071347,
          0.011001774529916556, -0.00012525022726833917, 0.004484253591162561,
        ],
      ),
      z,
    ),
    r,
  )
  const sum = a.add(t, r)
  const y = a.add(a.add(t, a.mul(low, a.add(a.mul(sum, sum), a.f(1)))), r)
  const odd = a.ne(a.and(quadrant, a.i(1)), a.i(0))
  return a.select(a.eq(x, a.f(0)), x, a.select(odd, a.div(a.f(-1), y), y))
}

/** t + t³·A(t²) for |t| ≤ ½. */
const atanKernel = (a: Arithmetic, t: Expr): Expr => {
  const z = a.mul(t, t)
  const p = a.polynomial(
    z,
    [
      -0.33333327050077266, 0.19999496319284446, -0.14272186695080083, 0.109417619334417, -0.0798658319790771,
      0.03875308408668172,
    ],
  )
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
