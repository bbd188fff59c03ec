/**
 * The error function's complement and inverse, and the gamma family: polynomials (special-coefficients.ts) and
 * asymptotic series around the primitives. Derivatives of every order come from the same formulas. Integers and bool
 * become f32.
 */
import { ValueError } from '../core/errors.js'
import * as b from '../ir/build.js'
import type { Node } from '../ir/node.js'
import { inFullPrecision } from './autocast.js'
import { floatUnary, withDerivativesOf } from './float-function.js'
import { wholePower } from './integer-power.js'
import { addLiteral, inAccumulationType, like, mulLiteral, toFloat } from './operand.js'
import {
  erfInverseFar,
  erfInverseMiddle,
  erfInverseNear,
  type Fit,
  logGammaQuotient,
  scaledErfc,
} from './special-coefficients.js'

const isDouble = (x: Node): boolean => x.dtype === 'f64'

/** c₀·tⁿ + c₁·tⁿ⁻¹ + …, by Horner. */
function polynomial(t: Node, coefficients: readonly number[]): Node {
  return coefficients.slice(1).reduce((sum, c) => addLiteral(b.mul(sum, t), c), like(t, coefficients[0]))
}

const evaluate = (t: Node, fit: Fit): Node => polynomial(t, isDouble(t) ? fit.f64 : fit.f32)

/** 1 − erf(x) = 2/√π ∫ₓ^∞ e^(−t²) dt, with all its digits where it is tiny. */
export const erfc = floatUnary((x) => {
  const negative = b.lt(x, like(x, 0))
  // Beyond 28 the result is 0 in every dtype.
  const a = b.minimum(b.abs(b.stopGradient(x)), like(x, 28))
  // a² in two parts, the first exact, because the exponential magnifies the rounding of its argument.
  const grid = isDouble(x) ? 2 ** 20 : 2 ** 7
  const head = mulLiteral(b.floor(mulLiteral(a, grid)), 1 / grid)
  const tail = b.mul(b.sub(a, head), b.add(a, head))
  const bell = b.mul(b.exp(b.neg(b.mul(head, head))), b.exp(b.neg(tail)))
  const t = b.div(addLiteral(a, -3.75), addLiteral(a, 3.75))
  const positive = b.mul(b.div(evaluate(t, scaledErfc), addLiteral(b.add(a, a), 1)), bell)
  const value = b.where(negative, b.sub(like(x, 2), positive), positive)
  return withDerivativesOf(value, b.sub(like(x, 1), b.erf(x)))
})

/** The inverse of erf on (−1, 1); ±∞ at ±1, NaN outside. */
export const erfinv = inFullPrecision(
  floatUnary((x) => {
    const one = like(x, 1)
    const edge = b.eq(b.abs(x), one)
    const inside = b.where(edge, like(x, 0), x)
    // w = −log(1 − x²), in factors that do not cancel near ±1 and as log1p near 0.
    const square = b.mul(inside, inside)
    const small = b.lt(square, like(x, 0.5))
    const nearOne = b.log(
      b.mul(b.sub(one, b.where(small, like(x, 0), inside)), b.add(one, b.where(small, like(x, 0), inside))),
    )
    const w = b.neg(b.where(small, b.log1p(b.neg(b.where(small, square, like(x, 0)))), nearOne))
    const far = b.lt(like(x, 6), w)
    const near = evaluate(addLiteral(mulLiteral(b.where(far, like(x, 3), w), 1 / 3), -1), erfInverseNear)
    const root = b.sqrt(b.where(far, w, like(x, 9)))
    const middle = evaluate(mulLiteral(addLiteral(root, -3.2), 1 / 0.8), erfInverseMiddle)
    let outer = middle
    if (isDouble(x)) {
      const last = evaluate(mulLiteral(addLiteral(root, -5.05), 1 / 1.05), erfInverseFar)
      outer = b.where(b.lt(like(x, 4), root), last, middle)
    }
    const y = b.mul(inside, b.where(far, outer, near))
    // Divided by 0 at the edges, where the derivative is infinite, too, and by 1 elsewhere.
    return b.where(edge, b.div(x, b.where(edge, like(x, 0), one)), y)
  }),
)

/** x − n for the nearest whole n: sin(πx) and tan(πx) of it keep their digits far from 0. */
const fromNearest = (x: Node): Node => b.sub(x, b.round(b.stopGradient(x)))

/** cot(πx) as a quotient of sines: 1/tan has derivatives that cancel where the tangent is infinite. */
function cotangentOf(x: Node): Node {
  const angle = mulLiteral(x, Math.PI)
  return b.div(b.cos(angle), b.sin(angle))
}

