/**
 * Choosing by a mask. What would have as many elements as the mask has true ones is given that number here: the size
 * of a node never depends on data. `Tensor` looks at the mask first, and passes it.
 */
import type { DType } from '../core/dtype.js'
import { DTypeError, ShapeError, ValueError } from '../core/errors.js'
import { broadcastShapes, formatShape, range, sameShape, sizeOf, stridesOf } from '../core/shape.js'
import * as b from '../ir/build.js'
import type { Node } from '../ir/node.js'
import { isNode, lift, like, type Operand, stretch } from './operand.js'

export function requireMask(operation: string, mask: Node): void {
  if (mask.dtype !== 'bool') {
    throw new DTypeError(
      `${operation}: expected a bool mask, got ${mask.dtype}. Compare first, for example with .ne(0).`,
    )
  }
}

const flat = (x: Node): Node => b.reshape(x, [sizeOf(x.shape)])

/** How many elements are ≠ 0, as i64 (not a size yet: somebody has to look at it). */
export const nonzeroCount = (x: Node): Node => b.reduceSum(b.cast(b.cast(flat(x), 'bool'), 'i64'), [0])

/** For each element of a flat mask, how many true ones come before it. */
function ranks(mask: Node): Node {
  const hits = b.cast(mask, positionType(mask.shape[0]))
  return b.sub(b.cumSum(hits, 0, false), hits)
}

/** Narrow arithmetic where every position of `n` elements fits. */
const positionType = (n: number): DType => (n < 2 ** 31 ? 'i32' : 'i64')

/** Positions in the flattened x of its first `size` elements that are ≠ 0; `fillValue` where there are fewer. */
function flatNonzero(x: Node, size: number, fillValue: number): Node {
  const mask = flat(b.cast(x, 'bool'))
  const n = mask.shape[0]
  const dtype = positionType(n)
  if (n === 0 || size === 0) return b.full([size], fillValue, dtype)
  const rank = ranks(mask)
  // Elements that are not asked for all go to one place behind the end, which is cut off.
  const behind = like(rank, size)
  const target = b.where(mask, b.minimum(rank, behind), behind)
  const positions = b.scatter(b.full([size + 1], fillValue, dtype), target, b.iota([n], 0, dtype), 0, 'set')
  return b.sliceAxis(positions, 0, 0, size)
}

function checkSize(operation: string, size: number): void {
  if (!Number.isSafeInteger(size) || size < 0) {
    throw new ValueError(`${operation}: expected a size ≥ 0, got ${size}.`)
  }
}

/**
 * The positions of the first `size` elements that are ≠ 0, in row-major order: (size, rank), i64. Rows that are left
 * over hold `fillValue` (default -1). Its size is known beforehand, so it can be compiled and mapped.
 */
export function nonzeroStatic(x: Node, size: number, fillValue = -1): Node {
  checkSize('nonzeroStatic', size)
  const rank = x.shape.length
  if (rank === 0) return b.full([size, 0], fillValue, 'i64')
  const at = flatNonzero(x, size, -1)
  const missing = b.lt(at, like(at, 0))
  const strides = stridesOf(x.shape)
  const columns = range(rank).map((a) => {
    const steps = b.div(at, like(at, Math.max(1, strides[a])))
    const index = a === 0 ? steps : b.mod(steps, like(at, Math.max(1, x.shape[a])))
    return b.reshape(b.where(missing, like(at, fillValue), index), [size, 1])
  })
  return b.cast(b.concat(columns, 1), 'i64')
}

/** x and a mask, stretched to their common shape. */
export function maskPair(operation: string, x: Node, mask: Node): [Node, Node] {
  requireMask(operation, mask)
  const shape = broadcastShapes(x.shape, mask.shape, operation)
  return [stretch(x, shape), stretch(mask, shape)]
}

/** The `count` elements of x where the mask holds, in row-major order, 1-d; both broadcast. */
export function maskedSelect(x: Node, mask: Node, count: number): Node {
  checkSize('maskedSelect', count)
  const [wide, chosen] = maskPair('maskedSelect', x, mask)
  if (count === 0) return b.sliceAxis(flat(wide), 0, 0, 0)
  return b.gather(flat(wide), flatNonzero(chosen, count, 0), 0)
}

/** x with `value` where the mask holds. `value` (a number or 0-d node) takes the dtype of x. */
export function maskedFill(x: Node, mask: Node, value: Operand): Node {
  requireMask('maskedFill', mask)
  if (isNode(value) && value.shape.length !== 0) {
    throw new ShapeError(
      `maskedFill: expected a number or a 0-d value, got shape ${formatShape(value.shape)}. Use where.`,
    )
  }
  const shape = broadcastShapes(x.shape, mask.shape, 'maskedFill')
  return b.where(stretch(mask, shape), stretch(lift(value, x.dtype), shape), stretch(x, shape))
}

/**
 * x with the elements of `source`, in row-major order, at the places where the mask (broadcast to x) holds. A source
 * with too few elements is an error when the program runs.
 */
export function maskedScatter(x: Node, mask: Node, source: Node): Node {
  requireMask('maskedScatter', mask)
  if (source.dtype !== x.dtype) {
    throw new DTypeError(
      `maskedScatter: expected source elements of dtype ${x.dtype}, got ${source.dtype}. Cast with .to('${x.dtype}').`,
    )
  }
  const shape = broadcastShapes(x.shape, mask.shape, 'maskedScatter')
  if (!sameShape(shape, x.shape)) {
    throw new ShapeError(
      `maskedScatter: mask ${formatShape(mask.shape)} does not broadcast to ${formatShape(x.shape)}.`,
    )
  }
  const n = sizeOf(shape)
  if (n === 0) return x
  const values = flat(source)
  // An index is needed even where nothing is taken; with an empty source that index is a zero put there for it.
  const pool = values.shape[0] === 0 ? b.full([1], 0, x.dtype) : values
  const places = flat(stretch(mask, shape))
  const rank = ranks(places)
  const wanted = values.shape[0] === 0 ? b.add(rank, like(rank, 1)) : rank
  const from = b.where(places, wanted, like(rank, 0))
  return b.where(stretch(mask, shape), b.reshape(b.gather(pool, from, 0), shape), x)
}
