/** Sums, means and maxima over bags of table rows, without the rows in between. */
import { isFloat } from '../core/dtype.js'
import { DTypeError, ShapeError, ValueError } from '../core/errors.js'
import { formatShape, normalizeAxis, sameShape } from '../core/shape.js'
import * as b from '../ir/build.js'
import type { Node } from '../ir/node.js'
import { embedding } from './indexing.js'
import { like, requireRank, stretch } from './operand.js'

export interface EmbeddingBagOptions {
  /** 'mean' (default), 'sum' or 'max'. */
  readonly mode?: 'mean' | 'sum' | 'max'
  /** Factors of the rows, shaped as the indices; 'sum' only. */
  readonly perSampleWeights?: Node | null
  /** A row that counts for nothing (not even in the mean) and gets no gradient. */
  readonly paddingIndex?: number | null
  /** The last offset is the end of the last bag and not the start of another. Default false. */
  readonly includeLastOffset?: boolean
}

interface Bags {
  /** Rows of the table for each index, (count, width). */
  readonly rows: Node
  /** The bag of each index, i32 [count]. */
  readonly bag: Node
  readonly bags: number
  /** Whether each index counts, bool [count]. */
  readonly counts: Node | null
}

function bagNumbers(
  index: Node,
  offsets: Node | null | undefined,
  includeLast: boolean,
): { bag: Node; bags: number } {
  if (index.shape.length === 2) {
    if (offsets)
      throw new ValueError('embeddingBag: offsets go with 1-d indices; rows of 2-d ones are the bags.')
    const [bags, length] = index.shape
    return { bag: b.reshape(b.iota([bags, length], 0, 'i32'), [bags * length]), bags }
  }
  if (offsets?.shape.length !== 1 || index.shape.length !== 1) {
    throw new ShapeError(
      `embeddingBag: expected indices (bags, length), or 1-d indices with 1-d offsets, got ${formatShape(index.shape)}` +
        `${offsets ? ` with offsets ${formatShape(offsets.shape)}` : ''}.`,
    )
  }
  const starts = offsets.shape[0]
  const [count] = index.shape
  // Bag of position i: how many offsets are at or before it, less one.
  const at = b.iota([count, starts], 0, 'i32')
  const begun = b.le(b.expand(b.reshape(b.cast(offsets, 'i32'), [1, starts]), [count, starts]), at)
  const bag = b.sub(b.reduceSum(b.cast(begun, 'i32'), [1]), b.full([count], 1, 'i32'))
  return { bag, bags: includeLast ? starts - 1 : starts }
}

function reduceBags({ rows, bag, bags, counts }: Bags, mode: 'mean' | 'sum' | 'max'): Node {
  const [count, width] = rows.shape
  const wide = (x: Node): Node => b.expand(b.reshape(x, [count, 1]), [count, width])
  const index = wide(bag)
  if (mode === 'max') {
    const lowest = Number.NEGATIVE_INFINITY
    const masked = counts === null ? rows : b.where(wide(counts), rows, like(rows, lowest))
    const y = b.scatter(b.full([bags, width], lowest, rows.dtype), index, masked, 0, 'max')
    return b.where(b.eq(y, like(y, lowest)), like(y, 0), y)
  }
  const masked = counts === null ? rows : b.where(wide(counts), rows, like(rows, 0))
  const total = b.scatter(b.full([bags, width], 0, rows.dtype), index, masked, 0, 'add')
  if (mode === 'sum') return total
  const ones = counts === null ? b.full([count], 1, rows.dtype) : b.cast(counts, rows.dtype)
  const sizes = b.scatter(b.full([bags], 0, rows.dtype), bag, ones, 0, 'add')
  const atLeastOne = b.maximum(sizes, like(sizes, 1))
  return b.div(total, b.expand(b.reshape(atLeastOne, [bags, 1]), [bags, width]))
}

/**
 * For each bag of indices into the rows of `weight` (entries, width) the mean (or sum, maximum) of the rows:
 * (bags, width), 0 for an empty bag. Bags are the rows of 2-d indices, or begin at `offsets` in 1-d ones.
 */
export function embeddingBag(
  index: Node,
  weight: Node,
  offsets?: Node | null,
  options: EmbeddingBagOptions = {},
): Node {
  const { mode = 'mean', perSampleWeights = null, paddingIndex = null, includeLastOffset = false } = options
  requireRank('embeddingBag', weight, 2, 2, '(entries, width)')
  if (isFloat(index.dtype) || index.dtype === 'bool') {
    throw new DTypeError(`embeddingBag: expected i32, i64 or u8 indices, got ${index.dtype}.`)
  }
  if (mode !== 'mean' && mode !== 'sum' && mode !== 'max') {
    throw new ValueError(`embeddingBag: expected mode 'mean', 'sum' or 'max', got '${mode as string}'.`)
  }
  if (perSampleWeights !== null && mode !== 'sum') {
    throw new ValueError(`embeddingBag: perSampleWeights go with mode 'sum', not with '${mode}'.`)
  }
  if (perSampleWeights !== null && !sameShape(perSampleWeights.shape, index.shape)) {
    throw new ShapeError(
      `embeddingBag: expected perSampleWeights of the indices' shape ${formatShape(index.shape)}, got ${formatShape(perSampleWeights.shape)}.`,
    )
  }
  const { bag, bags } = bagNumbers(index, offsets, includeLastOffset)
  const [count] = bag.shape
  const flat = b.reshape(index, [count])
  let rows = embedding(flat, weight, { paddingIndex })
  if (perSampleWeights !== null) {
    const factors = b.reshape(b.cast(perSampleWeights, weight.dtype), [count, 1])
    rows = b.mul(rows, stretch(factors, rows.shape))
  }
  if (paddingIndex === null) return reduceBags({ rows, bag, bags, counts: null }, mode)
  const row = normalizeAxis(paddingIndex, weight.shape[0], 'embeddingBag')
  const counts = b.logicalNot(b.eq(flat, like(flat, row)))
  return reduceBags({ rows, bag, bags, counts }, mode)
}
