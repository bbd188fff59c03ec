/** Arithmetic, comparison, logic and casts: operators that work on each element and broadcast. */
import { byteSize, isFloat } from '../../core/dtype.js'
import * as b from '../../ir/build.js'
import type { Node } from '../../ir/node.js'
import * as ops from '../../ops/elementwise.js'
import { broadcastTogether, like } from '../../ops/operand.js'
import * as trigonometry from '../../ops/trigonometry.js'
import type { Context, Rule, Rules } from '../context.js'
import {
  dtypeOf,
  type ElementType,
  elementTypeOf,
  elementTypes,
  isFloatType,
  rangeOf,
  wrap,
} from '../element-type.js'
import { type OnnxTensor, tensorValue } from '../value.js'

/** The second operand, shaped for the explicit broadcasting of operator sets before 7. */
function operands(c: Context): [Node, Node] {
  const [x, y] = [c.x(0), c.x(1)]
  if (c.version < 7 && c.int('broadcast', 0) === 1 && c.hasAttribute('axis')) {
    const axis = c.axis(c.int('axis'), x.shape.length)
    const shape = x.shape.map((_, i) => y.shape[i - axis] ?? 1)
    return broadcastTogether(c.op, x, b.reshape(y, shape)) as [Node, Node]
  }
  return broadcastTogether(c.op, x, y) as [Node, Node]
}

const binary =
  (fn: (x: Node, y: Node, type: ElementType) => Node): Rule =>
  (c) =>
    c.keep(fn(...operands(c), c.type(0)))

/** The order of unsigned 64-bit numbers is that of signed ones with the top bit flipped. */
const flipTop = (x: Node): Node => b.xor(x, b.literal(x, -(2 ** 63)))

const ordered =
  (fn: (x: Node, y: Node) => Node) =>
  (x: Node, y: Node, type: ElementType): Node =>
    type === 'uint64' ? fn(flipTop(x), flipTop(y)) : fn(x, y)

const comparison =
  (fn: (x: Node, y: Node) => Node): Rule =>
  (c) =>
    ordered(fn)(...operands(c), c.type(0))

const logical =
  (fn: (x: Node, y: Node) => Node): Rule =>
  (c) =>
    fn(...operands(c))

const extremum = (fn: (x: Node, y: Node) => Node) => ordered((x, y) => fn(x, y))

const unsignedExtremum =
  (fn: (x: Node, y: Node) => Node) =>
  (x: Node, y: Node, type: ElementType): Node =>
    type === 'uint64' ? flipTop(extremum(fn)(x, y, type)) : fn(x, y)

/** Folds any number of inputs. */
const variadic =
  (
    fn: (x: Node, y: Node, type: ElementType) => Node,
    finish: (x: Node, count: number) => Node = (x) => x,
  ): Rule =>
  (c) => {
    let total = c.x(0)
    for (let i = 1; i < c.count; i++) {
      const [x, y] = broadcastTogether(c.op, total, c.x(i))
      total = fn(x, y, c.type(0))
    }
    return c.keep(finish(total, c.count))
  }

/** Remainder by rounding down, or with the sign of the dividend where `fmod` is 1. */
const modulo: Rule = (c) => {
  const [x, y] = operands(c)
  return c.keep(c.int('fmod', 0) === 1 ? ops.fmod(x, y) : b.mod(x, y))
}

/** The result has the type of the base. Integers go through f64, which is exact up to 2^53. */
const pow: Rule = (c) => {
  const [base, exponent] = broadcastTogether(c.op, c.x(0), c.x(1))
  if (isFloat(base.dtype)) {
    if (!isFloat(exponent.dtype) && exponent.storage !== null && c.x(1).shape.length === 0) {
      return c.like(ops.pow(base, c.number(1)))
    }
    return c.like(b.pow(base, b.cast(exponent, base.dtype)))
  }
  const power = b.pow(b.cast(base, 'f64'), b.cast(exponent, 'f64'))
  return c.keep(b.cast(isFloat(exponent.dtype) ? b.trunc(power) : b.round(power), base.dtype))
}

/**
 * Shifts by 0 to all bits of the type. Other counts leave what the sign bit alone gives: −1 for a negative number that
 * is shifted right, else 0. Right shifts of signed numbers copy the sign: ⌊x / 2ⁿ⌋.
 */
const bitShift: Rule = (c) => {
  const [x, y] = operands(c)
  const type = c.type(0)
  const { narrow, dtype } = elementTypes[type]
  const bits = narrow?.bits ?? byteSize(dtype) * 8
  const signed = narrow?.signed ?? (type === 'int32' || type === 'int64')
  const inside = b.and(b.lt(y, like(y, bits)), signed ? b.le(like(y, 0), y) : b.literal(y, 1, 'bool'))
  const count = b.where(inside, y, like(y, 0))
  if (c.string('direction') === 'LEFT') return c.keep(b.where(inside, b.shiftLeft(x, count), like(x, 0)))
  if (!signed) return c.keep(b.where(inside, b.shiftRight(x, count), like(x, 0)))
  // The complement of a negative number is none, and is shifted like one.
  const negative = b.lt(x, like(x, 0))
  const shifted = b.shiftRight(b.where(negative, b.bitNot(x), x), count)
  const kept = b.where(inside, shifted, like(x, 0))
  return c.keep(b.where(negative, b.bitNot(kept), kept))
}

