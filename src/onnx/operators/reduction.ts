/** Reductions, positions of extremes, and running sums. */
import { range } from '../../core/shape.js'
import * as b from '../../ir/build.js'
import type { Node } from '../../ir/node.js'
import { divLiteral, inAccumulationType, like } from '../../ops/operand.js'
import { keptShape, logsumexp, safeSqrt } from '../../ops/reductions.js'
import type { Context, Rule, Rules } from '../context.js'
import { intsOf } from './movement.js'

/** The axes of a reduction; null where the tensor is to stay as it is. */
function axesOf(c: Context, since: number): number[] | null {
  const rank = c.shape(0).length
  const given = intsOf(c, 'axes', 1, since)
  if (given === null || given.length === 0) return c.int('noop_with_empty_axes', 0) !== 0 ? null : range(rank)
  return [...new Set(given.map((a) => c.axis(a, rank)))].sort((p, q) => p - q)
}

/** `before` works on each element, also where there is nothing to reduce; axes became an input with version `since`. */
const reduction =
  (
    reduce: (x: Node, axes: readonly number[]) => Node,
    { since = 18, before = (x: Node): Node => x, after = (x: Node): Node => x } = {},
  ): Rule =>
  (c) => {
    const axes = axesOf(c, since)
    const x = c.x(0)
    return c.keep(
      inAccumulationType(x, (y) => {
        const z = before(y)
        if (axes === null) return after(z)
        const reduced = after(reduce(z, axes))
        return c.int('keepdims', 1) !== 0 ? b.reshape(reduced, keptShape(x.shape, axes)) : reduced
      }),
    )
  }

const square = (x: Node): Node => b.mul(x, x)
const root = (x: Node): Node => (x.dtype === 'f32' || x.dtype === 'f64' ? safeSqrt(x) : viaFloat(safeSqrt)(x))
const viaFloat =
  (fn: (x: Node) => Node) =>
  (x: Node): Node =>
    b.cast(fn(b.cast(x, 'f64')), x.dtype)
const log = (x: Node): Node => (x.dtype === 'f32' || x.dtype === 'f64' ? b.log(x) : viaFloat(b.log)(x))

const mean = (x: Node, axes: readonly number[]): Node =>
  divLiteral(
    b.reduceSum(x, axes),
    axes.reduce((n, a) => n * x.shape[a], 1),
  )

/** bool counts as 0 and 1; the extremes of nothing are the neutral elements. */
const extreme =
  (reduce: (x: Node, axes: readonly number[]) => Node, nothing: number) =>
  (x: Node, axes: readonly number[]): Node => {
    if (axes.some((a) => x.shape[a] === 0)) {
      const shape = x.shape.filter((_, i) => !axes.includes(i))
      return b.full(shape, x.dtype === 'bool' ? (nothing > 0 ? 1 : 0) : nothing, x.dtype)
    }
    return x.dtype === 'bool' ? b.cast(reduce(b.cast(x, 'u8'), axes), 'bool') : reduce(x, axes)
  }

const argument =
  (primitive: (x: Node, axis: number) => Node): Rule =>
  (c) => {
    const x = c.x(0)
    const axis = c.axis(c.int('axis', 0), x.shape.length)
    const last = c.int('select_last_index', 0) !== 0
    const found = primitive(last ? b.flip(x, [axis]) : x, axis)
    const position = last ? b.sub(like(found, x.shape[axis] - 1), found) : found
    return c.int('keepdims', 1) !== 0 ? b.reshape(position, keptShape(x.shape, [axis])) : position
  }

/** A running sum; `exclusive` leaves out the element itself. */
const cumulative =
  (primitive: (x: Node, axis: number, reverse: boolean) => Node, neutral: number): Rule =>
  (c) => {
    const x = c.x(0)
    const axis = c.axis(c.number(1), x.shape.length)
    const reverse = c.int('reverse', 0) !== 0
    const sums = inAccumulationType(x, (y) => primitive(y, axis, reverse))
    if (c.int('exclusive', 0) === 0) return c.keep(sums)
    const zeros = x.shape.map(() => 0)
    const n = x.shape[axis]
    const shifted = reverse
      ? b.pad(b.sliceAxis(sums, axis, 1, n), zeros, zeros.with(axis, 1), zeros, neutral)
      : b.pad(b.sliceAxis(sums, axis, 0, n - 1), zeros.with(axis, 1), zeros, zeros, neutral)
    return c.keep(shifted)
  }

export const reductions: Rules = {
  ReduceSum: reduction(b.reduceSum, { since: 13 }),
  ReduceMean: reduction(mean),
  ReduceProd: reduction(b.reduceProd),
  ReduceMax: reduction(extreme(b.reduceMax, Number.NEGATIVE_INFINITY)),
  ReduceMin: reduction(extreme(b.reduceMin, Number.POSITIVE_INFINITY)),
  ReduceL1: reduction(b.reduceSum, { before: b.abs }),
  ReduceL2: reduction(b.reduceSum, { before: square, after: root }),
  ReduceSumSquare: reduction(b.reduceSum, { before: square }),
  ReduceLogSum: reduction(b.reduceSum, { after: log }),
  ReduceLogSumExp: reduction((x, axes) =>
    x.dtype === 'f32' || x.dtype === 'f64' ? logsumexp(x, axes) : viaFloat((y) => logsumexp(y, axes))(x),
  ),
  ArgMax: argument(b.argMax),
  ArgMin: argument(b.argMin),
  CumSum: cumulative(b.cumSum, 0),
  CumProd: cumulative(b.cumProd, 1),
}
