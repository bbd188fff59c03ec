/** A contraction of bf16, which is summed in f32 and rounded at its end, as one of f32: the same bits, and kernels that pair. */
import * as b from '../ir/build.js'
import { isOp, type Node } from '../ir/node.js'
import { widenForProduct } from '../ir/round-products.js'

export function widenContract(node: Node): Node | null {
  if (!isOp(node, 'contract') || node.dtype !== 'bf16') return null
  const [x, y] = node.inputs
  return b.cast(b.contract(widenForProduct(x), widenForProduct(y), node.attrs), 'bf16')
}
