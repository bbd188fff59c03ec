/**
 * Powers and logarithms to other bases, and logarithms of sums, composed so that nothing overflows early and powers of
 * the base come out exact. Integers and bool become f32.
 */
import * as b from '../ir/build.js'
import type { Node } from '../ir/node.js'
import { inFullPrecision } from './autocast.js'
import { floatBinary, floatUnary } from './float-function.js'
import { addLiteral, inAccumulationType, like, mulLiteral, type Operand, pair, toFloat } from './operand.js'

/** 2 to the power x, exact for whole x. */
export const exp2 = floatUnary((x) => b.pow(like(x, 2), x))

/** x·2ʸ. */
export const ldexp = floatBinary('ldexp', (x, y) => b.mul(x, b.pow(like(y, 2), y)))

/** x to the power y, computed in f64. */
export const floatPower = (x: Operand, y: Operand): Node => b.pow(...pair('floatPower', x, y, 'f64'))

/** log x / log base. A whole result is exact, which the rounded factor alone does not give: log10(1000) = 3. */
const logarithm = (base: number, factor: number): ((x: Node) => Node) =>
  floatUnary((x) => {
    const y = mulLiteral(b.log(x), factor)
    const fixed = b.stopGradient(y)
    const whole = b.round(fixed)
    const exact = b.eq(b.pow(like(x, base), whole), b.stopGradient(x))
    // y + (whole − y) is whole without rounding, and its derivative is y's.
    const finite = b.lt(b.abs(fixed), like(x, Number.POSITIVE_INFINITY))
    return b.add(y, b.where(b.and(exact, finite), b.sub(whole, fixed), like(x, 0)))
  })

/** Logarithm to base 2, exact for powers of 2. */
export const log2 = inFullPrecision(logarithm(2, Math.LOG2E))
/** Logarithm to base 10, exact for powers of 10. */
export const log10 = inFullPrecision(logarithm(10, Math.LOG10E))

/** hi + f(lo − hi) for the larger and the smaller argument. Equal infinities have no difference: it counts as 0. */
function overLarger(x: Node, y: Node, tail: (difference: Node) => Node): Node {
  // A choice, not `maximum`: at ties the derivatives of every order then come from `tail` alone.
  const first = b.le(y, x)
  const [high, low] = [b.where(first, x, y), b.where(first, y, x)]
  const both = b.and(b.eq(x, y), b.eq(b.abs(x), like(x, Number.POSITIVE_INFINITY)))
  const zero = like(x, 0)
  return b.add(high, tail(b.sub(b.where(both, zero, low), b.where(both, zero, high))))
}

/** log(eˣ + eʸ), without overflow. */
export const logaddexp = floatBinary('logaddexp', (x, y) => overLarger(x, y, (d) => b.log1p(b.exp(d))))

/** log2(2ˣ + 2ʸ), without overflow. */
export const logaddexp2 = floatBinary('logaddexp2', (x, y) =>
  overLarger(x, y, (d) => mulLiteral(b.log1p(b.exp(mulLiteral(d, Math.LN2))), Math.LOG2E)),
)

/** x·log(y) or x·log1p(y), and 0 where x = 0 unless y is NaN. */
const timesLog = (operation: string, log: (y: Node) => Node, least: number): ReturnType<typeof floatBinary> =>
  floatBinary(operation, (x, y) => {
    const infinite = b.eq(y, like(y, Number.POSITIVE_INFINITY))
    const none = b.and(b.eq(x, like(x, 0)), b.or(b.le(y, like(y, least)), infinite))
    return b.where(none, like(x, 0), b.mul(x, log(b.where(none, like(y, 1), y))))
  })

/** x·log(y), 0 where x = 0 (and y is not NaN). */
export const xlogy = timesLog('xlogy', b.log, 0)
/** x·log(1 + y), 0 where x = 0 (and y is not NaN). */
export const xlog1py = timesLog('xlog1py', b.log1p, -1)

/**
 * log(x/(1 − x)), the inverse of the sigmoid. With `eps`, x is limited to [eps, 1 − eps] first; without, arguments
 * outside [0, 1] give NaN.
 */
export function logit(x: Node, eps: number | null = null): Node {
  return inAccumulationType(toFloat(x), (y) => {
    let p = y
    if (eps !== null) {
      const [low, high] = [like(y, eps), like(y, 1 - eps)]
      p = b.where(b.lt(y, low), low, b.where(b.lt(high, y), high, y))
    }
    return b.log(b.div(p, addLiteral(b.neg(p), 1)))
  })
}
