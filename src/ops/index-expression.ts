/**
 * What stands between the brackets of NumPy's x[…]: integers, ranges, '...', null for a new axis, masks and index
 * nodes, read against the shape that they index.
 */
import { DTypeError, ShapeError, ValueError } from '../core/errors.js'
import { formatShape, type Shape } from '../core/shape.js'
import { Node } from '../ir/node.js'

/** A range of positions as Python's slice: start, stop and step, null where left out. */
export interface Slice {
  readonly start: number | null
  readonly stop: number | null
  readonly step: number | null
}

/** A bool node as an index, and how many of its elements are true; null where that is not known. */
export interface Mask {
  readonly mask: Node
  readonly count: number | null
}

/**
 * One item of an index: an integer, a range (as an object or a string like '1:-1:2'), '...', null (a new axis), a
 * boolean (a 0-d mask), an integer node, or a mask.
 */
export type IndexItem = number | string | boolean | null | Slice | Node | Mask

/** A range of an axis: `size` elements from `start`, `step` apart (which may be negative). */
export interface RangeEntry {
  readonly kind: 'range'
  readonly axis: number
  readonly start: number
  readonly step: number
  readonly size: number
}

/** An item read against a shape. Axes are those of the indexed node. */
export type IndexEntry =
  | RangeEntry
  | { readonly kind: 'integer'; readonly axis: number; readonly value: number }
  | { readonly kind: 'newAxis' }
  | { readonly kind: 'nodes'; readonly axis: number; readonly index: Node }
  | { readonly kind: 'mask'; readonly axis: number; readonly mask: Node; readonly count: number | null }
  | { readonly kind: 'boolean'; readonly value: boolean }
  /** '...', of any length: nothing by itself, but it stands between index nodes. */
  | { readonly kind: 'ellipsis' }

const rangePattern = /^\s*([+-]?\d+)?\s*:\s*([+-]?\d+)?\s*(?::\s*([+-]?\d+)?\s*)?$/

/** '1:-1:2' as a Slice. */
export function parseRange(operation: string, text: string): Slice {
  const match = rangePattern.exec(text)
  if (match === null) {
    throw new ValueError(
      `${operation}: expected a range like ':', '1:', ':-1' or '1:-1:2', or '...', got '${text}'.`,
    )
  }
  const [start, stop, step] = match.slice(1).map((part) => (part === undefined ? null : Number(part)))
  return { start, stop, step }
}

const isMask = (item: object): item is Mask => 'mask' in item

/** Python's rules for a range over an axis of n elements. */
function readRange(operation: string, { start, stop, step }: Slice, axis: number, n: number): RangeEntry {
  const by = step ?? 1
  for (const part of [start ?? 0, stop ?? 0, by]) {
    if (!Number.isInteger(part)) {
      throw new ValueError(`${operation}: expected integers in a range of axis ${axis}, got ${part}.`)
    }
  }
  if (by === 0) throw new ValueError(`${operation}: expected a step that is not 0 on axis ${axis}.`)
  const limit = (i: number, low: number, high: number): number =>
    Math.min(Math.max(i < 0 ? i + n : i, low), high)
  const [low, high] = by > 0 ? [0, n] : [-1, n - 1]
  const from = start === null || start === undefined ? (by > 0 ? 0 : n - 1) : limit(start, low, high)
  const to = stop === null || stop === undefined ? (by > 0 ? n : -1) : limit(stop, low, high)
  const size = Math.max(0, Math.ceil((to - from) / by))
  return { kind: 'range', axis, start: size === 0 ? 0 : from, step: by, size }
}

const consumed = (operation: string, item: IndexItem): number => {
  if (item === null || item === '...' || typeof item === 'boolean') return 0
  if (typeof item === 'object' && isMask(item)) return item.mask.shape.length
  if (item === undefined) {
    throw new ValueError(`${operation}: expected an index, got undefined. null makes a new axis.`)
  }
  return 1
}

/** The items as entries, with a whole range for every axis that no item names. */
export function readIndex(operation: string, items: readonly IndexItem[], shape: Shape): IndexEntry[] {
  if (!Array.isArray(items)) {
    throw new ValueError(`${operation}: expected a list of indices, got ${String(items)}.`)
  }
  const rank = shape.length
  const named = items.reduce<number>((n, item) => n + consumed(operation, item), 0)
  if (named > rank) {
    throw new ValueError(
      `${operation}: expected at most ${rank} indices for a tensor of shape ${formatShape(shape)}, got ${named}.`,
    )
  }
  if (items.filter((item) => item === '...').length > 1) {
    throw new ValueError(`${operation}: expected at most one '...', got several.`)
  }
  const entries: IndexEntry[] = []
  let axis = 0
  const whole = (count: number): void => {
    for (const end = axis + count; axis < end; axis++) {
      entries.push({ kind: 'range', axis, start: 0, step: 1, size: shape[axis] })
    }
  }
  for (const item of items) {
    if (item === null) entries.push({ kind: 'newAxis' })
    else if (item === '...') {
      entries.push({ kind: 'ellipsis' })
      whole(rank - named)
    } else if (typeof item === 'boolean') entries.push({ kind: 'boolean', value: item })
    else if (typeof item === 'object' && isMask(item)) {
      entries.push(maskEntry(operation, item, axis, shape))
      axis += item.mask.shape.length
    } else entries.push(axisEntry(operation, item, axis, shape[axis++]))
  }
  whole(rank - axis)
  return entries
}

function maskEntry(operation: string, { mask, count }: Mask, axis: number, shape: Shape): IndexEntry {
  if (mask.dtype !== 'bool') throw new DTypeError(`${operation}: expected a bool mask, got ${mask.dtype}.`)
  if (mask.shape.some((n, i) => n !== shape[axis + i])) {
    throw new ShapeError(
      `${operation}: a mask of shape ${formatShape(mask.shape)} does not fit ${formatShape(shape)} at axis ${axis}.`,
    )
  }
  return { kind: 'mask', axis, mask, count: count ?? null }
}

function axisEntry(
  operation: string,
  item: number | string | Slice | Node,
  axis: number,
  n: number,
): IndexEntry {
  if (typeof item === 'number') {
    const value = item < 0 ? item + n : item
    if (!Number.isInteger(item) || value < 0 || value >= n) {
      const expected = n === 0 ? 'none, it is empty' : `an integer from ${-n} to ${n - 1}`
      throw new ValueError(`${operation}: expected an index of axis ${axis} (${expected}), got ${item}.`)
    }
    return { kind: 'integer', axis, value }
  }
  if (typeof item === 'string') return readRange(operation, parseRange(operation, item), axis, n)
  if (!(item instanceof Node)) {
    if (typeof item !== 'object') {
      throw new ValueError(`${operation}: expected an index, got ${String(item)}.`)
    }
    return readRange(operation, item, axis, n)
  }
  if (item.dtype !== 'i32' && item.dtype !== 'i64' && item.dtype !== 'u8') {
    throw new DTypeError(
      `${operation}: expected i32, i64 or u8 indices or a bool mask on axis ${axis}, got ${item.dtype}. Cast with .to('i64').`,
    )
  }
  return { kind: 'nodes', axis, index: item }
}
