/**
 * Element-wise arithmetic, comparison and logic with broadcasting and dtype promotion. Arguments are nodes or
 * JavaScript numbers; at least one is a node where the result should have a shape.
 */
import { type DType, isFloat, isInteger } from '../core/dtype.js'
import { DTypeError, ValueError } from '../core/errors.js'
import { broadcastShapes } from '../core/shape.js'
import * as b from '../ir/build.js'
import type { Node } from '../ir/node.js'
import { fullPrecision } from './autocast.js'
import { integerPowers, wholePower } from './integer-power.js'
import {
  floatType,
  isNode,
  lift,
  like,
  mulLiteral,
  type Operand,
  pair,
  resultType,
  shapeOf,
  stretch,
  toFloat,
} from './operand.js'

// ---------------------------------------------------------------- arithmetic

/** x + y. On two bools: or. */
export function add(x: Operand, y: Operand): Node {
  const [p, q] = pair('add', x, y)
  return p.dtype === 'bool' ? b.or(p, q) : b.add(p, q)
}

/** x − y. */
export function sub(x: Operand, y: Operand): Node {
  const [p, q] = pair('sub', x, y)
  if (p.dtype === 'bool') {
    throw new DTypeError(
      "sub: expected numbers, got bool and bool. Use logicalXor, or cast one with .to('i32').",
    )
  }
  return b.sub(p, q)
}

/** x · y. On two bools: and. */
export function mul(x: Operand, y: Operand): Node {
  const [p, q] = pair('mul', x, y)
  return p.dtype === 'bool' ? b.and(p, q) : b.mul(p, q)
}

export type RoundingMode = 'trunc' | 'floor'

/**
 * x / y. Without a rounding mode the result is a float (integers become f32). With `roundingMode` integers stay
 * integers: 'trunc' rounds toward zero (C's division), 'floor' down (Python's //).
 */
export function div(x: Operand, y: Operand, { roundingMode }: { roundingMode?: RoundingMode } = {}): Node {
  if (roundingMode === undefined) {
    const [p, q] = pair('div', x, y, floatType(resultType(x, y)))
    return b.div(p, q)
  }
  const [p, q] = pair('div', x, y, numericType(resultType(x, y)))
  if (isFloat(p.dtype)) return roundingMode === 'trunc' ? b.trunc(b.div(p, q)) : floorQuotient(p, q)
  if (roundingMode === 'trunc' || p.dtype === 'u8') return b.div(p, q)
  // x − (x mod y) is an exact multiple of y, and mod has the divisor's sign.
  return b.div(b.sub(p, b.mod(p, q)), q)
}

/**
 * ⌊x/y⌋ of the exact quotient, as Python's //: 1 // 0.1 is 9, because 0.1 is a little more than a tenth, though 1/0.1
 * rounds to 10. The multiple of y below x is divided, and what rounding took from the quotient is given back.
 */
function floorQuotient(x: Node, y: Node): Node {
  const zero = like(x, 0)
  const rounded = b.div(x, y)
  const multiple = b.div(b.sub(x, b.mod(x, y)), y)
  const below = b.floor(multiple)
  const whole = b.where(b.lt(like(x, 0.5), b.sub(multiple, below)), b.add(below, like(x, 1)), below)
  // x/y keeps the sign of a zero quotient, and division by 0 its infinities.
  const odd = b.eq(y, zero)
  const small = b.and(b.eq(multiple, zero), b.logicalNot(b.lt(rounded, zero)))
  return b.where(odd, b.stopGradient(rounded), b.where(small, b.stopGradient(b.mul(rounded, zero)), whole))
}

/** x / y: another name of `div` without a rounding mode. */
export const trueDivide = (x: Operand, y: Operand): Node => div(x, y)
/** ⌊x / y⌋ (Python's //); integers stay integers, derivative 0. */
export const floorDivide = (x: Operand, y: Operand): Node => div(x, y, { roundingMode: 'floor' })

/** bool counts as i64 where a number is needed. */
const numericType = (dtype: DType): DType => (dtype === 'bool' ? 'i64' : dtype)

/** x mod y with the sign of y: x − y·⌊x/y⌋ (`torch.remainder`, Python's %). */
export function remainder(x: Operand, y: Operand): Node {
  const [p, q] = pair('remainder', x, y, numericType(resultType(x, y)))
  return b.mod(p, q)
}

/** x mod y with the sign of x: x − y·trunc(x/y) (`torch.fmod`, C's %). */
export function fmod(x: Operand, y: Operand): Node {
  const [p, q] = pair('fmod', x, y, numericType(resultType(x, y)))
  if (!isFloat(p.dtype)) return b.sub(p, b.mul(b.div(p, q), q))
  // |x| mod |y| is exact; the sign of x goes back on.
  const r = b.mod(b.abs(p), b.abs(q))
  return b.where(b.lt(p, like(p, 0)), b.neg(r), r)
}

