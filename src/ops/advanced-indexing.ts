/**
 * NumPy's x[…] and x[…] = values, as functions: ranges and integers move elements, masks and index nodes gather and
 * scatter them. Where index nodes (and with them integers and masks) stand side by side, the axes of their common shape
 * come in their place; where something stands between them, in front.
 */
import { DTypeError, ShapeError, ValueError } from '../core/errors.js'
import {
  broadcastShapes,
  formatShape,
  invertPermutation,
  range,
  type Shape,
  sameShape,
  sizeOf,
  stridesOf,
} from '../core/shape.js'
import * as b from '../ir/build.js'
import type { Node } from '../ir/node.js'
import { type IndexEntry, type IndexItem, type RangeEntry, readIndex } from './index-expression.js'
import { checkedIndex, fromFront, toIndex } from './indexing.js'
import { nonzeroStatic } from './masking.js'
import { isNode, lift, like, type Operand, stretch } from './operand.js'

type Pick = Exclude<IndexEntry, RangeEntry | { readonly kind: 'newAxis' | 'ellipsis' }>

const isPick = (e: IndexEntry): e is Pick =>
  e.kind !== 'range' && e.kind !== 'newAxis' && e.kind !== 'ellipsis'

/** Integers alone only drop axes; beside anything that comes from data or makes an axis they are index nodes. */
const needsGather = (entries: readonly IndexEntry[]): boolean =>
  entries.some((e) => e.kind === 'nodes' || e.kind === 'mask' || e.kind === 'boolean')

const rangesOf = (entries: readonly IndexEntry[]): RangeEntry[] => entries.filter((e) => e.kind === 'range')

/** First and last position of a range, in ascending order. */
const span = ({ start, step, size }: RangeEntry): [number, number] => {
  const last = start + (size - 1) * step
  return step > 0 ? [start, last] : [last, start]
}

/** x cut to the ranges; other axes stay whole. */
function cut(x: Node, ranges: readonly RangeEntry[]): Node {
  const starts = x.shape.map(() => 0)
  const stops = [...x.shape]
  const steps = x.shape.map(() => 1)
  const reversed: number[] = []
  for (const entry of ranges) {
    const { axis, step, size } = entry
    if (size === 0) {
      stops[axis] = 0
      continue
    }
    const [first, last] = span(entry)
    starts[axis] = first
    stops[axis] = last + 1
    steps[axis] = Math.abs(step)
    // A single element has no neighbour to keep a distance from.
    if (size === 1) steps[axis] = 1
    else if (step < 0) reversed.push(axis)
  }
  return b.flip(b.slice(x, starts, stops, steps), reversed)
}

/** x with `part` in place of what `cut` takes. */
function paste(x: Node, ranges: readonly RangeEntry[], part: Node): Node {
  if (sizeOf(part.shape) === 0) return x
  const reversed = ranges.filter((e) => e.step < 0 && e.size > 1).map((e) => e.axis)
  const inOrder = b.flip(part, reversed)
  const low = x.shape.map(() => 0)
  const interior = x.shape.map(() => 0)
  for (const entry of ranges) {
    low[entry.axis] = span(entry)[0]
    interior[entry.axis] = entry.size === 1 ? 0 : Math.abs(entry.step) - 1
  }
  if (interior.every((n) => n === 0)) {
    if (sameShape(x.shape, part.shape)) return inOrder
    return b.dynamicUpdate(
      x,
      inOrder,
      low.map((n) => b.constant(n, 'i32')),
    )
  }
  const high = x.shape.map((n, i) => n - low[i] - ((part.shape[i] - 1) * (interior[i] + 1) + 1))
  const inside = b.pad(b.full(part.shape, 1, 'bool'), low, high, interior, 0)
  return b.where(inside, b.pad(inOrder, low, high, interior, 0), x)
}

/** The sizes of ranges and new axes, in order. */
const around = (entries: readonly IndexEntry[]): number[] =>
  entries.flatMap((e) => (e.kind === 'range' ? [e.size] : e.kind === 'newAxis' ? [1] : []))

interface Plan {
  readonly entries: readonly IndexEntry[]
  readonly ranges: readonly RangeEntry[]
  /** Axes of x that are picked from, in order, and those that stay. */
  readonly picked: readonly number[]
  readonly kept: readonly number[]
  /** The common shape of the index nodes, and the sizes of what is around them. */
  readonly common: Shape
  readonly tail: readonly number[]
  /** Where the common axes stand among the others. */
  readonly place: number
  /** One position in the flattened picked axes for each element of the common shape. */
  readonly rows: Node
}

/** Whether the picks stand side by side. */
function adjacent(entries: readonly IndexEntry[]): boolean {
  const at = entries.flatMap((e, i) => (isPick(e) ? [i] : []))
  return at[at.length - 1] - at[0] === at.length - 1
}

const placeOf = (entries: readonly IndexEntry[]): number =>
  adjacent(entries) ? around(entries.slice(0, entries.findIndex(isPick))).length : 0