const clip: Rule = (c) => {
  let x = c.x(0)
  const limit = (i: number, name: string): Node | null => {
    if (c.version >= 11) return c.maybe(i)
    return c.hasAttribute(name) ? b.constant(c.float(name), x.dtype) : null
  }
  const [low, high] = [limit(1, 'min'), limit(2, 'max')]
  if (low !== null) x = ops.maximum(x, b.cast(low, x.dtype))
  if (high !== null) x = ops.minimum(x, b.cast(high, x.dtype))
  return c.like(x)
}

/** A tensor converted to another type: floats to integers cut toward zero and wrap. */
export function castTo({ node, type }: OnnxTensor, to: ElementType): OnnxTensor {
  if (type === to) return { kind: 'tensor', node, type }
  const dtype = dtypeOf(to)
  if (to === 'bool') return tensorValue(b.cast(node, 'bool'), to)
  if (type === 'uint64' && isFloatType(to)) {
    const wide = b.cast(node, 'f64')
    const value = b.where(b.lt(node, like(node, 0)), b.add(wide, like(wide, 2 ** 64)), wide)
    return tensorValue(b.cast(value, dtype), to)
  }
  // A narrow type is met through a wider integer, from which its bits are taken.
  const narrow = to !== 'int32' && to !== 'int64' && to !== 'uint64' && !isFloatType(to)
  if (narrow && isFloatType(type)) return tensorValue(wrap(b.cast(b.cast(node, 'i64'), dtype), to), to)
  return tensorValue(wrap(b.cast(node, dtype), to), to)
}

const cast: Rule = (c) => castTo(c.tensor(0), elementTypeOf(c.int('to'), 'Cast'))

const isInf: Rule = (c) => {
  const x = c.x(0)
  const up = b.eq(x, like(x, Number.POSITIVE_INFINITY))
  const down = b.eq(x, like(x, Number.NEGATIVE_INFINITY))
  const [positive, negative] = [c.int('detect_positive', 1) !== 0, c.int('detect_negative', 1) !== 0]
  if (positive && negative) return b.or(up, down)
  if (positive) return up
  return negative ? down : b.literal(x, 0, 'bool')
}

const float =
  (fn: (x: Node) => Node): Rule =>
  (c) =>
    c.like(fn(c.x(0)))

const one = (x: Node): Node => like(x, 1)

const where: Rule = (c) => {
  const [condition, x, y] = broadcastTogether(c.op, c.x(0), c.x(1), c.x(2))
  return c.like(b.where(condition, x, y), 1)
}

export const elementwise: Rules = {
  Add: binary(b.add),
  Sub: binary(b.sub),
  Mul: binary(b.mul),
  Div: binary(b.div),
  Mod: modulo,
  Pow: pow,
  Max: variadic(unsignedExtremum(ops.maximum)),
  Min: variadic(unsignedExtremum(ops.minimum)),
  Sum: variadic(b.add),
  Mean: variadic(b.add, (x, count) => b.div(x, like(x, count))),
  BitShift: bitShift,
  BitwiseAnd: binary(b.and),
  BitwiseOr: binary(b.or),
  BitwiseXor: binary(b.xor),
  BitwiseNot: (c) => c.keep(b.bitNot(c.x(0))),
  And: logical(b.and),
  Or: logical(b.or),
  Xor: logical(b.xor),
  Not: (c) => b.logicalNot(c.x(0)),
  Equal: logical(b.eq),
  Less: comparison(b.lt),
  LessOrEqual: comparison(b.le),
  Greater: comparison((x, y) => b.lt(y, x)),
  GreaterOrEqual: comparison((x, y) => b.le(y, x)),
  Where: where,
  Clip: clip,
  Cast: cast,
  CastLike: (c) => castTo(c.tensor(0), c.type(1)),
  IsInf: isInf,
  IsNaN: (c) => ops.isnan(c.x(0)),
  Abs: (c) => c.keep(rangeOf(c.type(0))[0] === 0 ? c.x(0) : b.abs(c.x(0))),
  Neg: (c) => c.keep(b.neg(c.x(0))),
  Sign: (c) =>
    c.type(0) === 'uint64' ? c.like(b.cast(b.cast(c.x(0), 'bool'), 'i64')) : c.like(b.sign(c.x(0))),
  Floor: float(b.floor),
  Ceil: float(b.ceil),
  Round: float(b.round),
  Sqrt: float(b.sqrt),
  Reciprocal: float((x) => b.div(one(x), x)),
  Exp: float(b.exp),
  Log: float(b.log),
  Sin: float(b.sin),
  Cos: float(b.cos),
  Tan: float(b.tan),
  Asin: float(trigonometry.asin),
  Acos: float(trigonometry.acos),
  Atan: float(b.atan),
  Sinh: float(trigonometry.sinh),
  Cosh: float(trigonometry.cosh),
  Tanh: float(b.tanh),
  Asinh: float(trigonometry.asinh),
  Acosh: float(trigonometry.acosh),
  Atanh: float(trigonometry.atanh),
  Erf: float(b.erf),
}
