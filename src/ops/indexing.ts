/**
 * Reading and writing at positions that come from data. Indices are i32 or i64 (u8 is cast) and are checked when the
 * program runs: one out of range is an error, never clamped.
 */
import { type DType, isFloat } from '../core/dtype.js'
import { DTypeError, ShapeError, ValueError } from '../core/errors.js'
import { formatShape, normalizeAxis, type Shape, sameShape, sizeOf } from '../core/shape.js'
import * as b from '../ir/build.js'
import type { Node, ScatterMode } from '../ir/node.js'
import { isNode, lift, like, type Operand, requireRank, stretch } from './operand.js'
import type { ValuesAndIndices } from './reductions.js'

function toIndex(operation: string, index: Node): Node {
  if (index.dtype === 'i32' || index.dtype === 'i64') return index
  if (index.dtype === 'u8') return b.cast(index, 'i32')
  throw new DTypeError(
    `${operation}: expected i32, i64 or u8 indices, got ${index.dtype}. Cast first with .to('i64').`,
  )
}

/** `x` cut to the sizes of `shape`, except along `axis`. */
function cutTo(operation: string, x: Node, shape: Shape, axis: number): Node {
  if (x.shape.length !== shape.length || shape.some((n, i) => i !== axis && n > x.shape[i])) {
    throw new ShapeError(
      `${operation}: index ${formatShape(shape)} must have the rank of ${formatShape(x.shape)} and be no larger outside axis ${axis}.`,
    )
  }
  return b.slice(
    x,
    x.shape.map(() => 0),
    x.shape.map((n, i) => (i === axis ? n : shape[i])),
  )
}

/** 0-d tensors count as [1] here, as in PyTorch. */
const atLeast1d = (x: Node): Node => (x.shape.length === 0 ? b.reshape(x, [1]) : x)

/** out[i][j][k] = x[index[i][j][k]][j][k] for axis 0, and so on; the result has the index's shape. */
export function gather(x: Node, axis: number, index: Node): Node {
  const source = atLeast1d(x)
  const a = normalizeAxis(axis, source.shape.length, 'gather')
  const at = atLeast1d(toIndex('gather', index))
  return b.reshape(b.gather(cutTo('gather', source, at.shape, a), at, a), index.shape)
}

/** Combines `source` into x at the places `index` names along `axis`. */
function scatterWith(
  operation: string,
  x: Node,
  axis: number,
  index: Node,
  source: Operand,
  mode: ScatterMode,
): Node {
  const target = atLeast1d(x)
  const a = normalizeAxis(axis, target.shape.length, operation)
  const at = atLeast1d(toIndex(operation, index))
  const region = cutTo(operation, target, at.shape, a)
  let updates: Node
  if (isNode(source)) {
    const src = atLeast1d(source)
    if (src.dtype !== x.dtype) {
      throw new DTypeError(
        `${operation}: expected source elements of dtype ${x.dtype}, got ${src.dtype}. Cast with .to('${x.dtype}').`,
      )
    }
    if (src.shape.length !== at.shape.length || at.shape.some((n, i) => n > src.shape[i])) {
      throw new ShapeError(
        `${operation}: index ${formatShape(at.shape)} must be no larger than the source ${formatShape(src.shape)} on any axis.`,
      )
    }
    updates = b.slice(
      src,
      src.shape.map(() => 0),
      at.shape,
    )
  } else {
    updates = stretch(lift(source, x.dtype), at.shape)
  }
  const written = b.scatter(region, at, updates, a, mode)
  const whole = sameShape(region.shape, target.shape)
    ? written
    : b.dynamicUpdate(
        target,
        written,
        target.shape.map(() => b.constant(0, 'i32')),
      )
  return b.reshape(whole, x.shape)
}

/** x with x[index[i][j]][j] = source[i][j] (axis 0). Of duplicates the last wins. `source` may be a number. */
export const scatter = (x: Node, axis: number, index: Node, source: Operand): Node =>
  scatterWith('scatter', x, axis, index, source, 'set')

