/**
 * A convolution as a contraction of its weights with windows of its input. The windows are views: the contraction's
 * lowering copies them block by block into cache, and nothing of their size is ever stored.
 *
 *   out[n, g, o, p] = Σ_{c, k} w[g, o, c, k] · x[n, g, c, p·stride + k·dilation - padding]
 */

import { range } from '../core/shape.js'
import * as b from '../ir/build.js'
import { isOp, type Node } from '../ir/node.js'

export function convAsContract(node: Node): Node | null {
  if (!isOp(node, 'conv')) return null
  const { stride, padding, dilation, inputDilation, groups } = node.attrs
  const [x, w] = node.inputs
  const [n, c, ...spatial] = x.shape
  const [o, cg, ...kernel] = w.shape
  const r = spatial.length
  if (node.shape.includes(0)) return b.literal(node, 0)

  const padded = b.pad(
    x,
    [0, 0, ...padding.map(([low]) => low)],
    [0, 0, ...padding.map(([, high]) => high)],
    [0, 0, ...inputDilation.map((d) => d - 1)],
    0,
  )
  const windows = b.window(padded, { size: kernel, stride, dilation }) // (N, C, P, K)
  const out = node.shape.slice(2)
  // (N, G, C/G, K, P): contracting axes stand together, positions last.
  const split = b.reshape(windows, [n, groups, c / groups, ...out, ...kernel])
  const view = b.permute(split, [0, 1, 2, ...range(r).map((i) => 3 + r + i), ...range(r).map((i) => 3 + i)])
  const weights = b.expand(b.reshape(w, [1, groups, o / groups, cg, ...kernel]), [
    n,
    groups,
    o / groups,
    cg,
    ...kernel,
  ])
  const k = range(1 + r)
  const y = b.contract(weights, view, {
    batch: [
      [0, 1],
      [0, 1],
    ],
    contracting: [k.map((i) => 3 + i), k.map((i) => 2 + i)],
    accumulate: node.dtype,
  })
  return b.reshape(y, node.shape) // (N, G, O/G, P) → (N, O, P)
}
