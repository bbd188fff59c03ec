/**
 * What kind of number each element is, its sign, and whether tensors agree. Results are bool and have no gradient,
 * but for `copysign`, `nanToNum` and `heaviside`, which keep the element's dtype.
 */
import { type DType, isFloat } from '../core/dtype.js'
import { sameShape } from '../core/shape.js'
import * as b from '../ir/build.js'
import type { Node } from '../ir/node.js'
import { sign, where } from './elementwise.js'
import { floatType, lift, like, type Operand, pair, resultType, toFloat } from './operand.js'

const same = (x: Node, value: number): Node =>
  isFloat(x.dtype) ? b.eq(x, like(x, value)) : b.full(x.shape, 0, 'bool')

/** True where x is +∞. */
export const isposinf = (x: Node): Node => same(x, Number.POSITIVE_INFINITY)
/** True where x is −∞. */
export const isneginf = (x: Node): Node => same(x, Number.NEGATIVE_INFINITY)

/** True where the sign bit is set: negative numbers, −0 and negative NaN. */
export function signbit(x: Node): Node {
  if (x.dtype === 'bool' || x.dtype === 'u8') return b.full(x.shape, 0, 'bool')
  if (!isFloat(x.dtype)) return b.lt(x, like(x, 0))
  const bits = x.dtype === 'f64' ? b.bitcast(x, 'i64') : b.bitcast(b.cast(x, 'f32'), 'i32')
  return b.lt(bits, like(bits, 0))
}

/** −1, 0 or 1: `sign`, as PyTorch names it for numbers that may be complex. */
export const sgn = (x: Node): Node => sign(x)

/** |x| with the sign bit of y. Integers become f32. The gradient goes to x, and is 0 at x = 0. */
export function copysign(x: Operand, y: Operand): Node {
  const [p, q] = pair('copysign', x, y, floatType(resultType(x, y)))
  return b.mul(b.abs(p), b.where(signbit(q), like(p, -1), like(p, 1)))
}

/** 0 below 0, `values` at 0, 1 above; NaN gives 0. */
export function heaviside(x: Operand, values: Operand): Node {
  const [p, q] = pair('heaviside', x, values)
  const zero = like(p, 0)
  const above = b.lt(zero, p)
  return b.where(b.eq(p, zero), q, b.where(above, like(p, 1), zero))
}

/** The largest finite number of each float dtype. */
const largest: Partial<Record<DType, number>> = {
  f64: Number.MAX_VALUE,
  f32: 2 ** 127 * (2 - 2 ** -23),
  f16: 65504,
  bf16: 2 ** 127 * (2 - 2 ** -7),
}

/**
 * NaN, +∞ and −∞ replaced by numbers: by default 0, the dtype's largest and its lowest. Gradient 0 where replaced.
 * Integers and bool are returned as they are.
 */
export function nanToNum(
  x: Node,
  nan: Operand = 0,
  posinf: Operand | null = null,
  neginf: Operand | null = null,
): Node {
  if (!isFloat(x.dtype)) return x
  const limit = largest[x.dtype]!
  const by = (value: Operand): Node => lift(value, x.dtype)
  const high = posinf === null ? like(x, limit) : by(posinf)
  const low = neginf === null ? like(x, -limit) : by(neginf)
  const finite = where(isposinf(x), high, where(isneginf(x), low, x))
  return where(b.eq(x, x), finite, by(nan))
}

/** The elements of x where neither is NaN larger, else of the one that is a number (`maximum` lets NaN win). */
export const fmax = (x: Operand, y: Operand): Node => choose('fmax', x, y, (p, q) => b.le(q, p))
/** The smaller element, or the one that is a number. */
export const fmin = (x: Operand, y: Operand): Node => choose('fmin', x, y, (p, q) => b.le(p, q))

function choose(operation: string, x: Operand, y: Operand, first: (p: Node, q: Node) => Node): Node {
  const [p, q] = pair(operation, x, y)
  return b.where(b.or(first(p, q), b.logicalNot(b.eq(q, q))), p, q)
}

export interface CloseOptions {
  /** Allowed difference relative to |y|. Default 1e-5. */
  readonly rtol?: number
  /** Allowed absolute difference. Default 1e-8. */
  readonly atol?: number
  /** Whether NaN is close to NaN. Default false. */
  readonly equalNan?: boolean
}

/** True where |x − y| ≤ atol + rtol·|y|, or x = y (infinities of one sign). Integers compare as numbers. */
export function isClose(x: Operand, y: Operand, options: CloseOptions = {}): Node {
  const { rtol = 1e-5, atol = 1e-8, equalNan = false } = options
  const [p, q] = pair('isClose', x, y)
  let close = b.eq(p, q)
  if (p.dtype === 'bool' || (rtol === 0 && atol === 0 && !equalNan)) return close
  if (isFloat(p.dtype) && equalNan) {
    const nan = (n: Node): Node => b.logicalNot(b.eq(n, n))
    close = b.or(close, b.and(nan(p), nan(q)))
  }
  const [u, v] = [toFloat(p), toFloat(q)]
  const allowed = b.add(b.mul(b.abs(v), stretchLike(v, rtol)), stretchLike(v, atol))
  const difference = isFloat(p.dtype) ? b.abs(b.sub(u, v)) : b.abs(toFloat(b.sub(p, q)))
  const finite = b.lt(difference, like(difference, Number.POSITIVE_INFINITY))
  return b.or(close, b.and(finite, b.le(difference, allowed)))
}

/** A number of the user, like `x`. */
const stretchLike = (x: Node, value: number): Node =>
  b.expand(
    b.reshape(
      b.scalar(value, x.dtype),
      x.shape.map(() => 1),
    ),
    x.shape,
  )

const everywhere = (x: Node): Node =>
  b.logicalNot(
    b.cast(
      b.reduceSum(
        b.cast(b.logicalNot(x), 'i32'),
        x.shape.map((_, i) => i),
      ),
      'bool',
    ),
  )

/** Whether `isClose` holds everywhere (0-d bool); true for nothing. */
export const allClose = (x: Operand, y: Operand, options: CloseOptions = {}): Node =>
  everywhere(isClose(x, y, options))

/** Whether both have one shape and equal elements (0-d bool). NaN equals nothing. */
export function equal(x: Node, y: Node): Node {
  if (!sameShape(x.shape, y.shape)) return b.full([], 0, 'bool')
  return everywhere(b.eq(...pair('equal', x, y)))
}
