/** Running extremes and log-sums along an axis, differences of neighbours, and integrals by the trapezoidal rule. */
import { isFloat } from '../core/dtype.js'
import { ShapeError, ValueError } from '../core/errors.js'
import { formatShape, normalizeAxis } from '../core/shape.js'
import * as b from '../ir/build.js'
import type { Node } from '../ir/node.js'
import { add, mul, sub } from './elementwise.js'
import { logaddexp } from './exponential.js'
import { inAccumulationType, like, mulLiteral, type Operand, requireFloat, toFloat } from './operand.js'
import { sum, type ValuesAndIndices } from './reductions.js'

/** Order-preserving, or order-reversing, without overflow: −x of floats, the complement of integers. */
const reversed = (x: Node): Node => (isFloat(x.dtype) ? b.neg(x) : b.bitNot(x))

const runningExtreme =
  (operation: string, key: (x: Node) => Node) =>
  (x: Node, axis: number): ValuesAndIndices => {
    if (x.shape.length === 0) {
      normalizeAxis(axis, 1, operation)
      return { values: x, indices: b.full([], 0, 'i64') }
    }
    const a = normalizeAxis(axis, x.shape.length, operation)
    const y = key(b.stopGradient(x.dtype === 'bool' ? b.cast(x, 'u8') : x))
    // The latest position that took the extreme so far; a NaN takes it for good.
    const takes = b.or(b.eq(y, b.cumMax(y, a, false)), b.logicalNot(b.eq(y, y)))
    const position = b.iota(x.shape, a, 'i32')
    const owner = b.cast(b.cumMax(b.where(takes, position, like(position, 0)), a, false), 'i64')
    return { values: b.gather(x, owner, a), indices: owner }
  }

/** The largest element so far along an axis and where it is (the latest of equals); NaN stays once it is met. */
export const cummax = runningExtreme('cummax', (x) => x)
/** The smallest element so far along an axis and where it is (the latest of equals); NaN stays once it is met. */
export const cummin = runningExtreme('cummin', reversed)

/** log Σ_{j≤i} exp(x_j) along an axis: a loop of `logaddexp`, so that no element is lost beside a larger later one. */
export function logcumsumexp(x: Node, axis: number): Node {
  requireFloat('logcumsumexp', x)
  if (x.shape.length === 0) {
    normalizeAxis(axis, 1, 'logcumsumexp')
    return x
  }
  const a = normalizeAxis(axis, x.shape.length, 'logcumsumexp')
  return inAccumulationType(x, (y) => {
    const xs = b.moveAxis(y, a, 0)
    const slice = xs.shape.slice(1)
    const carry = b.placeholder(slice, y.dtype)
    const element = b.placeholder(slice, y.dtype)
    const next = logaddexp(carry, element)
    const start = b.full(slice, Number.NEGATIVE_INFINITY, y.dtype)
    const [, all] = b.scan(
      { params: [carry, element], results: [next, next] },
      { consts: [], carry: [start], xs: [xs] },
      { length: xs.shape[0] },
    )
    return b.moveAxis(all, 0, a)
  })
}

export interface DiffOptions {
  /** How many times. Default 1. */
  readonly n?: number
  /** Default −1. */
  readonly axis?: number
  /** Elements put before the axis first. */
  readonly prepend?: Node | null
  /** Elements put behind the axis first. */
  readonly append?: Node | null
}

/** x[1:] and x[:−1] along an axis. */
function neighbours(x: Node, axis: number): [Node, Node] {
  const n = x.shape[axis]
  return [b.sliceAxis(x, axis, Math.min(1, n), n), b.sliceAxis(x, axis, 0, Math.max(0, n - 1))]
}

/** x[i + 1] − x[i] along an axis, n times; bools give whether neighbours differ. */
export function diff(x: Node, { n = 1, axis = -1, prepend = null, append = null }: DiffOptions = {}): Node {
  if (x.shape.length === 0) {
    throw new ShapeError('diff: expected a tensor with at least one axis, got shape [].')
  }
  if (!Number.isInteger(n) || n < 0) {
    throw new ValueError(`diff: expected a whole number n ≥ 0 of times, got ${n}.`)
  }
  const a = normalizeAxis(axis, x.shape.length, 'diff')
  const parts = [prepend, x, append].filter((p) => p !== null)
  for (const p of parts) {
    const fits = p.shape.length === x.shape.length && p.shape.every((m, i) => i === a || m === x.shape[i])
    if (!fits) {
      throw new ShapeError(
        `diff: expected prepend and append of shape ${formatShape(x.shape)} but for axis ${axis}, got ${formatShape(p.shape)}.`,
      )
    }
  }
  let y = b.concat(
    parts.map((p) => b.cast(p, x.dtype)),
    a,
  )
  for (let k = 0; k < n && y.shape[a] > 0; k++) {
    const [after, before] = neighbours(y, a)
    y = y.dtype === 'bool' ? b.xor(after, before) : b.sub(after, before)
  }
  return y
}

export interface TrapezoidOptions {
  /** Distance of neighbours where no x is given. Default 1. */
  readonly dx?: Operand
  /** Default −1. */
  readonly axis?: number
}

/** The areas of the trapezoids between neighbours. */
function trapezoids(
  operation: string,
  y: Node,
  x: Node | null,
  { dx = 1, axis = -1 }: TrapezoidOptions,
): [Node, number] {
  const a = normalizeAxis(axis, y.shape.length, operation)
  const [after, before] = neighbours(y, a)
  const middle = mulLiteral(toFloat(add(after, before)), 0.5)
  if (x === null) return [mul(middle, dx), a]
  let widths: Node
  if (x.shape.length === 1) {
    if (x.shape[0] !== y.shape[a]) {
      throw new ShapeError(
        `${operation}: expected ${y.shape[a]} places x for axis ${axis} of ${formatShape(y.shape)}, got ${x.shape[0]}.`,
      )
    }
    const [right, left] = neighbours(x, 0)
    const flat = sub(right, left)
    widths = b.reshape(
      flat,
      y.shape.map((_, i) => (i === a ? flat.shape[0] : 1)),
    )
  } else {
    const [right, left] = neighbours(x, normalizeAxis(axis, x.shape.length, operation))
    widths = sub(right, left)
  }
  return [mul(middle, widths), a]
}

/** ∫ y dx along an axis by the trapezoidal rule, at places x (1-d, or broadcast with y), or `dx` apart. */
export function trapezoid(y: Node, x: Node | null = null, options: TrapezoidOptions = {}): Node {
  const [areas, axis] = trapezoids('trapezoid', y, x, options)
  return sum(areas, axis)
}

/** The running integral: one element less than y along the axis. */
export function cumulativeTrapezoid(y: Node, x: Node | null = null, options: TrapezoidOptions = {}): Node {
  const [areas, axis] = trapezoids('cumulativeTrapezoid', y, x, options)
  return inAccumulationType(areas, (z) => b.cumSum(z, axis, false))
}