/** x with x[index[i][j]][j] += source[i][j] (axis 0); duplicates add up in a fixed order. */
export const scatterAdd = (x: Node, axis: number, index: Node, source: Operand): Node =>
  scatterWith('scatterAdd', x, axis, index, source, 'add')

export type ScatterReduction = 'sum' | 'prod' | 'mean' | 'amax' | 'amin'

/**
 * Reduces the source values that meet at one place. With `includeSelf` (default) the old element takes part, without
 * it only places that no index names keep it.
 */
export function scatterReduce(
  x: Node,
  axis: number,
  index: Node,
  source: Node,
  reduce: ScatterReduction,
  { includeSelf = true }: { includeSelf?: boolean } = {},
): Node {
  const operation = 'scatterReduce'
  const neutral = { sum: 0, mean: 0, prod: 1, amax: lowest(x.dtype), amin: highest(x.dtype) }[reduce]
  const start = includeSelf ? x : scatterWith(operation, x, axis, index, neutral, 'set')
  const mode = ({ sum: 'add', mean: 'add', prod: 'mul', amax: 'max', amin: 'min' } as const)[reduce]
  const total = scatterWith(operation, start, axis, index, source, mode)
  if (reduce !== 'mean') return total
  const ones = scatterWith(operation, b.literal(x, includeSelf ? 1 : 0), axis, index, 1, 'add')
  const counts = includeSelf ? ones : b.maximum(ones, like(ones, 1))
  if (isFloat(x.dtype)) return b.div(total, counts)
  return b.div(b.sub(total, b.mod(total, counts)), counts)
}

const lowest = (dtype: DType): number =>
  isFloat(dtype) ? Number.NEGATIVE_INFINITY : dtype === 'i32' ? -(2 ** 31) : dtype === 'i64' ? -(2 ** 63) : 0
const highest = (dtype: DType): number =>
  isFloat(dtype)
    ? Number.POSITIVE_INFINITY
    : dtype === 'i32'
      ? 2 ** 31 - 1
      : dtype === 'i64'
        ? 2 ** 53
        : dtype === 'u8'
          ? 255
          : 1

/** Index [n] stretched over the other axes of x. */
function spreadIndex(operation: string, x: Node, a: number, index: Node): Node {
  const at = toIndex(operation, index)
  if (at.shape.length > 1)
    throw new ShapeError(`${operation}: expected a 1-d index, got shape ${formatShape(at.shape)}.`)
  const n = sizeOf(at.shape)
  const column = b.reshape(
    at,
    x.shape.map((_, i) => (i === a ? n : 1)),
  )
  return b.expand(
    column,
    x.shape.map((m, i) => (i === a ? n : m)),
  )
}

/** The slices of x at the positions of a 1-d index along `axis`. */
export function indexSelect(x: Node, axis: number, index: Node): Node {
  const source = atLeast1d(x)
  const a = normalizeAxis(axis, source.shape.length, 'indexSelect')
  const y = b.gather(source, spreadIndex('indexSelect', source, a, index), a)
  return x.shape.length === 0 ? b.reshape(y, []) : y
}

/** x with slice i of `source` added to slice index[i] along `axis`. */
export function indexAdd(x: Node, axis: number, index: Node, source: Node): Node {
  const a = normalizeAxis(axis, x.shape.length, 'indexAdd')
  const at = spreadIndex('indexAdd', x, a, index)
  if (!sameShape(at.shape, source.shape)) {
    throw new ShapeError(
      `indexAdd: expected a source of shape ${formatShape(at.shape)}, got ${formatShape(source.shape)}.`,
    )
  }
  return b.scatter(x, at, source, a, 'add')
}

/** Elements of the flattened x at `index`. */
export function take(x: Node, index: Node): Node {
  const at = toIndex('take', index)
  const flat = b.reshape(at, [sizeOf(at.shape)])
  return b.reshape(b.gather(b.reshape(x, [sizeOf(x.shape)]), flat, 0), at.shape)
}

/**
 * Rows of `weight` (entries, width) for indices of any shape: (…) → (…, width). The row `paddingIndex` gets no
 * gradient.
 */
