/** Parts of a tensor along an axis: ranges, single positions, and pieces that together are the whole. */
import { ShapeError, ValueError } from '../core/errors.js'
import { formatShape, normalizeAxis, range } from '../core/shape.js'
import * as b from '../ir/build.js'
import type { Node } from '../ir/node.js'
import { requireRank } from './operand.js'

/** Python's rule for a slice bound: negative counts from the end, then it is clipped to 0…n. */
const bound = (i: number, n: number): number => Math.min(Math.max(i < 0 ? i + n : i, 0), n)

/** x[start:stop:step] along one axis; step ≥ 1. */
export function slice(x: Node, axis: number, start = 0, stop = Number.POSITIVE_INFINITY, step = 1): Node {
  const a = normalizeAxis(axis, x.shape.length, 'slice')
  if (!Number.isInteger(step) || step < 1) {
    throw new ValueError(`slice: expected an integer step ≥ 1, got ${step}. Use flip to reverse an axis.`)
  }
  const n = x.shape[a]
  const from = bound(start, n)
  const to = Math.max(from, bound(stop, n))
  if (!Number.isInteger(from) || !Number.isInteger(to)) {
    throw new ValueError(`slice: expected integer bounds, got ${start} and ${stop}.`)
  }
  return b.slice(
    x,
    x.shape.map((_, i) => (i === a ? from : 0)),
    x.shape.map((m, i) => (i === a ? to : m)),
    x.shape.map((_, i) => (i === a ? step : 1)),
  )
}

/** `length` elements from `start` along one axis, all of which must exist. */
export function narrow(x: Node, axis: number, start: number, length: number): Node {
  const a = normalizeAxis(axis, x.shape.length, 'narrow')
  const from = start < 0 ? start + x.shape[a] : start
  if (!Number.isInteger(from) || !(length >= 0) || from < 0 || from + length > x.shape[a]) {
    throw new ValueError(
      `narrow: elements ${start} to ${start + length} do not lie on axis ${axis} of ${formatShape(x.shape)}.`,
    )
  }
  return b.sliceAxis(x, a, from, from + length)
}

/** Element `index` of one axis, which is dropped. */
export function select(x: Node, axis: number, index: number): Node {
  const a = normalizeAxis(axis, x.shape.length, 'select')
  const n = x.shape[a]
  const i = index < 0 ? index + n : index
  if (!Number.isInteger(index) || i < 0 || i >= n) {
    throw new ValueError(`select: expected an index from ${-n} to ${n - 1} on axis ${axis}, got ${index}.`)
  }
  return b.reshape(
    b.sliceAxis(x, a, i, i + 1),
    x.shape.filter((_, k) => k !== a),
  )
}

/** Pieces along an axis: of one size (the last may be smaller), or of the given sizes. */
export function split(x: Node, sizes: number | readonly number[], axis = 0): Node[] {
  const a = normalizeAxis(axis, x.shape.length, 'split')
  const n = x.shape[a]
  if (typeof sizes === 'number') {
    if (!Number.isInteger(sizes) || sizes < (n === 0 ? 0 : 1)) {
      throw new ValueError(`split: expected a size ≥ 1, got ${sizes}.`)
    }
    if (n === 0) return [x]
    const pieces = Math.max(1, Math.ceil(n / sizes))
    return range(pieces).map((i) => b.sliceAxis(x, a, i * sizes, Math.min(n, (i + 1) * sizes)))
  }
  if (!sizes.every((m) => Number.isInteger(m) && m >= 0)) {
    throw new ValueError(`split: expected sizes ≥ 0, got ${formatShape(sizes)}.`)
  }
  if (sizes.reduce((s, m) => s + m, 0) !== n) {
    throw new ValueError(
      `split: sizes ${formatShape(sizes)} do not add up to ${n}, the size of axis ${axis} of ${formatShape(x.shape)}.`,
    )
  }
  let at = 0
  return sizes.map((m) => {
    at += m
    return b.sliceAxis(x, a, at - m, at)
  })
}

/** At most `chunks` pieces of equal size along an axis (the last may be smaller). */
export function chunk(x: Node, chunks: number, axis = 0): Node[] {
  if (!Number.isInteger(chunks) || chunks < 1)
    throw new ValueError(`chunk: expected a count ≥ 1, got ${chunks}.`)
  const n = x.shape[normalizeAxis(axis, x.shape.length, 'chunk')]
  return n === 0 ? range(chunks).map(() => x) : split(x, Math.ceil(n / chunks), axis)
}

/** Every slice of an axis, which is dropped. */
export function unbind(x: Node, axis = 0): Node[] {
  const a = normalizeAxis(axis, x.shape.length, 'unbind')
  return range(x.shape[a]).map((i) => select(x, a, i))
}

/**
 * Pieces along an axis. A number asks for that many pieces, whose sizes differ by at most one (the first are larger);
 * a list names the positions at which a piece begins, as bounds of slices.
 */
export function tensorSplit(x: Node, indicesOrSections: number | readonly number[], axis = 0): Node[] {
  return splitAt('tensorSplit', x, indicesOrSections, axis)
}

function splitAt(operation: string, x: Node, where: number | readonly number[], axis: number): Node[] {
  requireRank(operation, x, 1, Number.POSITIVE_INFINITY)
  const a = normalizeAxis(axis, x.shape.length, operation)
  const n = x.shape[a]
  if (typeof where === 'number') {
    if (!Number.isInteger(where) || where < 1) {
      throw new ValueError(`${operation}: expected a number of pieces ≥ 1, got ${where}.`)
    }
    const [size, larger] = [Math.floor(n / where), n % where]
    return split(
      x,
      range(where).map((i) => (i < larger ? size + 1 : size)),
      a,
    )
  }
  if (!where.every(Number.isInteger)) {
    throw new ValueError(`${operation}: expected integer positions, got ${formatShape(where)}.`)
  }
  const bounds = [0, ...where.map((i) => bound(i, n)), n]
  return range(bounds.length - 1).map((i) => b.sliceAxis(x, a, bounds[i], Math.max(bounds[i], bounds[i + 1])))
}

/** NumPy's rule: a number of pieces must divide the axis. */
function equalSplit(operation: string, x: Node, where: number | readonly number[], axis: number): Node[] {
  if (typeof where === 'number' && where >= 1 && x.shape[axis] % where !== 0) {
    throw new ShapeError(
      `${operation}: axis ${axis} of ${formatShape(x.shape)} does not divide into ${where} equal pieces. Use tensorSplit.`,
    )
  }
  return splitAt(operation, x, where, axis)
}

/** Pieces along axis 1 (axis 0 of a vector), all of one size, or at the given positions. */
export function hsplit(x: Node, indicesOrSections: number | readonly number[]): Node[] {
  requireRank('hsplit', x, 1, Number.POSITIVE_INFINITY)
  return equalSplit('hsplit', x, indicesOrSections, x.shape.length === 1 ? 0 : 1)
}

/** Pieces along axis 0 of a tensor of rank 2 or more, all of one size, or at the given positions. */
export function vsplit(x: Node, indicesOrSections: number | readonly number[]): Node[] {
  requireRank('vsplit', x, 2, Number.POSITIVE_INFINITY)
  return equalSplit('vsplit', x, indicesOrSections, 0)
}

/** Pieces along axis 2 of a tensor of rank 3 or more, all of one size, or at the given positions. */
export function dsplit(x: Node, indicesOrSections: number | readonly number[]): Node[] {
  requireRank('dsplit', x, 3, Number.POSITIVE_INFINITY)
  return equalSplit('dsplit', x, indicesOrSections, 2)
}
