/**
 * A contraction as a plain sum of products, where a register tile would not pay: matrix times vector, very thin
 * matrices, one output channel a group, and dtypes without vectors. Which form a contraction takes depends on its
 * shape and dtype only, and so do its bits.
 */

import { sizeOf } from '../core/shape.js'
import * as b from '../ir/build.js'
import { isOp, type Node } from '../ir/node.js'
import { contractShape, matrixSizes } from './contract-shape.js'
import { isThin, isThinOverWindows } from './thin-contract.js'

/** Rows or columns below this make a sum of products. */
const thin = 3

export function contractAsReduction(node: Node): Node | null {
  if (!isOp(node, 'contract')) return null
  const s = contractShape(node)
  const [m, n, k] = matrixSizes(s)
  if (k === 0) return b.literal(node, 0)
  if (isThin(node) || isThinOverWindows(node)) return null
  const float = node.dtype === 'f32' || node.dtype === 'f16' || node.dtype === 'bf16'
  if (float && m >= thin && n >= thin && sizeOf(node.shape) > 0) return null
  const batch = sizeOf(s.batch)
  const left = b.reshape(b.permute(node.inputs[0], s.leftOrder), [batch, m, k])
  const right = b.reshape(b.permute(node.inputs[1], s.rightOrder), [batch, k, n])
  // With few columns lanes run along the inner dimension, else along the columns.
  if (n < thin || n < k / 64) {
    const shape = [batch, m, n, k]
    const x = b.expand(b.reshape(left, [batch, m, 1, k]), shape)
    const y = b.expand(b.reshape(b.permute(right, [0, 2, 1]), [batch, 1, n, k]), shape)
    return b.reshape(b.sumProducts(x, y, [3]), node.shape)
  }
  const shape = [batch, m, k, n]
  const x = b.expand(b.reshape(left, [batch, m, k, 1]), shape)
  const y = b.expand(b.reshape(right, [batch, 1, k, n]), shape)
  return b.reshape(b.sumProducts(x, y, [2]), node.shape)
}
