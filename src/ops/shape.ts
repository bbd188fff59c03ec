/**
 * Rearranging: the same elements in another shape or order. Negative axes count from the end, -1 in a shape is
 * inferred; nothing here computes.
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
import { resultType, stretch } from './operand.js'

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

/** Moves one axis to another place; the others keep their order. */
export function moveaxis(x: Node, source: number, destination: number): Node {
  const rank = x.shape.length
  return b.moveAxis(x, normalizeAxis(source, rank, 'moveaxis'), normalizeAxis(destination, rank, 'moveaxis'))
}

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

/** Reverses the axes. */
export const flip = (x: Node, axes: number | readonly number[]): Node =>
  b.flip(x, normalizeAxes(axes, x.shape.length, 'flip'))

const padModes = ['constant', 'reflect', 'replicate', 'circular'] as const

export type PadMode = (typeof padModes)[number]

/**
 * Padding as `torch.nn.functional.pad`: pairs (before, after) from the last axis backwards. Negative amounts crop.
 * Modes other than 'constant' fill with mirrored ('reflect', without the edge), edge ('replicate') or opposite
 * ('circular') elements. Default: constant zeros.
 */
export function pad(
  x: Node,
  pads: readonly number[],
  { mode = 'constant', value = 0 }: { mode?: PadMode; value?: number } = {},
): Node {
  checkList(pads, 'pad')
  const rank = x.shape.length
  if (!padModes.includes(mode)) {
    throw new ValueError(`pad: expected mode ${padModes.join(', ')}, got '${mode}'.`)
  }
  if (pads.length % 2 !== 0 || pads.length / 2 > rank || !pads.every(Number.isInteger)) {
    throw new ValueError(
      `pad: expected up to ${rank} pairs of integers from the last axis backwards for shape ${formatShape(x.shape)}, got ${formatShape(pads)}.`,
    )
  }
  const low = new Array<number>(rank).fill(0)
  const high = new Array<number>(rank).fill(0)
  for (let i = 0; i < pads.length / 2; i++) {
    low[rank - 1 - i] = pads[2 * i]
    high[rank - 1 - i] = pads[2 * i + 1]
  }
  if (mode === 'constant')
    return b.pad(
      x,
      low,
      high,
      low.map(() => 0),
      value,
    )
  let y = x
  for (let a = 0; a < rank; a++) if (low[a] !== 0 || high[a] !== 0) y = padAxis(y, a, low[a], high[a], mode)
  return y
}

function padAxis(x: Node, axis: number, low: number, high: number, mode: Exclude<PadMode, 'constant'>): Node {
  const n = x.shape[axis]
  const most = mode === 'reflect' ? n - 1 : mode === 'circular' ? n : n === 0 ? 0 : Number.POSITIVE_INFINITY
  if (low > most || high > most) {
    throw new ValueError(
      `pad: '${mode}' padding of ${low} and ${high} does not fit axis ${axis} of ${formatShape(x.shape)} (at most ${most}).`,
    )
  }
  const piece = (from: number, to: number): Node => b.sliceAxis(x, axis, from, to)
  const edge = (at: number, count: number): Node =>
    b.expand(
      piece(at, at + 1),
      x.shape.map((m, i) => (i === axis ? count : m)),
    )
  const before =
    low <= 0
      ? []
      : [
          mode === 'reflect'
            ? b.flip(piece(1, low + 1), [axis])
            : mode === 'circular'
              ? piece(n - low, n)
              : edge(0, low),
        ]
  const after =
    high <= 0
      ? []
      : [
          mode === 'reflect'
            ? b.flip(piece(n - 1 - high, n - 1), [axis])
            : mode === 'circular'
              ? piece(0, high)
              : edge(n - 1, high),
        ]
  const middle = piece(Math.max(0, -low), n - Math.max(0, -high))
  return b.concat([...before, middle, ...after], axis)
}

/** Moves elements `shift` places on along each axis, around the end. Without axes: on the flattened tensor. */
export function roll(x: Node, shifts: number | readonly number[], axes?: number | readonly number[]): Node {
  if (axes === undefined) {
    if (typeof shifts !== 'number') throw new ValueError('roll: expected axes with several shifts, got none.')
    return b.reshape(roll(b.reshape(x, [sizeOf(x.shape)]), shifts, 0), x.shape)
  }
  const list = typeof axes === 'number' ? [axes] : axes
  const amounts = typeof shifts === 'number' ? [shifts] : shifts
  if (list.length !== amounts.length) {
    throw new ValueError(
      `roll: expected one shift an axis, got ${amounts.length} shifts and ${list.length} axes.`,
    )
  }
  let y = x
  list.forEach((axis, k) => {
    const a = normalizeAxis(axis, x.shape.length, 'roll')
    const n = x.shape[a]
    const shift = n === 0 ? 0 : ((amounts[k] % n) + n) % n
    if (shift !== 0) y = b.concat([b.sliceAxis(y, a, n - shift, n), b.sliceAxis(y, a, 0, n - shift)], a)
  })
  return y
}