/**
 * x to the power y. Exponents 0.5, 1, 2, 3, −0.5, −1 and −2 given as numbers become roots and products. Powers of
 * integers stay integers and wrap around; negative exponents in a tensor give 0 (but for bases ±1), a negative number
 * as exponent of an integer tensor is an error, as in PyTorch.
 */
export function pow(base: Operand, exponent: Operand): Node {
  const [x, y] = [fullPrecision(base), fullPrecision(exponent)]
  const dtype = numericType(resultType(x, y))
  if (isNode(x) && typeof y === 'number') {
    const base = b.cast(x, dtype)
    if (y === 1) return base
    if (isInteger(dtype)) {
      if (y < 0) {
        throw new ValueError(
          `pow: expected an exponent ≥ 0 for ${x.dtype}, got ${y}. Cast first with .to('f32').`,
        )
      }
      return y === 0 ? like(base, 1) : wholePower(base, y)
    }
    switch (y) {
      case 2:
        return b.mul(base, base)
      case 3:
        return b.mul(b.mul(base, base), base)
      case 0.5:
        return b.sqrt(base)
      case -0.5:
        return rsqrt(base)
      case -1:
        return reciprocal(base)
      case -2:
        return reciprocal(b.mul(base, base))
    }
  }
  if (isInteger(dtype)) {
    return integerPowers(...pair('pow', x, y, dtype))
  }
  const [p, q] = pair('pow', x, y, dtype)
  return b.pow(p, q)
}

/** The larger element; NaN wins; ties split the gradient. */
export function maximum(x: Operand, y: Operand): Node {
  const [p, q] = pair('maximum', x, y)
  return p.dtype === 'bool' ? b.or(p, q) : b.maximum(p, q)
}

/** The smaller element; NaN wins; ties split the gradient. */
export function minimum(x: Operand, y: Operand): Node {
  const [p, q] = pair('minimum', x, y)
  return p.dtype === 'bool' ? b.and(p, q) : b.minimum(p, q)
}

/** The angle of the point (y, x) in (−π, π]: atan(x/y) in the right quadrant, as `torch.atan2(input, other)`. */
export function atan2(x: Operand, y: Operand): Node {
  const [p, q] = pair('atan2', x, y, floatType(resultType(x, y)))
  return b.atan2(p, q)
}

/** start + weight·(end − start). */
export function lerp(start: Node, end: Node, weight: Operand): Node {
  const dtype = resultType(start, end)
  if (!isFloat(dtype))
    throw new DTypeError(`lerp: expected float elements, got ${dtype}. Cast first with .to('f32').`)
  const [s, e] = pair('lerp', start, end, dtype)
  // From the nearer end, so that weight 1 gives `end` exactly.
  if (typeof weight === 'number' && weight >= 0.5) return sub(e, mul(b.sub(e, s), 1 - weight))
  return add(s, mul(b.sub(e, s), isNode(weight) ? b.cast(weight, dtype) : weight))
}

/** Three arguments of one dtype and shape. */
function triple(operation: string, x: Node, y: Node, z: Node): [Node, Node, Node] {
  const dtype = resultType(x, y, z)
  const shape = broadcastShapes(broadcastShapes(x.shape, y.shape, operation), z.shape, operation)
  const shaped = (n: Node): Node => stretch(b.cast(n, dtype), shape)
  return [shaped(x), shaped(y), shaped(z)]
}

/** x + value·y·z. */
export function addcmul(x: Node, y: Node, z: Node, value: Operand = 1): Node {
  const [p, q, r] = triple('addcmul', x, y, z)
  const product = b.mul(number('addcmul', q), r)
  return b.add(p, value === 1 ? product : mul(product, value))
}

/** x + value·y/z, for floats. */
export function addcdiv(x: Node, y: Node, z: Node, value: Operand = 1): Node {
  const [p, q, r] = triple('addcdiv', x, y, z)
  if (!isFloat(p.dtype)) {
    throw new DTypeError(`addcdiv: expected float elements, got ${p.dtype}. Cast first with .to('f32').`)
  }
  return b.add(p, b.div(value === 1 ? q : mul(q, value), r))
}

// ---------------------------------------------------------------- functions of one argument

const number = (operation: string, x: Node): Node => {
  if (x.dtype === 'bool')
    throw new DTypeError(`${operation}: expected numbers, got bool. Cast first with .to('i32').`)
  return x
}

