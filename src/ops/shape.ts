/**
 * The same elements under another shape, or with their axes in another order. Negative axes count from the end, -1 in
 * a shape is inferred; nothing here computes.
 */
import { ShapeError, ValueError } from '../core/errors.js'
import {
  broadcastShapes,
  checkList,
  formatShape,
  normalizeAxes,
  normalizeAxis,
  range,
  type Shape,
  sameShape,
  sizeOf,
} from '../core/shape.js'
import * as b from '../ir/build.js'
import type { Node } from '../ir/node.js'
import { broadcastTogether, stretch } from './operand.js'

/** `shape` with its one -1 replaced by what makes the sizes fit. */
export function inferShape(x: Node, shape: Shape, operation: string): number[] {
  checkList(shape, operation)
  const unknown = shape.indexOf(-1)
  if (unknown < 0) return [...shape]
  if (shape.indexOf(-1, unknown + 1) >= 0) {
    throw new ShapeError(`${operation}: expected at most one -1 in the shape, got ${formatShape(shape)}.`)
  }
  const known = sizeOf(shape.filter((_, i) => i !== unknown))
  const size = sizeOf(x.shape)
  if (known === 0 || size % known !== 0) {
    throw new ShapeError(
      `${operation}: shape ${formatShape(x.shape)} has ${size} elements, which ${known === 0 ? 'leaves the -1 undetermined in' : `do not divide into`} ${formatShape(shape)}.`,
    )
  }
  return shape.map((n) => (n === -1 ? size / known : n))
}

/** The same elements in row-major order under another shape; one size may be -1. */
export const reshape = (x: Node, shape: Shape): Node => b.reshape(x, inferShape(x, shape, 'reshape'))

/** As `reshape`: a value here has no strides that could forbid a view. */
export const view = (x: Node, shape: Shape): Node => b.reshape(x, inferShape(x, shape, 'view'))

/** Joins axes startDim to endDim (inclusive) into one. A 0-d tensor becomes [1]. */
export function flatten(x: Node, startDim = 0, endDim = -1): Node {
  if (x.shape.length === 0) return b.reshape(x, [1])
  const start = normalizeAxis(startDim, x.shape.length, 'flatten')
  const end = normalizeAxis(endDim, x.shape.length, 'flatten')
  if (start > end) throw new ValueError(`flatten: expected startDim ≤ endDim, got ${startDim} and ${endDim}.`)
  const joined = sizeOf(x.shape.slice(start, end + 1))
  return b.reshape(x, [...x.shape.slice(0, start), joined, ...x.shape.slice(end + 1)])
}

/** All elements in row-major order, 1-d. */
export const ravel = (x: Node): Node => b.reshape(x, [sizeOf(x.shape)])

/** Splits one axis into `sizes`, one of which may be -1. */
export function unflatten(x: Node, axis: number, sizes: Shape): Node {
  const a = normalizeAxis(axis, x.shape.length, 'unflatten')
  const known = sizeOf(sizes.filter((n) => n !== -1))
  const full = sizes.map((n) => (n === -1 ? x.shape[a] / known : n))
  if (sizeOf(full) !== x.shape[a] || !full.every(Number.isInteger)) {
    throw new ShapeError(
      `unflatten: axis ${axis} has size ${x.shape[a]}, which ${formatShape(sizes)} does not give.`,
    )
  }
  return b.reshape(x, [...x.shape.slice(0, a), ...full, ...x.shape.slice(a + 1)])
}

/** Exchanges two axes. */
export function transpose(x: Node, axisA: number, axisB: number): Node {
  const rank = x.shape.length
  const p = normalizeAxis(axisA, rank, 'transpose')
  const q = normalizeAxis(axisB, rank, 'transpose')
  const axes = range(rank)
  axes[p] = q
  axes[q] = p
  return b.permute(x, axes)
}

/** As `transpose`. */
export const swapaxes = transpose

/** As `transpose`. */
export const swapdims = transpose

/** Result axis i is axis axes[i] of x. */
export function permute(x: Node, axes: readonly number[]): Node {
  checkList(axes, 'permute')
  const rank = x.shape.length
  const list = axes.map((a) => normalizeAxis(a, rank, 'permute'))
  if (list.length !== rank || new Set(list).size !== rank) {
    throw new ShapeError(
      `permute: expected each axis of ${formatShape(x.shape)} once (${rank} axes), got ${formatShape(axes)}.`,
    )
  }
  return b.permute(x, list)
}

