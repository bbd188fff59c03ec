/**
 * Element-wise arithmetic, comparison and logic with broadcasting and dtype promotion. Arguments are nodes or
 * JavaScript numbers; at least one is a node where the result should have a shape.
 */
import { type DType, isFloat, isInteger } from '../core/dtype.js'
import { DTypeError, ValueError } from '../core/errors.js'
import { broadcastShapes } from '../core/shape.js'
import * as b from '../ir/build.js'
import type { Node } from '../ir/node.js'
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
  if (isFloat(p.dtype)) return roundingMode === 'trunc' ? b.trunc(b.div(p, q)) : b.floor(b.div(p, q))
  if (roundingMode === 'trunc' || p.dtype === 'u8') return b.div(p, q)
  // x − (x mod y) is an exact multiple of y, and mod has the divisor's sign.
  return b.div(b.sub(p, b.mod(p, q)), q)
}

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

/** x·x·…: n ≥ 1 factors by repeated squaring. */
function integerPower(x: Node, n: number): Node {
  let result: Node | null = null
  let square = x
  for (let k = n; ; k = Math.floor(k / 2)) {
    if (k % 2 === 1) result = result === null ? square : b.mul(result, square)
    if (k <= 1) return result!
    square = b.mul(square, square)
  }
}

/**
 * x to the power y. Exponents 0.5, 1, 2, 3, −0.5, −1 and −2 given as numbers become roots and products. Integers to a
 * non-negative integer stay integers (tensor exponents are exact up to 2⁵³); a negative number as exponent of an
 * integer tensor is an error, as in PyTorch.
 */
export function pow(x: Operand, y: Operand): Node {
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
      return y === 0 ? like(base, 1) : integerPower(base, y)
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
    const [p, q] = pair('pow', x, y, 'f64')
    return b.cast(b.round(b.pow(p, q)), dtype)
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
export const exp = (x: Node): Node => b.exp(toFloat(x))
export const log = (x: Node): Node => b.log(toFloat(x))
/** log(1 + x), accurate near 0. */
export const log1p = (x: Node): Node => b.log1p(toFloat(x))
/** exp(x) − 1, accurate near 0. */
export const expm1 = (x: Node): Node => b.expm1(toFloat(x))
/** 2 to the power x. */
export const exp2 = (x: Node): Node => b.exp(mulLiteral(toFloat(x), Math.LN2))
export const log2 = (x: Node): Node => mulLiteral(b.log(toFloat(x)), Math.LOG2E)
export const log10 = (x: Node): Node => mulLiteral(b.log(toFloat(x)), Math.LOG10E)
export const sqrt = (x: Node): Node => b.sqrt(toFloat(x))
/** 1/√x. */
export const rsqrt = (x: Node): Node => reciprocal(b.sqrt(toFloat(x)))
/** 1/x. */
export function reciprocal(x: Node): Node {
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
export const tan = (x: Node): Node => b.tan(toFloat(x))
export const atan = (x: Node): Node => b.atan(toFloat(x))
export const tanh = (x: Node): Node => b.tanh(toFloat(x))
/** (exp(x) − exp(−x))/2, through expm1 so that it is accurate near 0. */
export function sinh(x: Node): Node {
  const y = toFloat(x)
  return mulLiteral(b.sub(b.expm1(y), b.expm1(b.neg(y))), 0.5)
}
/** (exp(x) + exp(−x))/2. */
export function cosh(x: Node): Node {
  const y = toFloat(x)
  return mulLiteral(b.add(b.exp(y), b.exp(b.neg(y))), 0.5)
}
/** The error function 2/√π ∫₀ˣ exp(−t²) dt. */
export const erf = (x: Node): Node => b.erf(toFloat(x))

/** Rounding leaves integers as they are and has derivative 0. */
const rounding =
  (operation: string, primitive: (x: Node) => Node) =>
  (x: Node): Node =>
    isFloat(number(operation, x).dtype) ? primitive(x) : x

export const floor = rounding('floor', b.floor)
export const ceil = rounding('ceil', b.ceil)
/** To the nearest integer, halves to even. */
export const round = rounding('round', b.round)
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
export const bitwiseNot = (x: Node): Node => (x.dtype === 'bool' ? b.logicalNot(x) : b.bitNot(x))

export const isNaN = (x: Node): Node => b.logicalNot(b.eq(x, x))
export function isInf(x: Node): Node {
  return isFloat(x.dtype) ? b.eq(b.abs(x), like(x, Number.POSITIVE_INFINITY)) : b.full(x.shape, 0, 'bool')
}
export function isFinite(x: Node): Node {
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