export const neg = (x: Node): Node => b.neg(number('neg', x))
/** |x|; derivative 0 at 0. */
export const abs = (x: Node): Node => (x.dtype === 'u8' || x.dtype === 'bool' ? x : b.abs(x))
/** −1, 0 or 1; derivative 0. */
export const sign = (x: Node): Node => (x.dtype === 'bool' ? x : b.sign(x))
export const exp = (x: Node): Node => b.exp(toFloat(fullPrecision(x)))
export const log = (x: Node): Node => b.log(toFloat(fullPrecision(x)))
/** log(1 + x), accurate near 0. */
export const log1p = (x: Node): Node => b.log1p(toFloat(fullPrecision(x)))
/** exp(x) − 1, accurate near 0. */
export const expm1 = (x: Node): Node => b.expm1(toFloat(fullPrecision(x)))
export const sqrt = (x: Node): Node => b.sqrt(toFloat(x))
/** 1/√x. */
export const rsqrt = (x: Node): Node => reciprocal(b.sqrt(toFloat(fullPrecision(x))))
/** 1/x. */
export function reciprocal(input: Node): Node {
  const x = fullPrecision(input)
  const y = toFloat(x)
  return b.div(like(y, 1), y)
}
/** x²; keeps integers. */
export function square(x: Node): Node {
  const y = b.cast(x, numericType(x.dtype))
  return b.mul(y, y)
}
export const sin = (x: Node): Node => b.sin(toFloat(x))
export const cos = (x: Node): Node => b.cos(toFloat(x))
export const tan = (x: Node): Node => b.tan(toFloat(fullPrecision(x)))
export const atan = (x: Node): Node => b.atan(toFloat(x))
export const tanh = (x: Node): Node => b.tanh(toFloat(x))
/** The error function 2/√π ∫₀ˣ exp(−t²) dt. */
export const erf = (x: Node): Node => b.erf(toFloat(x))

/** x − trunc(x), with the sign of x; integers give 0. */
export const frac = (x: Node): Node => b.sub(number('frac', x), trunc(x))

/** Rounding leaves integers as they are and has derivative 0. */
const rounding =
  (operation: string, primitive: (x: Node) => Node) =>
  (x: Node): Node =>
    isFloat(number(operation, x).dtype) ? primitive(x) : x

export const floor = rounding('floor', b.floor)
export const ceil = rounding('ceil', b.ceil)
const roundToWhole = rounding('round', b.round)

/**
 * To the nearest number of `decimals` digits after the point, halves to even; negative `decimals` round before the
 * point: round(1234, −2) = 1200. Integers stay as they are.
 */
export function round(x: Node, decimals = 0): Node {
  if (!Number.isInteger(decimals)) {
    throw new ValueError(`round: expected a whole number of decimals, got ${decimals}.`)
  }
  if (decimals === 0 || !isFloat(x.dtype)) return roundToWhole(x)
  const power = 10 ** Math.abs(decimals)
  return decimals > 0
    ? b.div(b.round(mulLiteral(x, power)), like(x, power))
    : mulLiteral(b.round(b.div(x, like(x, power))), power)
}
export const trunc = rounding('trunc', b.trunc)

/**
 * x limited to [min, max]; either may be missing. NaN stays. Where min > max the result is max. The gradient is 1 from
 * min to max inclusive and 0 outside, as in PyTorch.
 */
export function clamp(x: Node, min?: Operand | null, max?: Operand | null): Node {
  const bounds = [min, max].filter((v): v is Operand => v !== undefined && v !== null)
  if (bounds.length === 0) throw new ValueError('clamp: expected min, max or both, got neither.')
  const dtype = resultType(x, ...bounds)
  let y = b.cast(x, dtype)
  if (min !== undefined && min !== null) {
    const [v, low] = pair('clamp', y, min, dtype)
    y = b.where(b.lt(v, low), low, v)
  }
  if (max !== undefined && max !== null) {
    const [v, high] = pair('clamp', y, max, dtype)
    y = b.where(b.lt(high, v), high, v)
  }
  return y
}

/** x, but at least min. */
export const clampMin = (x: Node, min: Operand): Node => clamp(x, min)
/** x, but at most max. */
export const clampMax = (x: Node, max: Operand): Node => clamp(x, null, max)

/** x in another dtype. Floats to integers truncate; to bool means ≠ 0. The gradient flows between float dtypes. */
export const to = (x: Node, dtype: DType): Node => b.cast(x, dtype)

// ---------------------------------------------------------------- comparison and logic (result bool, no gradient)