/** The index nodes of a pick, one for each of its axes, and their shape. */
function nodesOf(operation: string, e: Pick, shape: Shape): { nodes: Node[]; shape: Shape } {
  switch (e.kind) {
    case 'integer':
      return { nodes: [b.constant(e.value, 'i32')], shape: [] }
    case 'boolean':
      return { nodes: [], shape: [e.value ? 1 : 0] }
    case 'nodes':
      return { nodes: [fromFront(toIndex(operation, e.index), shape[e.axis])], shape: e.index.shape }
    case 'mask': {
      if (e.count === null) {
        throw new ValueError(
          `${operation}: expected the number of true elements of the mask, which is not known.`,
        )
      }
      const count = e.count
      const positions = nonzeroStatic(e.mask, count)
      const nodes = e.mask.shape.map((_, i) => b.reshape(b.sliceAxis(positions, 1, i, i + 1), [count]))
      return { nodes, shape: [count] }
    }
  }
}

const axesOf = (e: Pick): number[] => {
  if (e.kind === 'boolean') return []
  return e.kind === 'mask' ? range(e.mask.shape.length).map((i) => e.axis + i) : [e.axis]
}

function plan(operation: string, x: Node, entries: readonly IndexEntry[]): Plan {
  const picks = entries.filter(isPick)
  const picked = picks.flatMap(axesOf)
  const kept = range(x.shape.length).filter((a) => !picked.includes(a))
  const found = picks.map((e) => nodesOf(operation, e, x.shape))
  let common: Shape = []
  for (const { shape } of found) common = broadcastShapes(common, shape, operation)
  const parts = picks.flatMap((e, k) => {
    const axes = axesOf(e)
    return found[k].nodes.map((node, i) => ({ node, size: x.shape[axes[i]], checked: e.kind !== 'nodes' }))
  })
  const strides = stridesOf(parts.map((p) => p.size))
  const wide = parts.some((p) => p.node.dtype === 'i64') ? 'i64' : 'i32'
  let rows = b.full(common, 0, wide)
  parts.forEach(({ node, size, checked }, k) => {
    // With one axis the gather itself checks; with several, a bad position of one could be a good one of another.
    const safe = checked || parts.length === 1 ? node : checkedIndex(node, size)
    const term = stretch(b.cast(safe, wide), common)
    const scaled = strides[k] === 1 ? term : b.mul(term, like(term, strides[k]))
    rows = k === 0 ? scaled : b.add(rows, scaled)
  })
  return {
    entries,
    ranges: rangesOf(entries),
    picked,
    kept,
    common,
    tail: around(entries),
    place: placeOf(entries),
    rows: b.reshape(rows, [sizeOf(common)]),
  }
}

/** The picked axes in front, as one; the rest as another. */
function asRows(x: Node, { picked, kept }: Plan): Node {
  const moved = b.permute(x, [...picked, ...kept])
  const sizes = (axes: readonly number[]): number => sizeOf(axes.map((a) => x.shape[a]))
  return b.reshape(moved, [sizes(picked), sizes(kept)])
}

/** (common…, tail…) to the order of the result. */
function order({ common, tail, place }: Plan): number[] {
  const lead = range(common.length)
  const rest = range(tail.length).map((i) => common.length + i)
  return [...rest.slice(0, place), ...lead, ...rest.slice(place)]
}

const resultShape = ({ common, tail, place }: Plan): number[] => [
  ...tail.slice(0, place),
  ...common,
  ...tail.slice(place),
]

const column = (rows: Node, width: number): Node =>
  b.expand(b.reshape(rows, [rows.shape[0], 1]), [rows.shape[0], width])

/**
 * NumPy's x[items]. Integers (negative from the end) drop their axis, ranges cut it, '...' stands for the axes that
 * are not named, null makes an axis of size 1; integer nodes and masks pick elements and broadcast together. A bad
 * position in a node is an error when the program runs.
 */
export function index(x: Node, items: readonly IndexItem[]): Node {
  return indexAs('index', x, items)
}

/** `index` under the name that the user called. */
export function indexAs(operation: string, x: Node, items: readonly IndexItem[]): Node {
  const entries = readIndex(operation, items, x.shape)
  if (!needsGather(entries)) {
    const single = entries.map(
      (e): IndexEntry =>
        e.kind === 'integer' ? { kind: 'range', axis: e.axis, start: e.value, step: 1, size: 1 } : e,
    )
    return b.reshape(cut(x, rangesOf(single)), around(entries))
  }
  const p = plan(operation, x, entries)
  const source = asRows(cut(x, p.ranges), p)
  const [, width] = source.shape
  const got = b.gather(source, column(p.rows, width), 0)
  return b.permute(b.reshape(got, [...p.common, ...p.tail]), order(p))
}

export interface IndexPutOptions {
  /** Adds the values to what is there, those that meet too. Default false: the last value stays. */
  readonly accumulate?: boolean
}

