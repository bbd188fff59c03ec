/** What `at` and `indexPut` take between their brackets, as types and as the items that `ops/` knows. */

import { writeElement } from '../core/dtype.js'
import { ValueError } from '../core/errors.js'
import { sizeOf } from '../core/shape.js'
import { Storage } from '../core/storage.js'
import * as build from '../ir/build.js'
import type { IndexItem, Slice } from '../ops/index-expression.js'
import { nonzeroCount } from '../ops/masking.js'
import { TensorBase } from './base.js'
import { lookAt } from './data-dependent.js'

export type { Slice } from '../ops/index-expression.js'

type N = bigint

/** Python's range of positions as text: ':', '1:', ':-1', '1:-1', '::2', '1:-1:2', '::-1'. */
export type RangeText =
  | ':'
  | '::'
  | `${N}:`
  | `:${N}`
  | `${N}:${N}`
  | `::${N}`
  | `${N}::${N}`
  | `:${N}:${N}`
  | `${N}:${N}:${N}`

/**
 * One index: an integer (negative from the end), a range as text or from `slice()`, '...' for all axes that are not
 * named, null for a new axis, an integer tensor or list, a bool tensor or list (a mask), true or false.
 */
export type IndexArgument =
  | number
  | RangeText
  | '...'
  | Slice
  | null
  | boolean
  | TensorBase
  | readonly number[]
  | readonly boolean[]

/**
 * The positions start, start + step, … up to but without `stop`, as an index: `x.at(slice(1, -1, 2))` is Python's
 * x[1:-1:2]. Null (or nothing) is as far as possible, a negative step goes backwards.
 */
export function slice(start?: number | null, stop?: number | null, step?: number | null): Slice {
  return Object.freeze({ start: start ?? null, stop: stop ?? null, step: step ?? null })
}

const insteadOfMask =
  'Use where() or maskedFill() with the mask, or nonzeroStatic() for a fixed number of its elements.'

/** A list of numbers as a constant i32 node, one of booleans as a mask whose count is known. */
function fromList(operation: string, list: readonly (number | boolean)[]): IndexItem {
  const isMask = list.length > 0 && list.every((v) => typeof v === 'boolean')
  if (!isMask && !list.every((v) => typeof v === 'number' && Number.isInteger(v))) {
    throw new ValueError(
      `${operation}: expected a list of integers or of booleans as an index, got [${list.join(', ')}]. Use tensors for more axes.`,
    )
  }
  const dtype = isMask ? 'bool' : 'i32'
  const storage = new Storage(dtype, list.length)
  const array = storage.write()
  list.forEach((v, i) => {
    writeElement(dtype, array, i, Number(v))
  })
  const node = build.buffer(storage, [list.length])
  return isMask ? { mask: node, count: list.filter(Boolean).length } : node
}

/** The arguments as items. Masks are counted where `counted`, which is a look at their values. */
export function indexItems(operation: string, list: readonly IndexArgument[], counted: boolean): IndexItem[] {
  if (!Array.isArray(list)) {
    throw new ValueError(`${operation}: expected a list of indices, such as [0, '1:'], got ${String(list)}.`)
  }
  return list.map((item: IndexArgument): IndexItem => {
    if (Array.isArray(item)) return fromList(operation, item)
    if (!(item instanceof TensorBase)) return item as Exclude<typeof item, readonly unknown[]>
    const { node } = item
    if (node.dtype !== 'bool') return node
    if (sizeOf(node.shape) === 0) return { mask: node, count: 0 }
    const count = counted ? lookAt(`${operation} with a mask`, insteadOfMask, nonzeroCount(node)) : null
    return { mask: node, count }
  })
}
