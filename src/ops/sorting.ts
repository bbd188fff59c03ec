/** Elements in order along an axis, and where they came from. Sorting is stable; NaN counts as largest. */
import { ValueError } from '../core/errors.js'
import { formatShape, normalizeAxis } from '../core/shape.js'
import * as b from '../ir/build.js'
import type { Node } from '../ir/node.js'
import type { ValuesAndIndices } from './reductions.js'
import { atleast1d } from './shape.js'

export interface SortOptions {
  /** Default -1. */
  readonly axis?: number
  /** Default false. */
  readonly descending?: boolean
}

/** x in order along an axis, and the positions (i64) its elements came from. Stable; NaN counts as largest. */
export function sort(x: Node, { axis = -1, descending = false }: SortOptions = {}): ValuesAndIndices {
  const source = atleast1d(x)
  const a = normalizeAxis(axis, source.shape.length, 'sort')
  const [values, positions] = b.sort([source, b.iota(source.shape, a, 'i32')], a, descending)
  return { values: b.reshape(values, x.shape), indices: b.reshape(b.cast(positions, 'i64'), x.shape) }
}

/** The positions that would sort x along an axis, i64. */
export const argsort = (x: Node, options: SortOptions = {}): Node => sort(x, options).indices

/** x in order along axis 0. */
export const msort = (x: Node): Node => sort(x, { axis: 0 }).values

export interface TopkOptions {
  /** Default -1. */
  readonly axis?: number
  /** The largest (default) or the smallest. */
  readonly largest?: boolean
}

/** The k largest (or smallest) elements along an axis in order, and their positions (i64). */
export function topk(x: Node, k: number, { axis = -1, largest = true }: TopkOptions = {}): ValuesAndIndices {
  const source = atleast1d(x)
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

export interface KthvalueOptions {
  /** Default -1. */
  readonly axis?: number
  /** The axis stays with size 1. Default false. */
  readonly keepdim?: boolean
}

/** The k-th smallest element along an axis (k from 1), and its position (i64). */
export function kthvalue(
  x: Node,
  k: number,
  { axis = -1, keepdim = false }: KthvalueOptions = {},
): ValuesAndIndices {
  const source = atleast1d(x)
  const a = normalizeAxis(axis, source.shape.length, 'kthvalue')
  if (!Number.isInteger(k) || k < 1 || k > source.shape[a]) {
    throw new ValueError(
      `kthvalue: expected k from 1 to ${source.shape[a]}, the size of axis ${axis} of ${formatShape(x.shape)}, got ${k}.`,
    )
  }
  const { values, indices } = sort(source, { axis: a })
  const shape =
    x.shape.length === 0 ? [] : source.shape.flatMap((n, i) => (i === a ? (keepdim ? [1] : []) : [n]))
  const pick = (y: Node): Node => b.reshape(b.sliceAxis(y, a, k - 1, k), shape)
  return { values: pick(values), indices: pick(indices) }
}
