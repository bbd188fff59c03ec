/**
 * Writing at positions that come from data: each function gives x with other elements at those places. Of several
 * writes to one place the last one counts, sums are added in a fixed order; an index out of range is an error when the
 * program runs.
 */
import { type DType, isFloat } from '../core/dtype.js'
import { DTypeError, ShapeError, ValueError } from '../core/errors.js'
import { formatShape, normalizeAxis, sameShape, sizeOf } from '../core/shape.js'
import * as b from '../ir/build.js'
import type { Node, ScatterMode } from '../ir/node.js'
import { cutTo, fromFront, spreadIndex, toIndex } from './indexing.js'
import { isNode, lift, like, type Operand, stretch } from './operand.js'
import { atleast1d } from './shape.js'

function requireSourceType(operation: string, x: Node, source: Node): void {
  if (source.dtype !== x.dtype) {
    throw new DTypeError(
      `${operation}: expected source elements of dtype ${x.dtype}, got ${source.dtype}. Cast with .to('${x.dtype}').`,
    )
  }
}

function requireNumbers(operation: string, x: Node): void {
  if (x.dtype === 'bool')
    throw new DTypeError(`${operation}: expected numbers, got bool. Cast with .to('u8').`)
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
  if (mode !== 'set') requireNumbers(operation, x)
  const target = atleast1d(x)
  const a = normalizeAxis(axis, target.shape.length, operation)
  const at = atleast1d(toIndex(operation, index))
  const region = cutTo(operation, target, at.shape, a)
  let updates: Node
  if (isNode(source)) {
    const src = atleast1d(source)
    requireSourceType(operation, x, src)
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

/**
 * x with x[index[i][j]][j] = source[i][j] (axis 0). Of duplicates the last wins. `source` may be a number. With `reduce`
 * the old element is added to ('add') or multiplied ('multiply').
 */
export function scatter(
  x: Node,
  axis: number,
  index: Node,
  source: Operand,
  { reduce }: { reduce?: 'add' | 'multiply' } = {},
): Node {
  if (reduce !== undefined && reduce !== 'add' && reduce !== 'multiply') {
    throw new ValueError(
      `scatter: expected reduce 'add' or 'multiply', got '${String(reduce)}'. scatterReduce has more.`,
    )
  }
  const mode = reduce === undefined ? 'set' : reduce === 'add' ? 'add' : 'mul'
  return scatterWith('scatter', x, axis, index, source, mode)
}

/** x with x[index[i][j]][j] += source[i][j] (axis 0); duplicates add up in a fixed order. */
export const scatterAdd = (x: Node, axis: number, index: Node, source: Operand): Node =>
  scatterWith('scatterAdd', x, axis, index, source, 'add')

const reductions = ['sum', 'prod', 'mean', 'amax', 'amin'] as const

export type ScatterReduction = (typeof reductions)[number]

export interface ScatterReduceOptions {
  /** Whether the old element takes part. Default true. */
  readonly includeSelf?: boolean
}

/** The largest (smallest) value of a dtype, everywhere. */
function extreme(x: Node, largest: boolean): Node {
  if (isFloat(x.dtype)) return like(x, largest ? Number.POSITIVE_INFINITY : Number.NEGATIVE_INFINITY)
  const lowest: Partial<Record<DType, number>> = { i32: -(2 ** 31), i64: -(2 ** 63) }
  const low = like(x, lowest[x.dtype] ?? 0)
  if (x.dtype === 'bool') return like(x, largest ? 1 : 0)
  return largest ? b.bitNot(low) : low
}

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
  options: ScatterReduceOptions = {},
): Node {
  return reduceInto('scatterReduce', x, axis, index, source, reduce, options)
}

function reduceInto(
  operation: string,
  x: Node,
  axis: number,
  index: Node,
  source: Node,
  reduce: ScatterReduction,
  { includeSelf = true }: ScatterReduceOptions,
): Node {
  if (!reductions.includes(reduce)) {
    throw new ValueError(`${operation}: expected reduce ${reductions.join(', ')}, got '${String(reduce)}'.`)
  }
  if (x.dtype === 'bool')
    throw new DTypeError(`${operation}: expected numbers, got bool. Cast with .to('u8').`)
  const start = includeSelf ? x : clearPlaces(operation, x, axis, index, reduce)
  const mode = ({ sum: 'add', mean: 'add', prod: 'mul', amax: 'max', amin: 'min' } as const)[reduce]
  const total = scatterWith(operation, start, axis, index, source, mode)
  if (reduce !== 'mean') return total
  const ones = scatterWith(operation, b.literal(x, includeSelf ? 1 : 0), axis, index, 1, 'add')
  const counts = includeSelf ? ones : b.maximum(ones, like(ones, 1))
  if (isFloat(x.dtype)) return b.div(total, counts)
  return b.div(b.sub(total, b.mod(total, counts)), counts)
}

/** x with what does not change a reduction at every place that an index names. */
function clearPlaces(operation: string, x: Node, axis: number, index: Node, reduce: ScatterReduction): Node {
  if (reduce === 'sum' || reduce === 'mean') return scatterWith(operation, x, axis, index, 0, 'set')
  if (reduce === 'prod') return scatterWith(operation, x, axis, index, 1, 'set')
  const hit = scatterWith(operation, b.full(x.shape, 0, 'i32'), axis, index, 1, 'set')
  return b.where(b.cast(hit, 'bool'), extreme(x, reduce === 'amin'), x)
}

/** Slices along an axis as scatter sees them: the index stretched, the source checked to be as large. */
function sliceTargets(
  operation: string,
  x: Node,
  axis: number,
  index: Node,
  source: Node,
): { target: Node; a: number; at: Node; updates: Node } {
  const target = atleast1d(x)
  const a = normalizeAxis(axis, target.shape.length, operation)
  const at = spreadIndex(operation, target, a, index)
  requireSourceType(operation, x, source)
  const updates = x.shape.length === 0 ? b.reshape(source, [sizeOf(source.shape)]) : source
  if (!sameShape(at.shape, updates.shape)) {
    throw new ShapeError(
      `${operation}: expected a source of shape ${formatShape(at.shape)}, got ${formatShape(source.shape)}.`,
    )
  }
  return { target, a, at, updates }
}

/** x with `alpha` (default 1) times slice i of `source` added to slice index[i] along `axis`. */
export function indexAdd(
  x: Node,
  axis: number,
  index: Node,
  source: Node,
  { alpha = 1 }: { alpha?: number } = {},
): Node {
  requireNumbers('indexAdd', x)
  const { target, a, at, updates } = sliceTargets('indexAdd', x, axis, index, source)
  const scaled = alpha === 1 ? updates : b.mul(updates, stretch(lift(alpha, x.dtype), updates.shape))
  return b.reshape(b.scatter(target, at, scaled, a, 'add'), x.shape)
}

/** x with slice i of `source` in place of slice index[i] along `axis`. */
export function indexCopy(x: Node, axis: number, index: Node, source: Node): Node {
  const { target, a, at, updates } = sliceTargets('indexCopy', x, axis, index, source)
  return b.reshape(b.scatter(target, at, updates, a, 'set'), x.shape)
}

/** x with `value` (a number or 0-d) in the slices that a 1-d index names along `axis`. */
export function indexFill(x: Node, axis: number, index: Node, value: Operand): Node {
  const target = atleast1d(x)
  const a = normalizeAxis(axis, target.shape.length, 'indexFill')
  if (isNode(value) && value.shape.length !== 0) {
    throw new ShapeError(
      `indexFill: expected a number or a 0-d value, got shape ${formatShape(value.shape)}. Use indexCopy.`,
    )
  }
  const at = spreadIndex('indexFill', target, a, index)
  return b.reshape(b.scatter(target, at, stretch(lift(value, x.dtype), at.shape), a, 'set'), x.shape)
}

/** x with slice i of `source` reduced into slice index[i] along `axis`, as `scatterReduce`. */
export function indexReduce(
  x: Node,
  axis: number,
  index: Node,
  source: Node,
  reduce: ScatterReduction,
  options: ScatterReduceOptions = {},
): Node {
  const { target, a, at, updates } = sliceTargets('indexReduce', x, axis, index, source)
  return b.reshape(reduceInto('indexReduce', target, a, at, updates, reduce, options), x.shape)
}

/**
 * x with the elements of `source` at positions of the flattened x (or added there, with `accumulate`); negative
 * positions count from the end.
 */
export function put(
  x: Node,
  index: Node,
  source: Node,
  { accumulate = false }: { accumulate?: boolean } = {},
): Node {
  requireSourceType('put', x, source)
  if (accumulate) requireNumbers('put with accumulate', x)
  if (sizeOf(index.shape) !== sizeOf(source.shape)) {
    throw new ShapeError(
      `put: expected as many positions as elements of the source, got ${formatShape(index.shape)} and ${formatShape(source.shape)}.`,
    )
  }
  const n = sizeOf(x.shape)
  const at = fromFront(b.reshape(toIndex('put', index), [sizeOf(index.shape)]), n)
  const updates = b.reshape(source, at.shape)
  return b.reshape(b.scatter(b.reshape(x, [n]), at, updates, 0, accumulate ? 'add' : 'set'), x.shape)
}
