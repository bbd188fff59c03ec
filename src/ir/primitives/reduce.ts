/** Reductions (which drop their axes) and cumulative forms. */
import { DTypeError, ShapeError } from '../../core/errors.js'
import { formatShape, otherAxes } from '../../core/shape.js'
import type { Aval, Node } from '../node.js'
import type { Builder, PrimitiveTable, Rule } from '../rule.js'

type ReduceName = 'reduceSum' | 'reduceProd' | 'reduceMax' | 'reduceMin'

/** Gives a reduced value its axes back, stretched to `shape`. */
const spread = (b: Builder, x: Node, shape: readonly number[], axes: readonly number[]): Node =>
  b.expand(
    b.reshape(
      x,
      shape.map((n, i) => (axes.includes(i) ? 1 : n)),
    ),
    shape,
  )

const checkAxes = (op: string, x: Aval, axes: readonly number[]): void => {
  axes.forEach((a, i) => {
    if (!(a >= 0 && a < x.shape.length) || axes.indexOf(a) !== i) {
      throw new ShapeError(
        `${op}: expected distinct axes from 0 to ${x.shape.length - 1} of ${formatShape(x.shape)}, got ${formatShape(axes)}.`,
      )
    }
  })
}

const reduction = <P extends ReduceName>(
  op: P,
  vjp: Exclude<Rule<P>['vjp'], 'none'>,
  jvp: Rule<P>['jvp'],
): Rule<P> => ({
  infer: ([x], { axes }) => {
    if (x.dtype === 'bool')
      throw new DTypeError(`${op}: expected numbers, got bool. Cast first with .to('i32').`)
    checkAxes(op, x, axes)
    if (op !== 'reduceSum' && op !== 'reduceProd' && axes.some((a) => x.shape[a] === 0)) {
      throw new ShapeError(
        `${op}: an empty axis of ${formatShape(x.shape)} has no largest or smallest element.`,
      )
    }
    return { shape: otherAxes(axes, x.shape.length).map((a) => x.shape[a]), dtype: x.dtype }
  },
  vjp,
  jvp,
  batch: (b, { node, inputs: [x] }) => [
    b.make(op, [x], { axes: node.attrs.axes.map((a) => a + 1) } as Node<P>['attrs']),
  ],
})

/** Equal extremes share the gradient evenly, as PyTorch's `amax`. */
const extremeVjp =
  <P extends 'reduceMax' | 'reduceMin'>(): Exclude<Rule<P>['vjp'], 'none'> =>
  (b, { node, inputs: [x], outputs: [y], g }) => {
    const { axes } = node.attrs as { axes: readonly number[] }
    const hit = b.cast(b.eq(x, spread(b, y, x.shape, axes)), x.dtype)
    const count = b.reduceSum(hit, axes)
    return [b.mul(hit, spread(b, b.div(g, count), x.shape, axes))]
  }

const arg = <P extends 'argMax' | 'argMin'>(op: P): Rule<P> => ({
  infer: ([x], { axis }) => {
    checkAxes(op, x, [axis])
    if (x.dtype === 'bool')
      throw new DTypeError(`${op}: expected numbers, got bool. Cast first with .to('i32').`)
    if (x.shape[axis] === 0) throw new ShapeError(`${op}: axis ${axis} of ${formatShape(x.shape)} is empty.`)
    return { shape: x.shape.filter((_, i) => i !== axis), dtype: 'i64' }
  },
  vjp: 'none',
  jvp: 'none',
  batch: (b, { node, inputs: [x] }) => [b.make(op, [x], { axis: node.attrs.axis + 1 } as Node<P>['attrs'])],
})

const cumulative = <P extends 'cumSum' | 'cumProd' | 'cumMax'>(
  op: P,
  vjp: Exclude<Rule<P>['vjp'], 'none'>,
  jvp: Rule<P>['jvp'],
): Rule<P> => ({
  infer: ([x]: readonly Aval[], { axis }) => {
    checkAxes(op, x, [axis])
    if (x.dtype === 'bool')
      throw new DTypeError(`${op}: expected numbers, got bool. Cast first with .to('i32').`)
    return x
  },
  vjp,
  jvp,
  batch: (b, { node, inputs: [x] }) => [
    b.make(op, [x], { ...node.attrs, axis: node.attrs.axis + 1 } as Node<P>['attrs']),
  ],
})