/** log Γ(z) − (z − ½)(log z − 1) − ½log(2π) + ½, times z, in powers of 1/z². */
const stirling = [1 / 12, -1 / 360, 1 / 1260, -1 / 1680, 1 / 1188, -691 / 360360, 1 / 156, -3617 / 122400]
/** What `stirling` needs so that the first term left out does not show from z = 8 on. */
const stirlingTerms = (x: Node): readonly number[] => [...stirling.slice(0, isDouble(x) ? 8 : 4)].reverse()

/** log Γ(z) for z > 0. */
function logGammaOfPositive(z: Node): Node {
  const large = b.le(like(z, 8), z)
  // z = n + u with u in [0, 1): Γ(z) = Γ(1 + u)·(z − 1)…(z − n + 1), or Γ(1 + u)/z below 1.
  const small = b.where(large, like(z, 1.5), z)
  const n = b.floor(b.stopGradient(small))
  const u = b.sub(small, n)
  let product = like(z, 1)
  for (let k = 1; k <= 6; k++) {
    product = b.where(b.lt(like(z, k), n), b.mul(product, addLiteral(small, -k)), product)
  }
  const tiny = b.eq(n, like(z, 0))
  const logarithm = b.log(b.where(large, z, b.where(tiny, small, product)))
  const quotient = evaluate(addLiteral(b.add(u, u), -1), logGammaQuotient)
  const ofOnePlusU = b.mul(b.mul(u, addLiteral(u, -1)), quotient)
  const shifted = b.add(ofOnePlusU, b.where(tiny, b.neg(logarithm), logarithm))

  const zl = b.where(large, z, like(z, 8))
  const r = b.div(like(z, 1), zl)
  const series = b.mul(r, polynomial(b.mul(r, r), stirlingTerms(z)))
  const main = b.mul(addLiteral(zl, -0.5), addLiteral(logarithm, -1))
  const rest = addLiteral(series, 0.5 * Math.log(2 * Math.PI) - 0.5)
  return b.where(large, b.add(main, rest), shifted)
}

/** log |Γ(x)|: ∞ at 0, −1, −2, …. Its derivative is `digamma`. */
export const lgamma = floatUnary((x) => {
  const negative = b.lt(x, like(x, 0))
  const ofPositive = logGammaOfPositive(b.where(negative, b.sub(like(x, 1), x), x))
  // |Γ(x)| = π/(|sin πx|·Γ(1 − x))
  const sine = b.abs(b.sin(mulLiteral(fromNearest(b.where(negative, x, like(x, 0.5))), Math.PI)))
  const reflected = b.sub(b.sub(like(x, Math.log(Math.PI)), b.log(sine)), ofPositive)
  const infinity = like(x, Number.POSITIVE_INFINITY)
  return b.where(b.eq(b.abs(x), infinity), infinity, b.where(negative, reflected, ofPositive))
})

/** B₂ₖ/(2k) of ψ(z) ~ log z − 1/(2z) − Σ B₂ₖ/(2k z²ᵏ). */
const digammaSeries = [1 / 12, -1 / 120, 1 / 252, -1 / 240, 1 / 132, -691 / 32760, 1 / 12, -3617 / 8160]

/** ψ(z) for z > 0: shifted up by Σ 1/(z + k) to where the series holds. */
function digammaOfPositive(z: Node): Node {
  const [shift, terms] = isDouble(z) ? [10, 8] : [6, 4]
  const large = b.le(like(z, shift), z)
  const small = b.where(large, like(z, 1), z)
  let sum = like(z, 0)
  for (let k = shift - 1; k >= 0; k--) sum = b.add(sum, b.div(like(z, 1), addLiteral(small, k)))
  const a = b.where(large, z, addLiteral(small, shift))
  const r = b.div(like(z, 1), a)
  const r2 = b.mul(r, r)
  const series = b.mul(r2, polynomial(r2, digammaSeries.slice(0, terms).reverse()))
  const value = b.sub(b.sub(b.log(a), mulLiteral(r, 0.5)), series)
  return b.where(large, value, b.sub(value, sum))
}

