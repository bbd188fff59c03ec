/** Tensors that run through all pairs, tuples or combinations of the elements of vectors. */
import { ShapeError, ValueError } from '../core/errors.js'
import { formatShape, range, sizeOf } from '../core/shape.js'
import * as b from '../ir/build.js'
import type { Node } from '../ir/node.js'
import { nonzeroStatic } from './masking.js'
import { requireRank, requireSameDType, resultType } from './operand.js'

export interface MeshgridOptions {
  /** 'ij' (default): axis k belongs to vector k. 'xy': the first two axes change places, as in a picture. */
  readonly indexing?: 'ij' | 'xy'
}

/** For vectors of n₀, n₁, … elements as many tensors (n₀, n₁, …), the k-th of which varies along axis k only. */
export function meshgrid(xs: readonly Node[], { indexing = 'ij' }: MeshgridOptions = {}): Node[] {
  if (xs.length === 0) throw new ShapeError('meshgrid: expected at least one tensor, got none.')
  if (indexing !== 'ij' && indexing !== 'xy') {
    throw new ValueError(`meshgrid: expected indexing 'ij' or 'xy', got '${String(indexing)}'.`)
  }
  for (const x of xs) {
    requireRank('meshgrid', x, 0, 1)
    requireSameDType('meshgrid', xs[0], x)
  }
  const sizes = xs.map((x) => sizeOf(x.shape))
  const grids = xs.map((x, k) =>
    b.expand(
      b.reshape(
        x,
        sizes.map((n, i) => (i === k ? n : 1)),
      ),
      sizes,
    ),
  )
  if (indexing === 'ij' || xs.length < 2) return grids
  const order = [1, 0, ...range(xs.length).slice(2)]
  return grids.map((grid) => b.permute(grid, order))
}

/** Every choice of one element of each vector, as rows: (n₀·n₁·…, k). One vector gives itself. */
export function cartesianProd(...xs: readonly Node[]): Node {
  if (xs.length === 0) throw new ShapeError('cartesianProd: expected at least one tensor, got none.')
  for (const x of xs) requireRank('cartesianProd', x, 1)
  if (xs.length === 1) return xs[0]
  const dtype = resultType(...xs)
  const columns = meshgrid(xs.map((x) => b.cast(x, dtype))).map((g) => b.reshape(g, [sizeOf(g.shape), 1]))
  return b.concat(columns, 1)
}

/**
 * All subsets of `r` (default 2) elements of a vector, as rows in order of position: (n choose r, r). With
 * `withReplacement` an element may be chosen again.
 */
export function combinations(x: Node, r = 2, withReplacement = false): Node {
  requireRank('combinations', x, 1)
  if (!Number.isInteger(r) || r < 0) {
    throw new ValueError(`combinations: expected a number of elements ≥ 0, got ${r}.`)
  }
  const [n] = x.shape
  if (r === 0) return b.full([0], 0, x.dtype)
  if (r === 1) return b.reshape(x, [n, 1])
  const shape = range(r).map(() => n)
  const all = sizeOf(shape)
  if (all > 2 ** 31) {
    throw new ValueError(
      `combinations: ${r} elements of ${formatShape(x.shape)} are too many to run through (${all}).`,
    )
  }
  // Choosing with repetition from n is choosing without from n + r - 1.
  const from = withReplacement ? n + r - 1 : n
  let count = 1
  for (let i = 0; i < r; i++) count = Math.round((count * Math.max(0, from - i)) / (i + 1))
  if (n === 0 || count === 0) return b.full([0, r], 0, x.dtype)
  let rising: Node | null = null
  for (let k = 0; k + 1 < r; k++) {
    const [p, q] = [b.iota(shape, k, 'i32'), b.iota(shape, k + 1, 'i32')]
    const step = withReplacement ? b.le(p, q) : b.lt(p, q)
    rising = rising === null ? step : b.and(rising, step)
  }
  const positions = nonzeroStatic(rising!, count)
  return b.reshape(b.gather(x, b.reshape(positions, [count * r]), 0), [count, r])
}
