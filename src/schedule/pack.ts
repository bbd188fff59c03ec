/** The left side of a contraction, laid out for a register tile of `rows`: (batch, ⌈M/rows⌉, K, rows), zeros at the end. */

import { range, sizeOf } from '../core/shape.js'
import * as b from '../ir/build.js'
import { isOp, type Node } from '../ir/node.js'
import { contractShape, matrixSizes } from './contract-shape.js'

/** Batch axes along which the left side is the same for every index (a broadcast). */
export function sharedBatchAxes(node: Node<'contract'>): number[] {
  const [x] = node.inputs
  const { batch } = node.attrs
  if (!isOp(x, 'expand')) return []
  return range(batch[0].length).filter(
    (i) => x.inputs[0].shape[batch[0][i]] === 1 && x.shape[batch[0][i]] !== 1,
  )
}

/** Rows of the tile for a matrix of m rows: at most `rows`, and such that the last tile is not much shorter. */
export const tileRows = (m: number, rows: number): number => Math.ceil(m / Math.ceil(m / rows))

export function packLeft(node: Node<'contract'>, rows: number): Node {
  const s = contractShape(node)
  const [m, , k] = matrixSizes(s)
  const shared = sharedBatchAxes(node)
  const ordered = b.permute(node.inputs[0], s.leftOrder)
  // One copy where the batch only repeats it.
  const once = b.slice(
    ordered,
    ordered.shape.map(() => 0),
    ordered.shape.map((n, i) => (shared.includes(i) ? 1 : n)),
  )
  const batch = sizeOf(s.batch.map((n, i) => (shared.includes(i) ? 1 : n)))
  const tile = tileRows(m, rows)
  const tiles = Math.ceil(m / tile)
  const matrix = b.reshape(once, [batch, m, k])
  const padded = b.pad(matrix, [0, 0, 0], [0, tiles * tile - m, 0], [0, 0, 0], 0)
  return b.permute(b.reshape(padded, [batch, tiles, tile, k]), [0, 1, 3, 2])
}
