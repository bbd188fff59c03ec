/**
 * Convolutions with one output channel a group and fewer positions than taps (the weight gradient of a depthwise one)
 * as sums of products:
 *
 *   out[n, g, p] = Σ_{k₁, c} Σ_{k₂} w[g, c, k] · x[n, g, c, p·stride + k·dilation − padding]
 *
 * The innermost taps k₂, at least a vector of them, stand last, where lanes run; the others stand first, so that both
 * operands are read where they lie and rows of different images are never laid in one line.
 */
import { range, sizeOf } from '../core/shape.js'
import * as b from '../ir/build.js'
import { isOp, type Node } from '../ir/node.js'

/** The innermost axes are taken together until there are so many elements: half a vector of the widest instruction set. */
const fullRow = 8
/** Taps a position from which lanes run along the taps. */
const manyTaps = 16

export function convAsSums(node: Node): Node | null {
  if (!isOp(node, 'conv')) return null
  const { stride, padding, dilation, inputDilation, groups } = node.attrs
  const [x, w] = node.inputs
  const [n, c] = x.shape
  const [o, each, ...kernel] = w.shape
  const out = node.shape.slice(2)
  if (o !== groups || groups === 1 || node.shape.includes(0)) return null
  if (sizeOf(out) * n * manyTaps > sizeOf(w.shape.slice(1))) return null
  const r = kernel.length
  let tail = 1
  while (tail < r && sizeOf(kernel.slice(r - tail)) < fullRow) tail++
  const early = range(r - tail)
  const late = range(tail).map((i) => r - tail + i)
  const padded = b.pad(
    x,
    [0, 0, ...padding.map(([low]) => low)],
    [0, 0, ...padding.map(([, high]) => high)],
    [0, 0, ...inputDilation.map((d) => d - 1)],
    0,
  )
  const windows = b.window(padded, { size: kernel, stride, dilation }) // (N, G·C, P, K)
  const split = b.reshape(windows, [n, groups, c / groups, ...out, ...kernel])
  const tap = (i: number): number => 3 + r + i
  const view = b.permute(split, [2, ...early.map(tap), 0, 1, ...range(r).map((i) => 3 + i), ...late.map(tap)])
  // (C, K₁, N, G, P, K₂)
  const turned = b.permute(w, [1, ...early.map((i) => 2 + i), 0, ...late.map((i) => 2 + i)]) // (C, K₁, G, K₂)
  const sizes = (axes: readonly number[]): number[] => axes.map((i) => kernel[i])
  const weights = b.reshape(turned, [each, ...sizes(early), 1, groups, ...out.map(() => 1), ...sizes(late)])
  const first = 1 + early.length
  const axes = [...range(first), ...late.map((_, i) => first + 2 + r + i)]
  return b.reshape(b.sumProducts(b.expand(weights, view.shape), view, axes), node.shape)
}