/** NumPy's x[items] = values (or += with `accumulate`), as a new node; values broadcast to the shape of x[items]. */
export function indexPut(
  x: Node,
  items: readonly IndexItem[],
  values: Operand,
  { accumulate = false }: IndexPutOptions = {},
): Node {
  const operation = 'indexPut'
  const entries = readIndex(operation, items, x.shape)
  if (isNode(values) && values.dtype !== x.dtype) {
    throw new DTypeError(
      `${operation}: expected values of dtype ${x.dtype}, got ${values.dtype}. Cast with .to('${x.dtype}').`,
    )
  }
  const updates = isNode(values) ? values : lift(values, x.dtype)
  const filled = fillByMask(x, entries, updates, accumulate)
  if (filled !== null) return filled
  if (!needsGather(entries)) {
    const single = entries.map(
      (e): IndexEntry =>
        e.kind === 'integer' ? { kind: 'range', axis: e.axis, start: e.value, step: 1, size: 1 } : e,
    )
    const ranges = rangesOf(single)
    const part = cut(x, ranges)
    const given = b.reshape(spread(operation, updates, around(entries)), part.shape)
    return paste(x, ranges, accumulate ? sum(part, given) : given)
  }
  const p = plan(operation, x, entries)
  const part = cut(x, p.ranges)
  const target = asRows(part, p)
  const [, width] = target.shape
  const wide = spread(operation, updates, resultShape(p))
  const given = b.reshape(b.permute(wide, invertPermutation(order(p))), [p.rows.shape[0], width])
  const written =
    accumulate && x.dtype === 'bool'
      ? b.cast(b.scatter(b.cast(target, 'u8'), column(p.rows, width), b.cast(given, 'u8'), 0, 'max'), 'bool')
      : b.scatter(target, column(p.rows, width), given, 0, accumulate ? 'add' : 'set')
  const axes = [...p.picked, ...p.kept]
  const back = b.reshape(
    written,
    axes.map((a) => part.shape[a]),
  )
  return paste(x, p.ranges, b.permute(back, invertPermutation(axes)))
}

const sum = (x: Node, y: Node): Node => (x.dtype === 'bool' ? b.or(x, y) : b.add(x, y))

/** The values stretched to the shape of what they replace; leading axes of size 1 too many are dropped, as in NumPy. */
function spread(operation: string, values: Node, shape: Shape): Node {
  const extra = values.shape.length - shape.length
  const trimmed =
    extra > 0 && values.shape.slice(0, extra).every((n) => n === 1)
      ? b.reshape(values, values.shape.slice(extra))
      : values
  if (
    trimmed.shape.length > shape.length ||
    !sameShape(broadcastShapes(trimmed.shape, shape, operation), shape)
  ) {
    throw new ShapeError(
      `${operation}: values of shape ${formatShape(values.shape)} do not broadcast to the indexed shape ${formatShape(shape)}.`,
    )
  }
  return stretch(trimmed, shape)
}

/**
 * The case in which a mask needs no counting: it is the only pick, and the same values go to every place where it
 * holds. Null otherwise.
 */
function fillByMask(x: Node, entries: readonly IndexEntry[], values: Node, accumulate: boolean): Node | null {
  const picks = entries.filter(isPick)
  const [pick] = picks
  if (picks.length !== 1 || pick.kind !== 'mask') return null
  const tail = around(entries)
  const place = placeOf(entries)
  const shape = [...tail.slice(0, place), 1, ...tail.slice(place)]
  if (!fitsOnce(values.shape, shape, place)) return null
  const ranges = rangesOf(entries)
  const part = cut(x, ranges)
  const wide = spread('indexPut', values, shape)
  const maskAxes = axesOf(pick)
  // New axes go, and the one axis of what is picked becomes one for each axis of the mask.
  const aligned = b.reshape(
    wide,
    part.shape.map((n, a) => (maskAxes.includes(a) ? 1 : n)),
  )
  const mask = b.expand(
    b.reshape(
      pick.mask,
      part.shape.map((n, a) => (maskAxes.includes(a) ? n : 1)),
    ),
    part.shape,
  )
  const given = stretch(aligned, part.shape)
  return paste(x, ranges, b.where(mask, accumulate ? sum(part, given) : given, part))
}

/** Whether values have no axis, or size 1, where the picked elements are. */
function fitsOnce(values: Shape, shape: Shape, place: number): boolean {
  const at = values.length - (shape.length - place)
  return at < 0 || values[at] === 1
}

/** Whether `indexPut` with these items and values needs to know how many elements of its masks are true. */
export function putNeedsCount(x: Shape, items: readonly IndexItem[], values: Shape): boolean {
  const entries = readIndex('indexPut', items, x)
  const picks = entries.filter(isPick)
  if (!picks.some((e) => e.kind === 'mask')) return false
  if (picks.length > 1) return true
  const tail = around(entries)
  const place = placeOf(entries)
  return !fitsOnce(values, [...tail.slice(0, place), 1, ...tail.slice(place)], place)
}