export function embedding(
  index: Node,
  weight: Node,
  { paddingIndex }: { paddingIndex?: number | null } = {},
): Node {
  requireRank('embedding', weight, 2, 2, '(entries, width)')
  const [entries, width] = weight.shape
  const at = toIndex('embedding', index)
  const column = b.reshape(at, [sizeOf(at.shape), 1])
  const wide = b.expand(column, [column.shape[0], width])
  let rows = b.gather(weight, wide, 0)
  if (paddingIndex !== undefined && paddingIndex !== null) {
    const row = normalizeAxis(paddingIndex, entries, 'embedding')
    rows = b.where(b.eq(wide, b.literal(wide, row)), b.stopGradient(rows), rows)
  }
  return b.reshape(rows, [...at.shape, width])
}

/** x with `value` where the mask holds. `value` (a number or 0-d node) takes the dtype of x. */
export function maskedFill(x: Node, mask: Node, value: Operand): Node {
  if (mask.dtype !== 'bool') {
    throw new DTypeError(
      `maskedFill: expected a bool mask, got ${mask.dtype}. Compare first, for example with .ne(0).`,
    )
  }
  if (isNode(value) && value.shape.length !== 0) {
    throw new ShapeError(
      `maskedFill: expected a number or a 0-d value, got shape ${formatShape(value.shape)}. Use where.`,
    )
  }
  return b.where(stretch(mask, x.shape), stretch(lift(value, x.dtype), x.shape), x)
}

/** 1 at each index and 0 elsewhere, on a new last axis of size `numClasses`. Default dtype i64. */
export function oneHot(index: Node, numClasses: number, { dtype = 'i64' }: { dtype?: DType } = {}): Node {
  if (!Number.isInteger(numClasses) || numClasses < 1) {
    throw new ValueError(`oneHot: expected a number of classes ≥ 1, got ${numClasses}.`)
  }
  const at = toIndex('oneHot', index)
  const wide = [...at.shape, numClasses]
  const target = b.expand(b.reshape(checkedIndex(at, numClasses), [...at.shape, 1]), wide)
  return b.cast(b.eq(b.iota(wide, at.shape.length, at.dtype), target), dtype)
}

/** The indices themselves, read through a gather over 0…size−1, so that one out of range is an error when it runs. */
export function checkedIndex(index: Node, size: number): Node {
  const at = toIndex('index', index)
  const flat = b.reshape(at, [sizeOf(at.shape)])
  return b.reshape(b.gather(b.iota([size], 0, at.dtype), flat, 0), at.shape)
}

/** x in order along an axis, and the positions (i64) its elements came from. Stable; NaN counts as largest. */
export function sort(
  x: Node,
  { axis = -1, descending = false }: { axis?: number; descending?: boolean } = {},
): ValuesAndIndices {
  const source = atLeast1d(x)
  const a = normalizeAxis(axis, source.shape.length, 'sort')
  const [values, positions] = b.sort([source, b.iota(source.shape, a, 'i32')], a, descending)
  return { values: b.reshape(values, x.shape), indices: b.reshape(b.cast(positions, 'i64'), x.shape) }
}

/** The positions that would sort x along an axis, i64. */
export const argsort = (x: Node, options: { axis?: number; descending?: boolean } = {}): Node =>
  sort(x, options).indices

/** The k largest (or smallest) elements along an axis in order, and their positions (i64). */
export function topk(
  x: Node,
  k: number,
  { axis = -1, largest = true }: { axis?: number; largest?: boolean } = {},
): ValuesAndIndices {
  const source = atLeast1d(x)
  const a = normalizeAxis(axis, source.shape.length, 'topk')
  if (!Number.isInteger(k) || k < 0 || k > source.shape[a]) {
    throw new ValueError(`topk: expected k from 0 to ${source.shape[a]}, the size of axis ${axis}, got ${k}.`)
  }
  const { values, indices } = sort(source, { axis: a, descending: largest })
  const shape = x.shape.length === 0 && k === 1 ? [] : null
  const first = (y: Node): Node => {
    const cut = b.sliceAxis(y, a, 0, k)
    return shape === null ? cut : b.reshape(cut, shape)
  }
  return { values: first(values), indices: first(indices) }
}
