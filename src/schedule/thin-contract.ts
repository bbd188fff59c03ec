/**
 * Contractions of a matrix with one or two vectors: nothing is read twice, so a register tile would only copy. They keep
 * their form and have a lowering of their own, whose sums run over the inner dimension in vectors, however the matrix
 * lies in memory.
 */

import { range, sizeOf } from '../core/shape.js'
import * as b from '../ir/build.js'
import { isOp, type Node } from '../ir/node.js'
import { contractShape, matrixSizes } from './contract-shape.js'

/** Fewer rows than this leave a tile idle. */
const fewRows = 3
/** Columns and inner steps from which vectors along both are filled. */
const leastColumns = 16
export const leastInner = 64

/** Whether a contraction is lowered as thin: few rows on the left, a matrix on the right. */
export const isThin = (node: Node): boolean => hasFewRows(node) && !readsWindows(node.inputs[1])

/** Whether it would be, if its right side were not a convolution's windows: those are read many times, in rows of the image. */
export const isThinOverWindows = (node: Node): boolean => hasFewRows(node) && readsWindows(node.inputs[1])

function hasFewRows(node: Node): boolean {
  if (!isOp(node, 'contract') || node.dtype !== 'f32' || node.attrs.accumulate !== 'f32') return false
  const [m, n, k] = matrixSizes(contractShape(node))
  return m < fewRows && n >= leastColumns && k >= leastInner
}

function readsWindows(node: Node): boolean {
  let at = node
  while (isOp(at, 'reshape') || isOp(at, 'permute') || isOp(at, 'expand') || isOp(at, 'slice'))
    at = at.inputs[0]
  return isOp(at, 'window') && at.attrs.ofConv === true && sizeOf(at.attrs.size) > 1
}

/** x·y as (yᵀ·xᵀ)ᵀ where y has few columns: the matrix comes to the right. */
export function turnThin(node: Node): Node | null {
  if (!isOp(node, 'contract') || isThin(node)) return null
  const { batch, contracting, accumulate, exact } = node.attrs
  const s = contractShape(node)
  const turned = b.contract(node.inputs[1], node.inputs[0], {
    batch: [batch[1], batch[0]],
    contracting: [contracting[1], contracting[0]],
    accumulate,
    ...(exact === undefined ? {} : { exact }),
  })
  if (!isThin(turned)) return null
  const [g, rows, columns] = [s.batch.length, s.rows.length, s.columns.length]
  return b.permute(turned, [
    ...range(g),
    ...range(rows).map((i) => g + columns + i),
    ...range(columns).map((i) => g + i),
  ])
}