/** The last two axes exchanged; 0-d and 1-d tensors stay. */
export function mT(x: Node): Node {
  return x.shape.length < 2 ? x : transpose(x, -2, -1)
}

/** All axes in reverse order. */
export const T = (x: Node): Node => b.permute(x, range(x.shape.length).reverse())

/** Moves axes to other places; those that are not named keep their order. */
export function moveaxis(
  x: Node,
  source: number | readonly number[],
  destination: number | readonly number[],
): Node {
  const rank = x.shape.length
  const places = (axes: number | readonly number[], what: string): number[] => {
    const list = (typeof axes === 'number' ? [axes] : axes).map((a) => normalizeAxis(a, rank, 'moveaxis'))
    if (new Set(list).size !== list.length) {
      throw new ValueError(`moveaxis: expected distinct ${what} axes, got ${formatShape(list)}.`)
    }
    return list
  }
  const [from, to] = [places(source, 'source'), places(destination, 'destination')]
  if (from.length !== to.length) {
    throw new ValueError(
      `moveaxis: expected as many destinations as sources, got ${from.length} sources and ${to.length} destinations.`,
    )
  }
  const rest = range(rank).filter((a) => !from.includes(a))
  return b.permute(
    x,
    range(rank).map((place) => {
      const k = to.indexOf(place)
      return k >= 0 ? from[k] : rest.shift()!
    }),
  )
}

/** As `moveaxis`. */
export const movedim = moveaxis

/** Drops axes of size 1: all of them, or those given that have size 1. */
export function squeeze(x: Node, axis?: number | readonly number[]): Node {
  if (x.shape.length === 0) return x
  const axes = normalizeAxes(axis, x.shape.length, 'squeeze')
  return b.reshape(
    x,
    x.shape.filter((n, i) => n !== 1 || !axes.includes(i)),
  )
}

/** A new axis of size 1 at `axis` of the result. */
export function unsqueeze(x: Node, axis: number): Node {
  const a = normalizeAxis(axis, x.shape.length + 1, 'unsqueeze')
  return b.reshape(x, [...x.shape.slice(0, a), 1, ...x.shape.slice(a)])
}

/** Stretches axes of size 1 to `shape`, which may have more axes in front; -1 keeps a size. */
export function expand(x: Node, shape: Shape): Node {
  const missing = shape.length - x.shape.length
  if (missing < 0) {
    throw new ShapeError(`expand: shape ${formatShape(shape)} has fewer axes than ${formatShape(x.shape)}.`)
  }
  const full = shape.map((n, i) => {
    if (n !== -1) return n
    if (i < missing)
      throw new ShapeError(`expand: -1 cannot stand for the new axis ${i} in ${formatShape(shape)}.`)
    return x.shape[i - missing]
  })
  return stretch(x, full)
}

/** Stretches x to `shape` by the rules of broadcasting. */
export function broadcastTo(x: Node, shape: Shape): Node {
  if (!sameShape(broadcastShapes(x.shape, shape, 'broadcastTo'), shape)) {
    throw new ShapeError(`broadcastTo: cannot stretch ${formatShape(x.shape)} to ${formatShape(shape)}.`)
  }
  return stretch(x, shape)
}

/** Stretches the nodes to their common shape; dtypes stay. */
export const broadcastTensors = (...xs: readonly Node[]): Node[] =>
  broadcastTogether('broadcastTensors', ...xs)

/** 0-d becomes [1]; the rest stays. */
export const atleast1d = (x: Node): Node => (x.shape.length === 0 ? b.reshape(x, [1]) : x)

/** 0-d becomes [1, 1] and [n] becomes [1, n]; the rest stays. */
export const atleast2d = (x: Node): Node => (x.shape.length < 2 ? b.reshape(x, [1, sizeOf(x.shape)]) : x)

/** 0-d becomes [1, 1, 1], [n] becomes [1, n, 1] and [m, n] becomes [m, n, 1]; the rest stays. */
export const atleast3d = (x: Node): Node =>
  x.shape.length < 3 ? b.reshape(x, [...atleast2d(x).shape, 1]) : x

/** The same values as a value of its own. */
export const clone = (x: Node): Node => b.alias(x)

/** x itself: values here lie in row-major order by definition. */
export const contiguous = (x: Node): Node => x