/** Position-wise products of all elements but one, along an axis: prefix product times suffix product. */
function productOfOthers(b: Builder, x: Node, axis: number): Node {
  const n = x.shape[axis]
  const one = b.full(
    x.shape.map((m, i) => (i === axis ? 1 : m)),
    1,
    x.dtype,
  )
  const before = b.cumProd(b.concat([one, b.sliceAxis(x, axis, 0, n - 1)], axis), axis, false)
  const after = b.cumProd(b.concat([b.sliceAxis(x, axis, 1, n), one], axis), axis, true)
  return b.mul(before, after)
}

export const reduce: Pick<
  PrimitiveTable,
  ReduceName | 'argMax' | 'argMin' | 'cumSum' | 'cumProd' | 'cumMax'
> = {
  reduceSum: reduction(
    'reduceSum',
    (b, { node, inputs: [x], g }) => [spread(b, g, x.shape, node.attrs.axes)],
    (b, { node, tangents: [t] }) => [b.reduceSum(t!, node.attrs.axes)],
  ),
  reduceProd: reduction(
    'reduceProd',
    (b, { node, inputs: [x], g }) => {
      const { axes } = node.attrs
      // Bring the reduced axes to the end as one, so that "all elements but one" is a prefix and a suffix.
      const kept = otherAxes(axes, x.shape.length)
      const order = [...kept, ...axes]
      const moved = b.permute(x, order)
      const count = axes.reduce((n, a) => n * x.shape[a], 1)
      if (count === 0) return [b.literal(x, 0)]
      const flat = b.reshape(moved, [...kept.map((a) => x.shape[a]), count])
      const others = b.reshape(productOfOthers(b, flat, kept.length), moved.shape)
      return [b.mul(b.permute(others, b.inverse(order)), spread(b, g, x.shape, axes))]
    },
    'transpose',
  ),
  reduceMax: reduction('reduceMax', extremeVjp<'reduceMax'>(), 'transpose'),
  reduceMin: reduction('reduceMin', extremeVjp<'reduceMin'>(), 'transpose'),
  argMax: arg('argMax'),
  argMin: arg('argMin'),

  cumSum: cumulative(
    'cumSum',
    (b, { node, g }) => [b.cumSum(g, node.attrs.axis, !node.attrs.reverse)],
    (b, { node, tangents: [t] }) => [b.cumSum(t!, node.attrs.axis, node.attrs.reverse)],
  ),
  /**
   * y_i = Π_{j≤i} x_j, so ∂y_i/∂x_k = Π_{j≤i, j≠k} x_j for k ≤ i. Written as an n×n table of products with x_k
   * replaced by 1, so that zeros in x need no special case (O(n²) along the axis).
   */
  cumProd: cumulative(
    'cumProd',
    (b, { node, inputs: [x], g }) => {
      const { axis, reverse } = node.attrs
      const n = x.shape[axis]
      const last = x.shape.length
      const wide = [...x.shape, n] // (…, i, …, k)
      const xs = b.expand(b.reshape(x, [...x.shape, 1]), wide)
      const i = b.iota(wide, axis, 'i32')
      const k = b.iota(wide, last, 'i32')
      const products = b.cumProd(b.where(b.eq(i, k), b.literal(xs, 1), xs), axis, reverse)
      const reached = reverse ? b.le(i, k) : b.le(k, i)
      const gs = b.expand(b.reshape(g, [...x.shape, 1]), wide)
      const table = b.where(reached, b.mul(products, gs), b.literal(xs, 0))
      const summed = b.reduceSum(table, [axis]) // (… without axis, k)
      const back = [...Array(last - 1).keys()]
      back.splice(axis, 0, last - 1)
      return [b.permute(summed, back)]
    },
    'transpose',
  ),
  // The gradient of each output goes to where the running maximum took its value: the latest of equals, as PyTorch.
  cumMax: cumulative(
    'cumMax',
    (b, { node, inputs: [x], outputs: [y], g }) => {
      const { axis, reverse } = node.attrs
      const takes = b.or(b.eq(x, y), b.logicalNot(b.eq(x, x)))
      const none = b.full(x.shape, reverse ? x.shape[axis] : -1, 'i32')
      const at = b.where(takes, b.iota(x.shape, axis, 'i32'), none)
      const owner = reverse ? b.neg(b.cumMax(b.neg(at), axis, true)) : b.cumMax(at, axis, false)
      return [b.scatter(b.literal(x, 0), owner, g, axis, 'add')]
    },
    'transpose',
  ),
}