/** ψ(x) = Γ′(x)/Γ(x): −∞ at 0 (∞ at −0), NaN at −1, −2, …. */
export const digamma = floatUnary((x) => {
  const zero = b.eq(x, like(x, 0))
  const negative = b.lt(x, like(x, 0))
  const safe = b.where(zero, like(x, 1), x)
  const ofPositive = digammaOfPositive(b.where(negative, b.sub(like(x, 1), safe), safe))
  // ψ(x) = ψ(1 − x) − π/tan(πx)
  const part = fromNearest(b.where(negative, x, like(x, 0.25)))
  const pole = b.eq(part, like(x, 0))
  const reflected = b.sub(ofPositive, mulLiteral(cotangentOf(b.where(pole, like(x, 0.25), part)), Math.PI))
  const nan = like(x, Number.NaN)
  const value = b.where(negative, b.where(pole, nan, reflected), ofPositive)
  return b.where(zero, b.div(like(x, -1), x), value)
})

/** B₂ₖ/(2k)!, k = 1, 2, …. */
const bernoulli = [
  1 / 12,
  -1 / 720,
  1 / 30240,
  -1 / 1209600,
  1 / 47900160,
  -691 / 1307674368000,
  1 / 74724249600,
  -3617 / 10670622842880000,
]

/** Σ_{k≥0} (z + k)^−s for z > 0 and whole s ≥ 2, by Euler and Maclaurin. */
function hurwitzZeta(s: number, z: Node): Node {
  const shift = (isDouble(z) ? 10 : 6) + s
  const inverse = (x: Node): Node => b.div(like(z, 1), x)
  const a = addLiteral(z, shift)
  const r = inverse(a)
  const r2 = b.mul(r, r)
  const power = wholePower(r, s - 1) // a^(1−s)
  // a^(1−s)·(1/(s−1) + r/2 + Σ B₂ₖ/(2k)!·s(s+1)…(s+2k−2)·r²ᵏ)
  let rising = s
  const terms: number[] = []
  for (let k = 1; k <= (isDouble(z) ? 8 : 5); k++) {
    terms.push(bernoulli[k - 1] * rising)
    rising *= (s + 2 * k - 1) * (s + 2 * k)
  }
  const series = b.mul(r2, polynomial(r2, terms.reverse()))
  let sum = b.mul(power, b.add(series, addLiteral(mulLiteral(r, 0.5), 1 / (s - 1))))
  for (let k = shift - 1; k >= 0; k--) {
    sum = b.add(sum, wholePower(inverse(k === 0 ? z : addLiteral(z, k)), s))
  }
  return sum
}

/** Coefficients, lowest first, of dⁿ/dθⁿ cot θ as a polynomial in cot θ: P₀ = c, Pₙ₊₁ = −(1 + c²)·Pₙ′. */
function cotangentDerivative(n: number): number[] {
  let p = [0, 1]
  for (let step = 0; step < n; step++) {
    const next = new Array<number>(p.length + 1).fill(0)
    for (let i = 1; i < p.length; i++) {
      next[i - 1] -= i * p[i]
      next[i + 1] -= i * p[i]
    }
    p = next
  }
  return p
}

/**
 * The n-th derivative of `digamma`, n ≥ 0: (−1)ⁿ⁺¹·n!·Σ (x + k)^−(n+1). At the poles 0, −1, … ∞ for odd n and −∞ for even
 * n ≥ 2, the limit from the right.
 */
export function polygamma(n: number, x: Node): Node {
  if (!Number.isInteger(n) || n < 0) {
    throw new ValueError(`polygamma: expected an order n ≥ 0 that is a whole number, got ${n}.`)
  }
  if (n === 0) return digamma(x)
  return inAccumulationType(toFloat(x), (y) => {
    let factorial = 1
    for (let k = 2; k <= n; k++) factorial *= k
    const sign = n % 2 === 1 ? 1 : -1
    const negative = b.lt(y, like(y, 0))
    const positive = b.where(negative, b.sub(like(y, 1), y), y)
    const ofPositive = mulLiteral(hurwitzZeta(n + 1, positive), sign * factorial)
    // ψₙ(x) = (−1)ⁿ·ψₙ(1 − x) − πⁿ⁺¹·cot⁽ⁿ⁾(πx)
    const part = fromNearest(b.where(negative, y, like(y, 0.25)))
    const pole = b.eq(part, like(y, 0))
    const cotangent = cotangentOf(b.where(pole, like(y, 0.25), part))
    const derivative = mulLiteral(polynomial(cotangent, cotangentDerivative(n).reverse()), Math.PI ** (n + 1))
    const reflected = b.sub(n % 2 === 0 ? ofPositive : b.neg(ofPositive), derivative)
    const atPole = like(y, sign * Number.POSITIVE_INFINITY)
    return b.where(negative, b.where(pole, atPole, reflected), ofPositive)
  })
}
