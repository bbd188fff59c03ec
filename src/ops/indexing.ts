/**
 * Reading at positions that come from data. Indices are i32 or i64 (u8 is cast) and are checked when the program runs:
 * one out of range is an error, never clamped.
 */
import type { DType } from '../core/dtype.js'
import { DTypeError, ShapeError, ValueError } from '../core/errors.js'
import { formatShape, normalizeAxis, type Shape, sizeOf } from '../core/shape.js'
import * as b from '../ir/build.js'
import type { Node } from '../ir/node.js'
import { like, requireRank, stretch } from './operand.js'
import { atleast1d } from './shape.js'

export function toIndex(operation: string, index: Node): Node {
  if (index.dtype === 'i32' || index.dtype === 'i64') return index
  if (index.dtype === 'u8') return b.cast(index, 'i32')
  throw new DTypeError(
    `${operation}: expected i32, i64 or u8 indices, got ${index.dtype}. Cast first with .to('i64').`,
  )
}

/** Negative indices count from the end of an axis of `size` elements. */
export function fromFront(index: Node, size: number): Node {
  return b.where(b.lt(index, like(index, 0)), b.add(index, like(index, size)), index)
}

/** `x` cut to the sizes of `shape`, except along `axis`. */
export function cutTo(operation: string, x: Node, shape: Shape, axis: number): Node {
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

/** out[i][j][k] = x[index[i][j][k]][j][k] for axis 0, and so on; the result has the index's shape. */
export function gather(x: Node, axis: number, index: Node): Node {
  const source = atleast1d(x)
  const a = normalizeAxis(axis, source.shape.length, 'gather')
  const at = atleast1d(toIndex('gather', index))
  return b.reshape(b.gather(cutTo('gather', source, at.shape, a), at, a), index.shape)
}

/** Index [n] stretched over the other axes of x. */
export function spreadIndex(operation: string, x: Node, a: number, index: Node): Node {
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
  const source = atleast1d(x)
  const a = normalizeAxis(axis, source.shape.length, 'indexSelect')
  const y = b.gather(source, spreadIndex('indexSelect', source, a, index), a)
  return x.shape.length === 0 ? b.reshape(y, []) : y
}

/** Elements of the flattened x at `index`; negative indices count from the end. */
export function take(x: Node, index: Node): Node {
  const at = toIndex('take', index)
  const n = sizeOf(x.shape)
  const flat = fromFront(b.reshape(at, [sizeOf(at.shape)]), n)
  return b.reshape(b.gather(b.reshape(x, [n]), flat, 0), at.shape)
}

/**
 * out[i][j][k] = x[index[i][j][k]][j][k] for axis 0, and so on, where x and the index broadcast outside the axis: what
 * `argsort`, `argmax` with keepdim and `topk` return. Without an axis: elements of the flattened x.
 */
export function takeAlongDim(x: Node, index: Node, axis?: number | null): Node {
  const operation = 'takeAlongDim'
  const at = toIndex(operation, index)
  if (axis === undefined || axis === null)
    return gather(b.reshape(x, [sizeOf(x.shape)]), 0, b.reshape(at, [sizeOf(at.shape)]))
  const rank = x.shape.length
  if (at.shape.length !== rank) {
    throw new ShapeError(
      `${operation}: expected an index of the rank of ${formatShape(x.shape)}, got ${formatShape(at.shape)}.`,
    )
  }
  const a = normalizeAxis(axis, rank, operation)
  const around = x.shape.map((n, i) => {
    const m = at.shape[i]
    if (i !== a && n !== m && n !== 1 && m !== 1) {
      throw new ShapeError(
        `${operation}: ${formatShape(x.shape)} and index ${formatShape(at.shape)} do not broadcast outside axis ${axis}.`,
      )
    }
    return n === 1 ? m : n
  })
  const wide = (y: Node): Node =>
    stretch(
      y,
      around.map((n, i) => (i === a ? y.shape[i] : n)),
    )
  return b.gather(wide(x), wide(at), a)
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

/** 1 at each index and 0 elsewhere, on a new last axis of size `numClasses`. Default dtype i64. */
export function oneHot(index: Node, numClasses: number, { dtype = 'i64' }: { dtype?: DType } = {}): Node {
  if (!Number.isInteger(numClasses) || numClasses < 1) {
    throw new ValueError(
      `oneHot: expected a number of classes ≥ 1, got ${numClasses}. (It is not found from the data.)`,
    )
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
