/**
 * Scalar primitives of the graph as loop-IR expressions. What the loop IR has is used directly; f32 transcendental
 * functions are built from f32 arithmetic, so that they give the same bits on every lane count, and on every target that
 * rounds a·b + c as often; f64 ones call the host, one lane at a time.
 */
import type { DType } from '../core/dtype.js'
import { InternalError } from '../core/errors.js'
import type { BinaryPrimitive, UnaryPrimitive } from '../ir/scalar-primitives.js'
import {
  type BinaryOp,
  type ComputeType,
  computeTypeOf,
  type Expr,
  type ExprBuilder,
  type UnaryOp,
} from './loop-ir.js'
import { roundTo } from './lower/round.js'
import { Arithmetic, perLane } from './math/arithmetic.js'
import { erfF32, expF32, expm1F32, log1pF32, logF32, sigmoidOf, tanhF32 } from './math/exponential.js'
import { powF32 } from './math/power.js'
import { atan2F32, atanF32, cosF32, sinF32, tanF32 } from './math/trigonometric.js'

export { expandRandomBits } from './math/random-bits.js'

const isFloating = (type: ComputeType): boolean => type === 'f32' || type === 'f64'

type Transcendental = 'exp' | 'log' | 'expm1' | 'log1p' | 'sin' | 'cos' | 'tan' | 'atan' | 'tanh' | 'erf'

const transcendental: Record<Transcendental, readonly [(e: ExprBuilder, x: Expr) => Expr, UnaryOp]> = {
  exp: [expF32, 'hostExp'],
  log: [logF32, 'hostLog'],
  expm1: [expm1F32, 'hostExpm1'],
  log1p: [log1pF32, 'hostLog1p'],
  sin: [sinF32, 'hostSin'],
  cos: [cosF32, 'hostCos'],
  tan: [tanF32, 'hostTan'],
  atan: [atanF32, 'hostAtan'],
  tanh: [tanhF32, 'hostTanh'],
  erf: [erfF32, 'hostErf'],
}

/**
 * A unary primitive applied to `x`. The result has x's type and lanes. For dtypes narrower than their compute type
 * (f16, bf16, u8) apply `roundTo` to the result.
 */
export function expandUnary(e: ExprBuilder, op: UnaryPrimitive, x: Expr): Expr {
  const a = new Arithmetic(e, x.lanes)
  const float = isFloating(x.type)
  switch (op) {
    case 'neg':
      return float ? a.neg(x) : a.sub(a.value(0, x.type), x)
    case 'abs': {
      if (float) return a.abs(x)
      const zero = a.value(0, x.type)
      return a.select(a.lt(x, zero), a.sub(zero, x), x)
    }
    case 'sign': {
      const zero = a.value(0, x.type)
      // What is neither above nor below, NaN among it, has sign 0, as PyTorch.
      return a.select(a.lt(zero, x), a.value(1, x.type), a.select(a.lt(x, zero), a.value(-1, x.type), zero))
    }
    case 'sqrt':
      return a.unary('sqrt', x)
    case 'floor':
    case 'ceil':
    case 'trunc':
      return float ? a.unary(op, x) : x
    case 'round':
      return float ? a.unary('nearest', x) : x
    case 'logicalNot':
    case 'bitNot':
      return a.not(x)
    case 'sigmoid':
      return sigmoidOf(e, x, (y) => expandUnary(e, 'exp', y))
    default: {
      const [narrow, host] = transcendental[op]
      if (x.type === 'f32') return narrow(e, x)
      if (x.type === 'f64') return perLane(e, [x], ([s]) => e.unary(host, s))
      throw new InternalError(`Expansion of ${op}: expected f32 or f64, got ${x.type}.`)
    }
  }
}

const direct: Partial<Record<BinaryPrimitive, BinaryOp>> = {
  add: 'add',
  sub: 'sub',
  mul: 'mul',
  and: 'and',
  or: 'or',
  xor: 'xor',
}

/**
 * A binary primitive applied to `x` and `y` (equal types and lanes). Comparisons give bool. For dtypes narrower than
 * their compute type (f16, bf16, u8) apply `roundTo` to the result.
 */
