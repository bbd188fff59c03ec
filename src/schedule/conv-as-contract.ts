/**
 * A convolution as a contraction of its weights with windows of its input. The windows are views: the contraction's
 * lowering copies them block by block into cache, and nothing of their size is ever stored.
 *
 *   out[n, g, o, p] = Σ_{c, k} w[g, o, c, k] · x[n, g, c, p·stride + k·dilation - padding]
 *
 * Where a convolution has few positions and many images (a weight gradient: positions are taps, images are channels),
 * the columns are positions × images, and the padded copy of x has its images last, so that they are read in vectors.
 */

import { range, sizeOf } from '../core/shape.js'
import * as b from '../ir/build.js'
import { isOp, type Node } from '../ir/node.js'
import { isDotContract } from './dot-contract.js'
import { laneForm } from './image-lanes.js'
import { onePosition } from './one-position.js'
import { isWinograd } from './winograd.js'

/** Fewer positions than this do not fill a vector: images stand beside them, of one position at least so many. */
const fewPositions = 16
const fewImages = 8

export function convAsContract(node: Node): Node | null {
  if (!isOp(node, 'conv') || isWinograd(node) || laneForm(node) !== null) return null
  const { stride, padding, dilation, inputDilation, groups } = node.attrs
  const [x, w] = node.inputs
  const [n, c, ...spatial] = x.shape
  const [o, cg, ...kernel] = w.shape
  const r = spatial.length
  if (node.shape.includes(0)) return b.literal(node, 0)

  const dots = asDots(node)
  if (dots !== null) return dots
  const positions = sizeOf(node.shape.slice(2))
  if (groups === 1 && n > 1 && positions < fewPositions) {
    if (positions === 1 ? n >= fewImages : padding.some(([low, high]) => low !== 0 || high !== 0))
      return imagesAsColumns(node)
  }
  const padded = b.pad(
    x,
    [0, 0, ...padding.map(([low]) => low)],
    [0, 0, ...padding.map(([, high]) => high)],
    [0, 0, ...inputDilation.map((d) => d - 1)],
    0,
  )
  const windows = b.window(padded, { size: kernel, stride, dilation, ofConv: true }) // (N, C, P, K)
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

/** out[o, p, n] = Σ_{c, k} w[o, c, k] · x[c, p·stride + k·dilation - padding, n], back in the order of the convolution. */
function imagesAsColumns(conv: Node<'conv'>): Node {
  const node = onePosition(conv)
  const { stride, padding, dilation, inputDilation } = node.attrs
  const [x, w] = node.inputs
  const kernel = w.shape.slice(2)
  const r = kernel.length
  const spatial = range(r)
  const last = b.permute(x, [1, ...spatial.map((i) => 2 + i), 0]) // (C, S, N)
  const padded = b.pad(
    last,
    [0, ...padding.map(([low]) => low), 0],
    [0, ...padding.map(([, high]) => high), 0],
    [0, ...inputDilation.map((d) => d - 1), 0],
    0,
  )
  const images = b.permute(padded, [1 + r, 0, ...spatial.map((i) => 1 + i)]) // (N, C, S)
  const windows = b.window(images, { size: kernel, stride, dilation, ofConv: true }) // (N, C, P, K)
  const positions = spatial.map((i) => 2 + i)
  const taps = spatial.map((i) => 2 + r + i)
  const view = b.permute(windows, [1, ...taps, ...positions, 0]) // (C, K, P, N)
  const inner = range(1 + r)
  const y = b.contract(w, view, {
    batch: [[], []],
    contracting: [inner.map((i) => 1 + i), inner],
    accumulate: node.dtype,
  }) // (O, P, N)
  return b.permute(y, [1 + r, 0, ...spatial.map((i) => 1 + i)])
}

/** out[n, o] = Σ_{c, s} x[n, c, s] · w[o, c, s] where one window is the image and both lie in long runs; else null. */
function asDots(node: Node<'conv'>): Node | null {
  const { padding, inputDilation, groups } = node.attrs
  const [x, w] = node.inputs
  const [n, c, ...spatial] = x.shape
  if (padding.some(([low, high]) => low !== 0 || high !== 0)) return null
  if (groups !== 1 || sizeOf(node.shape.slice(2)) !== 1 || inputDilation.some((d) => d !== 1)) return null
  if (spatial.some((size, i) => w.shape[2 + i] !== size)) return null
  const inner = [c, sizeOf(spatial)]
  const y = b.contract(b.reshape(x, [n, ...inner]), b.reshape(w, [w.shape[0], ...inner]), {
    batch: [[], []],
    contracting: [
      [1, 2],
      [1, 2],
    ],
    accumulate: node.dtype,
  })
  return isDotContract(y) ? b.reshape(y, node.shape) : null
}
