/**
 * Inverse trigonometric and hyperbolic functions, composed of `atan2`, `log1p` and `expm1` so that small, large and
 * limiting arguments keep their digits; angles and distances. Integers and bool become f32.
 */
import * as b from '../ir/build.js'
import type { Node } from '../ir/node.js'
import { inFullPrecision } from './autocast.js'
import { floatBinary, floatUnary, withDerivativesOf } from './float-function.js'
import { addLiteral, like, mulLiteral } from './operand.js'

/** √(1 − x²): in factors that do not cancel, with the derivative of 1 − x², which is not 0·∞ at ±1. */
function cosineOf(x: Node): Node {
  const factors = b.mul(b.sub(like(x, 1), x), addLiteral(x, 1))
  return b.sqrt(withDerivativesOf(factors, b.sub(like(x, 1), b.mul(x, x))))
}

/** The angle in [−π/2, π/2] whose sine is x; NaN outside [−1, 1]. */
export const asin = inFullPrecision(floatUnary((x) => b.atan2(x, cosineOf(x))))
/** The angle in [0, π] whose cosine is x; NaN outside [−1, 1]. */
export const acos = inFullPrecision(floatUnary((x) => b.atan2(cosineOf(x), x)))

/** −1 below 0, else 1: unlike `sign` it lets x·signOf(x) be |x| with derivative 1 at 0. */
const signOf = (x: Node): Node => b.where(b.lt(x, like(x, 0)), like(x, -1), like(x, 1))

/** `odd` of |x| with the sign of x. */
function oddly(x: Node, odd: (size: Node) => Node): Node {
  const s = signOf(x)
  return b.mul(s, odd(b.mul(s, x)))
}

/** expm1(x/2) and expm1(−x/2): products of their sums reach the whole range, where exp(x) overflows before sinh(x). */
const halves = (x: Node): [Node, Node] => {
  const h = mulLiteral(x, 0.5)
  return [b.expm1(h), b.expm1(b.neg(h))]
}

/** (eˣ − e⁻ˣ)/2 = 2·sinh(x/2)·cosh(x/2). */
export const sinh = inFullPrecision(
  floatUnary((x) => {
    const [p, q] = halves(x)
    return b.mul(b.sub(p, q), addLiteral(mulLiteral(b.add(p, q), 0.5), 1))
  }),
)

/** (eˣ + e⁻ˣ)/2 = 1 + 2·sinh²(x/2). */
export const cosh = inFullPrecision(
  floatUnary((x) => {
    const [p, q] = halves(x)
    const twice = b.sub(p, q)
    return addLiteral(b.mul(mulLiteral(twice, 0.5), twice), 1)
  }),
)

/** Beyond, x² + 1 is x² in every dtype. */
const far = 2 ** 28

/** The inverse of sinh: sign(x)·log(|x| + √(x² + 1)). */
export const asinh = floatUnary((x) =>
  oddly(x, (size) => {
    const large = b.lt(like(x, far), size)
    const near = b.where(large, like(x, 1), size)
    const square = b.mul(near, near)
    const root = b.sqrt(addLiteral(square, 1))
    // |x| + √(x² + 1) − 1 = |x| + x²/(1 + √(x² + 1))
    const small = b.log1p(b.add(near, b.div(square, addLiteral(root, 1))))
    return b.where(large, addLiteral(b.log(b.where(large, size, like(x, 1))), Math.LN2), small)
  }),
)

/** The inverse of cosh for x ≥ 1: log(x + √(x² − 1)); NaN below 1. */
export const acosh = floatUnary((x) => {
  const large = b.lt(like(x, far), x)
  const t = b.sub(b.where(large, like(x, 2), x), like(x, 1))
  // Two roots: below −1 the product of the factors is positive, but there is no result.
  const small = b.log1p(b.add(t, b.mul(b.sqrt(t), b.sqrt(addLiteral(t, 2)))))
  return b.where(large, addLiteral(b.log(b.where(large, x, like(x, 1))), Math.LN2), small)
})

/** The inverse of tanh: ½·log((1 + x)/(1 − x)); ±∞ at ±1, NaN outside. */
export const atanh = floatUnary((x) =>
  oddly(x, (size) => mulLiteral(b.log1p(b.div(b.add(size, size), b.sub(like(x, 1), size))), 0.5)),
)

/** sin(t)/t in powers of t², lowest first: to rounding in f64 below ½. */
const sineQuotient = [1, -1 / 6, 1 / 120, -1 / 5040, 1 / 362880, -1 / 39916800, 1 / 6227020800]

/** sin(πx)/(πx), and 1 at 0. Near 0 by its series, so that the derivatives, which cancel there, are right too. */
export const sinc = floatUnary((x) => {
  const angle = mulLiteral(x, Math.PI)
  const near = b.lt(b.abs(angle), like(x, 0.5))
  const small = b.where(near, angle, like(x, 0))
  const square = b.mul(small, small)
  const [last, ...rest] = [...sineQuotient].reverse()
  const series = rest.reduce((sum, c) => addLiteral(b.mul(sum, square), c), like(x, last))
  // sin(πx) = (−1)ⁿ·sin(π(x − n)) keeps its digits beside whole numbers, its zeros.
  const n = b.round(b.stopGradient(x))
  const odd = b.eq(b.mod(n, like(x, 2)), like(x, 1))
  const sine = b.sin(mulLiteral(b.sub(x, n), Math.PI))
  const large = b.where(near, like(x, 1), angle)
  return b.where(near, series, b.div(b.where(odd, b.neg(sine), sine), large))
})

/** Degrees to radians. */
export const deg2rad = floatUnary((x) => mulLiteral(x, Math.PI / 180))
/** Radians to degrees. */
export const rad2deg = floatUnary((x) => mulLiteral(x, 180 / Math.PI))

/** √(x² + y²) without overflow or underflow; ∞ where either is infinite. */
export const hypot = floatBinary('hypot', (x, y) => {
  const infinity = like(x, Number.POSITIVE_INFINITY)
  const infinite = b.or(b.eq(b.abs(x), infinity), b.eq(b.abs(y), infinity))
  // The result does not depend on the scale, so it may be constant to the gradient.
  const largest = b.stopGradient(b.maximum(b.abs(x), b.abs(y)))
  const scale = b.where(b.or(infinite, b.eq(largest, like(x, 0))), like(x, 1), largest)
  const [p, q] = [b.div(x, scale), b.div(y, scale)]
  const length = b.mul(b.sqrt(b.add(b.mul(p, p), b.mul(q, q))), scale)
  return b.where(infinite, infinity, length)
})