export function expandBinary(e: ExprBuilder, op: BinaryPrimitive, x: Expr, y: Expr): Expr {
  const a = new Arithmetic(e, x.lanes)
  const plain = direct[op]
  if (plain !== undefined) return a.binary(plain, x, y)
  const float = isFloating(x.type)
  switch (op) {
    case 'div':
      return float ? a.div(x, y) : perLane(e, [x, y], ([s, t]) => e.binary('div', s, t))
    case 'mod':
      return float ? flooredModFloat(e, x, y) : perLane(e, [x, y], ([s, t]) => flooredModInteger(e, s, t))
    case 'maximum':
      return float ? propagateNaN(a, y, a.binary('max', x, y)) : a.binary('max', x, y)
    case 'minimum': // min(y, x) is x when unordered
      return float ? propagateNaN(a, y, a.binary('min', y, x)) : a.binary('min', x, y)
    case 'pow':
      return power(e, x, y)
    case 'atan2':
      return x.type === 'f32'
        ? atan2F32(e, x, y)
        : perLane(e, [x, y], ([s, t]) => e.binary('hostAtan2', s, t))
    case 'eq':
      return x.type === 'bool' ? a.not(a.xor(x, y)) : a.eq(x, y)
    case 'lt':
      return x.type === 'bool' ? a.and(a.not(x), y) : a.lt(x, y)
    case 'le':
      return x.type === 'bool' ? a.or(a.not(x), y) : a.le(x, y)
    case 'shiftLeft':
      return shift(e, 'shl', x, y)
    case 'shiftRight':
      return shift(e, 'shrU', x, y)
    default:
      throw new InternalError(`Expansion of ${op}: not a binary primitive.`)
  }
}

/** `extreme` handles a NaN on its left; this adds one on its right. */
const propagateNaN = (a: Arithmetic, right: Expr, extreme: Expr): Expr =>
  a.select(a.ne(right, right), right, extreme)

/** Vectors shift by one count; others go lane by lane. */
const shift = (e: ExprBuilder, op: 'shl' | 'shrU', x: Expr, y: Expr): Expr =>
  x.lanes === 1 || y.kind === 'splat'
    ? e.binary(op, x, y)
    : perLane(e, [x, y], ([s, t]) => e.binary(op, s, t))

/** The truncating remainder, moved to the sign of the divisor. */
function flooredModInteger(e: ExprBuilder, x: Expr, y: Expr): Expr {
  const a = new Arithmetic(e, 1)
  const zero = a.value(0, x.type)
  const r = a.binary('rem', x, y)
  const opposite = a.and(a.ne(r, zero), a.lt(a.xor(r, y), zero))
  return a.select(opposite, a.add(r, y), r)
}

/** fmod is exact, also through f64 for f32; then moved to the sign of the divisor, as PyTorch's `remainder`. */
function flooredModFloat(e: ExprBuilder, x: Expr, y: Expr): Expr {
  const a = new Arithmetic(e, x.lanes)
  const r = perLane(e, [x, y], ([s, t]) =>
    e.convert(e.binary('hostMod', e.convert(s, 'f64'), e.convert(t, 'f64')), x.type),
  )
  const zero = a.value(0, x.type)
  const opposite = a.and(a.ne(r, zero), a.xor(a.lt(r, zero), a.lt(y, zero)))
  return a.select(opposite, a.add(r, y), r)
}

/** x^y as IEEE 754's pow: 1^y = 1 and x^0 = 1 also for NaN, (−1)^±∞ = 1. */
function power(e: ExprBuilder, x: Expr, y: Expr): Expr {
  if (x.type === 'f32') return powF32(e, x, y)
  const a = new Arithmetic(e, x.lanes)
  const one = a.value(1, x.type)
  const r = perLane(e, [x, y], ([s, t]) => e.binary('hostPow', s, t))
  // Hosts differ from IEEE here: JavaScript's 1^NaN and (±1)^∞ are NaN.
  const unit = a.and(a.eq(a.abs(x), one), a.eq(a.abs(y), a.value(Infinity, x.type)))
  return a.select(a.or(a.or(a.eq(x, one), a.eq(y, a.value(0, y.type))), unit), one, r)
}

/** condition ? then : otherwise, lane by lane. */
export const expandWhere = (e: ExprBuilder, condition: Expr, then: Expr, otherwise: Expr): Expr =>
  e.select(condition, then, otherwise)

/** A value of dtype `from` as one of dtype `to`: truncates toward 0, wraps u8, rounds f16 and bf16, bool is ≠ 0. */
export function expandCast(e: ExprBuilder, x: Expr, from: DType, to: DType): Expr {
  if (from === to) return x
  return roundTo(e, to, e.convert(x, computeTypeOf(to)), from)
}
