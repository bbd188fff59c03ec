/** Where values belong in a sorted sequence. */
import { DTypeError, ShapeError, ValueError } from '../core/errors.js'
import { formatShape, sameShape, sizeOf } from '../core/shape.js'
import * as b from '../ir/build.js'
import type { Node } from '../ir/node.js'
import { isNode, lift, like, type Operand, requireRank } from './operand.js'

export interface SearchOptions {
  /** The last suitable place instead of the first: behind elements that are equal. Default false. */
  readonly right?: boolean
  /** i32 instead of i64. Default false. */
  readonly outInt32?: boolean
}

export interface SearchSortedOptions extends SearchOptions {
  /** 'left' (default) or 'right': another way to say `right`. */
  readonly side?: 'left' | 'right'
  /** The positions (of the sequence's shape) that sort an unsorted sequence, as `argsort` gives them. */
  readonly sorter?: Node
}

/** Up to this many elements all are compared at once; above, a binary search halves the range. */
const mostCompared = 64

/**
 * For each value the index (i64) at which it would be inserted to keep the sequence (…, n) sorted: how many elements are
 * < value, or ≤ value with `right`. A 1-d sequence serves values of any shape; otherwise they are (…, m) with the same
 * leading sizes. A NaN belongs behind everything.
 */
export function searchsorted(
  sequence: Node,
  values: Operand,
  { right = false, side, outInt32 = false, sorter }: SearchSortedOptions = {},
): Node {
  const operation = 'searchsorted'
  requireRank(operation, sequence, 1, Number.POSITIVE_INFINITY)
  if (side !== undefined && side !== 'left' && side !== 'right') {
    throw new ValueError(`${operation}: expected side 'left' or 'right', got '${String(side)}'.`)
  }
  if (side === 'left' && right) throw new ValueError(`${operation}: side 'left' contradicts right: true.`)
  const wanted = isNode(values) ? values : lift(values, sequence.dtype)
  if (wanted.dtype !== sequence.dtype) {
    throw new DTypeError(
      `${operation}: expected a sequence and values of one dtype, got ${sequence.dtype} and ${wanted.dtype}. Cast one with .to().`,
    )
  }
  if (sorter !== undefined && !sameShape(sorter.shape, sequence.shape)) {
    throw new ShapeError(
      `${operation}: expected a sorter of the sequence's shape ${formatShape(sequence.shape)}, got ${formatShape(sorter.shape)}.`,
    )
  }
  const shared = sequence.shape.length === 1
  const lead = sequence.shape.slice(0, -1)
  if (!shared && (wanted.shape.length !== lead.length + 1 || lead.some((n, i) => n !== wanted.shape[i]))) {
    throw new ShapeError(
      `${operation}: values ${formatShape(wanted.shape)} must have the leading sizes of the sequence ${formatShape(sequence.shape)}, or the sequence be 1-d.`,
    )
  }
  const n = sequence.shape[sequence.shape.length - 1]
  const rows = sizeOf(lead)
  const m = shared ? sizeOf(wanted.shape) : wanted.shape[wanted.shape.length - 1]
  const ordered = sorter === undefined ? sequence : b.gather(sequence, sorter, lead.length)
  const found = placesIn(
    b.reshape(ordered, [rows, n]),
    b.reshape(wanted, [rows, m]),
    right || side === 'right',
  )
  return b.reshape(b.cast(found, outInt32 ? 'i32' : 'i64'), wanted.shape)
}

/** Sequences (r, n), values (r, m) to places (r, m), i32. */
function placesIn(sequences: Node, values: Node, right: boolean): Node {
  const [rows, n] = sequences.shape
  const [, m] = values.shape
  if (n === 0 || m === 0 || rows === 0) return b.full([rows, m], 0, 'i32')
  // Written with a negation so that a NaN comes behind everything.
  const before = (element: Node, value: Node): Node =>
    b.logicalNot(right ? b.lt(value, element) : b.le(value, element))
  if (n <= mostCompared) {
    const wide = [rows, m, n]
    const elements = b.expand(b.reshape(sequences, [rows, 1, n]), wide)
    const wanted = b.expand(b.reshape(values, [rows, m, 1]), wide)
    return b.reduceSum(b.cast(before(elements, wanted), 'i32'), [2])
  }
  let low = b.full([rows, m], 0, 'i32')
  let high = b.full([rows, m], n, 'i32')
  const one = like(low, 1)
  for (let left = n; left > 0; left = Math.floor(left / 2)) {
    const open = b.lt(low, high)
    const middle = b.div(b.add(low, high), like(low, 2))
    // Where the search is over, `middle` may be n: any element will do, it is not used.
    const element = b.gather(sequences, b.minimum(middle, like(low, n - 1)), 1)
    const goesRight = before(element, values)
    low = b.where(b.and(open, goesRight), b.add(middle, one), low)
    high = b.where(b.and(open, b.logicalNot(goesRight)), middle, high)
  }
  return low
}

/**
 * The number of the bucket of each value between sorted boundaries (n): i with boundaries[i-1] < x ≤ boundaries[i], or
 * with `right` boundaries[i-1] ≤ x < boundaries[i].
 */
export function bucketize(x: Operand, boundaries: Node, options: SearchOptions = {}): Node {
  requireRank('bucketize', boundaries, 1)
  return searchsorted(boundaries, x, options)
}