export const eq = (x: Operand, y: Operand): Node => b.eq(...pair('eq', x, y))
export const ne = (x: Operand, y: Operand): Node => b.logicalNot(b.eq(...pair('ne', x, y)))
export const lt = (x: Operand, y: Operand): Node => b.lt(...pair('lt', x, y))
export const le = (x: Operand, y: Operand): Node => b.le(...pair('le', x, y))
export function gt(x: Operand, y: Operand): Node {
  const [p, q] = pair('gt', x, y)
  return b.lt(q, p)
}
export function ge(x: Operand, y: Operand): Node {
  const [p, q] = pair('ge', x, y)
  return b.le(q, p)
}

/** Any number counts as true unless it is 0. */
const truth = (operation: string, x: Operand, y: Operand): [Node, Node] => {
  const bool = (v: Operand): Operand => (isNode(v) ? b.cast(v, 'bool') : Boolean(v))
  return pair(operation, bool(x), bool(y), 'bool')
}

export const logicalAnd = (x: Operand, y: Operand): Node => b.and(...truth('logicalAnd', x, y))
export const logicalOr = (x: Operand, y: Operand): Node => b.or(...truth('logicalOr', x, y))
export const logicalXor = (x: Operand, y: Operand): Node => b.xor(...truth('logicalXor', x, y))
export const logicalNot = (x: Node): Node => b.logicalNot(b.cast(x, 'bool'))

export const bitwiseAnd = (x: Operand, y: Operand): Node => b.and(...pair('bitwiseAnd', x, y))
export const bitwiseOr = (x: Operand, y: Operand): Node => b.or(...pair('bitwiseOr', x, y))
export const bitwiseXor = (x: Operand, y: Operand): Node => b.xor(...pair('bitwiseXor', x, y))
/** Bits of a dtype that can be shifted. */
const widths: Partial<Record<DType, number>> = { i32: 32, i64: 64, u8: 8 }

function shifted(operation: string, x: Operand, y: Operand): { x: Node; y: Node; beyond: Node } {
  const [p, q] = pair(operation, x, y)
  const width = widths[p.dtype]
  if (width === undefined) throw new DTypeError(`${operation}: expected integers, got ${p.dtype}.`)
  const beyond = b.le(like(q, width), q)
  return { x: p, y: q, beyond: p.dtype === 'u8' ? beyond : b.or(beyond, b.lt(q, like(q, 0))) }
}

/** x · 2ʸ: the bits move up, zeros come in; 0 where y is negative or at least the number of bits. */
export function bitwiseLeftShift(x: Operand, y: Operand): Node {
  const { x: p, y: q, beyond } = shifted('bitwiseLeftShift', x, y)
  return b.where(beyond, like(p, 0), b.shiftLeft(p, b.where(beyond, like(q, 0), q)))
}

/** ⌊x / 2ʸ⌋: the bits move down, copies of the sign come in; only the sign is left where y is out of range. */
export function bitwiseRightShift(x: Operand, y: Operand): Node {
  const { x: p, y: q, beyond } = shifted('bitwiseRightShift', x, y)
  if (p.dtype === 'u8') return b.where(beyond, like(p, 0), b.shiftRight(p, b.where(beyond, like(q, 0), q)))
  // The primitive brings in zeros: a negative number is shifted as its complement.
  const negative = b.lt(p, like(p, 0))
  const sign = b.where(negative, like(p, -1), like(p, 0))
  const bits = b.shiftRight(b.xor(p, sign), b.where(beyond, like(q, 0), q))
  return b.where(beyond, sign, b.xor(bits, sign))
}

export const bitwiseNot = (x: Node): Node => (x.dtype === 'bool' ? b.logicalNot(x) : b.bitNot(x))

export const isnan = (x: Node): Node => b.logicalNot(b.eq(x, x))
export function isinf(x: Node): Node {
  return isFloat(x.dtype) ? b.eq(b.abs(x), like(x, Number.POSITIVE_INFINITY)) : b.full(x.shape, 0, 'bool')
}
export function isfinite(x: Node): Node {
  return isFloat(x.dtype) ? b.lt(b.abs(x), like(x, Number.POSITIVE_INFINITY)) : b.full(x.shape, 1, 'bool')
}

/** x where the condition holds, y elsewhere; all three broadcast. Only the chosen side gets the gradient. */
export function where(condition: Node, x: Operand, y: Operand): Node {
  if (condition.dtype !== 'bool') {
    throw new DTypeError(
      `where: expected a bool condition, got ${condition.dtype}. Compare first, for example with .ne(0).`,
    )
  }
  const dtype = resultType(x, y)
  const shape = broadcastShapes(condition.shape, broadcastShapes(shapeOf(x), shapeOf(y), 'where'), 'where')
  return b.where(stretch(condition, shape), stretch(lift(x, dtype), shape), stretch(lift(y, dtype), shape))
}
