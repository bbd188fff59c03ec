/** Elements in another order or several times: reversed, rotated, repeated. */
import { DTypeError, ShapeError, ValueError } from '../core/errors.js'
import { checkList, formatShape, normalizeAxes, normalizeAxis, sizeOf } from '../core/shape.js'
import * as b from '../ir/build.js'
import type { Node } from '../ir/node.js'
import { isNode, requireRank } from './operand.js'
import { searchsorted } from './searching.js'
import { ravel, transpose, unsqueeze } from './shape.js'

/** Reverses the axes. */
export const flip = (x: Node, axes: number | readonly number[]): Node =>
  b.flip(x, normalizeAxes(axes, x.shape.length, 'flip'))

/** Reverses axis 1 of a tensor of rank 2 or more. */
export function fliplr(x: Node): Node {
  requireRank('fliplr', x, 2, Number.POSITIVE_INFINITY)
  return b.flip(x, [1])
}

/** Reverses axis 0 of a tensor of rank 1 or more. */
export function flipud(x: Node): Node {
  requireRank('flipud', x, 1, Number.POSITIVE_INFINITY)
  return b.flip(x, [0])
}

/** Rotates by k quarter turns in the plane of two axes, from the first towards the second. */
export function rot90(x: Node, k = 1, axes: readonly number[] = [0, 1]): Node {
  checkList(axes, 'rot90')
  const rank = x.shape.length
  if (!Number.isInteger(k)) throw new ValueError(`rot90: expected an integer number of turns, got ${k}.`)
  const [p, q] = axes.map((a) => normalizeAxis(a, rank, 'rot90'))
  if (axes.length !== 2 || p === q) {
    throw new ValueError(`rot90: expected two different axes, got ${formatShape(axes)}.`)
  }
  switch (((k % 4) + 4) % 4) {
    case 1:
      return transpose(b.flip(x, [q]), p, q)
    case 2:
      return b.flip(x, [Math.min(p, q), Math.max(p, q)])
    case 3:
      return b.flip(transpose(x, p, q), [q])
    default:
      return x
  }
}

/** Moves elements `shift` places on along each axis, around the end. Without axes: on the flattened tensor. */
export function roll(x: Node, shifts: number | readonly number[], axes?: number | readonly number[]): Node {
  if (axes === undefined) {
    if (typeof shifts !== 'number') throw new ValueError('roll: expected axes with several shifts, got none.')
    return b.reshape(roll(b.reshape(x, [sizeOf(x.shape)]), shifts, 0), x.shape)
  }
  const list = typeof axes === 'number' ? [axes] : axes
  const amounts = typeof shifts === 'number' ? [shifts] : shifts
  if (list.length !== amounts.length) {
    throw new ValueError(
      `roll: expected one shift an axis, got ${amounts.length} shifts and ${list.length} axes.`,
    )
  }
  let y = x
  list.forEach((axis, k) => {
    const a = normalizeAxis(axis, x.shape.length, 'roll')
    const n = x.shape[a]
    const shift = n === 0 ? 0 : ((amounts[k] % n) + n) % n
    if (shift !== 0) y = b.concat([b.sliceAxis(y, a, n - shift, n), b.sliceAxis(y, a, 0, n - shift)], a)
  })
  return y
}

/** The whole tensor repeated `repeats[i]` times along axis i; further repeats add axes in front (`torch.Tensor.repeat`). */
export function repeat(x: Node, repeats: readonly number[]): Node {
  checkList(repeats, 'repeat')
  if (!repeats.every((n) => Number.isInteger(n) && n >= 0)) {
    throw new ValueError(`repeat: expected counts ≥ 0, got ${formatShape(repeats)}.`)
  }
  const missing = repeats.length - x.shape.length
  if (missing < 0) {
    throw new ShapeError(
      `repeat: expected at least ${x.shape.length} counts for ${formatShape(x.shape)}, got ${formatShape(repeats)}.`,
    )
  }
  const shape = [...new Array<number>(missing).fill(1), ...x.shape]
  const wide = b.expand(
    b.reshape(
      x,
      shape.flatMap((n) => [1, n]),
    ),
    shape.flatMap((n, i) => [repeats[i], n]),
  )
  return b.reshape(
    wide,
    shape.map((n, i) => n * repeats[i]),
  )
}

/** As `repeat`, but with fewer counts than axes the last axes are meant (`numpy.tile`). */
export function tile(x: Node, repeats: readonly number[]): Node {
  checkList(repeats, 'tile')
  const missing = Math.max(0, x.shape.length - repeats.length)
  return repeat(x, [...new Array<number>(missing).fill(1), ...repeats])
}

export interface RepeatInterleaveOptions {
  /** The sum of the counts: needed where they are data, since the size of the result may not depend on data. */
  readonly outputSize?: number
}

/**
 * Each element repeated along an axis (null or left out: along the flattened tensor): all `repeats` times, or element
 * i repeats[i] times for a 1-d integer node.
 */
export function repeatInterleave(
  x: Node,
  repeats: number | Node,
  axis?: number | null,
  { outputSize }: RepeatInterleaveOptions = {},
): Node {
  const operation = 'repeatInterleave'
  if (axis === undefined || axis === null) return repeatInterleave(ravel(x), repeats, 0, { outputSize })
  const a = normalizeAxis(axis, x.shape.length, operation)
  const n = x.shape[a]
  if (!isNode(repeats)) {
    if (!Number.isInteger(repeats) || repeats < 0) {
      throw new ValueError(`${operation}: expected a count ≥ 0, got ${repeats}.`)
    }
    const wide = unsqueeze(x, a + 1)
    const stretched = b.expand(
      wide,
      wide.shape.map((m, i) => (i === a + 1 ? repeats : m)),
    )
    return b.reshape(
      stretched,
      x.shape.map((m, i) => (i === a ? m * repeats : m)),
    )
  }
  if (repeats.dtype !== 'i32' && repeats.dtype !== 'i64') {
    throw new DTypeError(
      `${operation}: expected i32 or i64 counts, got ${repeats.dtype}. Cast with .to('i64').`,
    )
  }
  if (repeats.shape.length > 1 || (sizeOf(repeats.shape) !== 1 && repeats.shape[0] !== n)) {
    throw new ShapeError(
      `${operation}: expected one count or ${n}, one for each element of axis ${axis}, got shape ${formatShape(repeats.shape)}.`,
    )
  }
  if (outputSize === undefined || !Number.isSafeInteger(outputSize) || outputSize < 0) {
    throw new ValueError(
      `${operation}: expected outputSize, the sum of the counts, where the counts are a tensor, got ${outputSize}.`,
    )
  }
  const counts = b.expand(b.reshape(repeats, [sizeOf(repeats.shape)]), [n])
  // Place p of the result comes from the first element whose running count is above p.
  const places = b.iota([outputSize], 0, repeats.dtype)
  const from =
    n === 0 ? places : b.cast(searchsorted(b.cumSum(counts, 0, false), places, { right: true }), 'i64')
  const column = b.reshape(
    from,
    x.shape.map((_, i) => (i === a ? outputSize : 1)),
  )
  return b.gather(
    x,
    b.expand(
      column,
      x.shape.map((m, i) => (i === a ? outputSize : m)),
    ),
    a,
  )
}