/** Pieces along an axis: of one size (the last may be smaller), or of the given sizes. */
export function split(x: Node, sizes: number | readonly number[], axis = 0): Node[] {
  const a = normalizeAxis(axis, x.shape.length, 'split')
  const n = x.shape[a]
  if (typeof sizes === 'number') {
    if (!Number.isInteger(sizes) || sizes < 1)
      throw new ValueError(`split: expected a size ≥ 1, got ${sizes}.`)
    const pieces = Math.max(1, Math.ceil(n / sizes))
    return range(pieces).map((i) => b.sliceAxis(x, a, i * sizes, Math.min(n, (i + 1) * sizes)))
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
  return split(x, Math.max(1, Math.ceil(n / chunks)), axis)
}

/** Every slice of an axis, which is dropped. */
export function unbind(x: Node, axis = 0): Node[] {
  const a = normalizeAxis(axis, x.shape.length, 'unbind')
  return range(x.shape[a]).map((i) => select(x, a, i))
}

/** Joins tensors along an axis; dtypes promote; 1-d empty tensors are skipped, as in PyTorch. */
export function cat(xs: readonly Node[], axis = 0): Node {
  if (xs.length === 0) throw new ShapeError('cat: expected at least one tensor, got none.')
  const dtype = resultType(...xs)
  const whole = xs.filter((x) => x.shape.length !== 1 || x.shape[0] !== 0)
  if (whole.length === 0) return b.cast(xs[0], dtype)
  const rank = whole[0].shape.length
  if (rank === 0) throw new ShapeError('cat: a 0-d tensor has no axis to join along. Use stack.')
  const a = normalizeAxis(axis, rank, 'cat')
  for (const x of whole) {
    if (x.shape.length !== rank || x.shape.some((n, i) => i !== a && n !== whole[0].shape[i])) {
      throw new ShapeError(
        `cat: shapes ${formatShape(whole[0].shape)} and ${formatShape(x.shape)} differ outside axis ${axis}.`,
      )
    }
  }
  return b.concat(
    whole.map((x) => b.cast(x, dtype)),
    a,
  )
}

/** Joins tensors of one shape along a new axis. */
export function stack(xs: readonly Node[], axis = 0): Node {
  if (xs.length === 0) throw new ShapeError('stack: expected at least one tensor, got none.')
  for (const x of xs) {
    if (!sameShape(x.shape, xs[0].shape)) {
      throw new ShapeError(`stack: shapes ${formatShape(xs[0].shape)} and ${formatShape(x.shape)} differ.`)
    }
  }
  const a = normalizeAxis(axis, xs[0].shape.length + 1, 'stack')
  const dtype = resultType(...xs)
  return b.concat(
    xs.map((x) => unsqueeze(b.cast(x, dtype), a)),
    a,
  )
}

/** The whole tensor repeated `repeats[i]` times along axis i; further repeats add axes in front (`torch.Tensor.repeat`). */
export function repeat(x: Node, repeats: readonly number[]): Node {
  const missing = repeats.length - x.shape.length
  if (missing < 0) {
    throw new ShapeError(
      `repeat: expected at least ${x.shape.length} counts for ${formatShape(x.shape)}, got ${formatShape(repeats)}.`,
    )
  }
  const shape = [...new Array<number>(missing).fill(1), ...x.shape]
  const wide = b.expand(
    b.reshape(
      x,
      shape.flatMap((n) => [1, n]),
    ),
    shape.flatMap((n, i) => [repeats[i], n]),
  )
  return b.reshape(
    wide,
    shape.map((n, i) => n * repeats[i]),
  )
}

/** Each element repeated `repeats` times along an axis. */
export function repeatInterleave(x: Node, repeats: number, axis: number): Node {
  const a = normalizeAxis(axis, x.shape.length, 'repeatInterleave')
  const wide = unsqueeze(x, a + 1)
  const stretched = b.expand(
    wide,
    wide.shape.map((n, i) => (i === a + 1 ? repeats : n)),
  )
  return b.reshape(
    stretched,
    x.shape.map((n, i) => (i === a ? n * repeats : n)),
  )
}
