/**
 * The gradient of a 3 × 3 convolution with respect to its taps, by the tiles of F(4×4, 3×3): the adjoint of what
 * winograd.ts describes,
 *
 *   dg_oc = Gᵀ [ Σ_tiles (A dy_o Aᵀ) ⊙ (Bᵀ d_c B) ] G
 *
 * so that it, too, is 36 products of matrices, now over tiles. As a node it is a contraction of the output's gradient
 * with windows of the padded input over images and positions, (O, C, 3, 3); nothing of the windows' size is stored.
 */
import { sizeOf } from '../core/shape.js'
import * as b from '../ir/build.js'
import { isOp, type Node, type PadPair } from '../ir/node.js'
import { fewestChannels, tileOutputs, tileProducts, tileTaps } from './winograd.js'

export interface TapsGradient {
  /** (N, C, H, W) */
  readonly x: Node
  /** Gradient of the output, (N, O, P, Q). */
  readonly dy: Node
  readonly padding: readonly PadPair[]
}

/** A weight gradient, as a convolution of (C, N, H, W) with (O, N, P, Q) to (C, O, 3, 3), as such a contraction. */
export function convAsTapsGradient(node: Node): Node | null {
  if (!isOp(node, 'conv') || node.dtype !== 'f32' || node.shape.length !== 4) return null
  const { stride, padding, dilation, inputDilation, groups } = node.attrs
  const ones = [...stride, ...dilation, ...inputDilation, groups]
  if (ones.some((n) => n !== 1) || padding.some((pair) => pair.some((p) => p < 0))) return null
  if (node.shape.slice(2).some((n) => n !== tileTaps)) return null
  const [x, dy] = node.inputs.map((input) => b.permute(input, [1, 0, 2, 3]))
  if (!pays(x, dy)) return null
  const padded = b.pad(
    x,
    [0, 0, ...padding.map(([low]) => low)],
    [0, 0, ...padding.map(([, high]) => high)],
    [0, 0, 0, 0],
    0,
  )
  const windows = b.window(padded, {
    size: [tileTaps, tileTaps],
    stride: [1, 1],
    dilation: [1, 1],
    ofConv: true,
  })
  const over = [0, 2, 3] // (N, O, P, Q) and (N, C, P, Q, 3, 3)
  const taps = b.contract(dy, windows, {
    batch: [[], []],
    contracting: [over, over],
    accumulate: node.dtype,
  })
  return b.permute(taps, [1, 0, 2, 3])
}

/** The parts of such a contraction, or null where a node is none. */
export function tapsGradient(node: Node): TapsGradient | null {
  if (!isOp(node, 'contract') || node.dtype !== 'f32' || node.attrs.accumulate !== 'f32') return null
  const { batch, contracting } = node.attrs
  const [dy, windows] = node.inputs
  if (batch[0].length > 0 || contracting.some((axes) => axes.join() !== '0,2,3')) return null
  if (dy.shape.length !== 4 || !isOp(windows, 'window') || windows.shape.length !== 6) return null
  const { size, stride, dilation, ofConv } = windows.attrs
  // A program's own windows may be stored in one program and not in another.
  if (ofConv !== true) return null
  if (size.some((n) => n !== tileTaps) || [...stride, ...dilation].some((n) => n !== 1)) return null
  const [padded] = windows.inputs
  const found = (x: Node, padding: readonly PadPair[]): TapsGradient | null =>
    pays(x, dy) ? { x, dy, padding } : null
  const zero: PadPair = [0, 0]
  if (!isOp(padded, 'pad')) return found(padded, [zero, zero])
  const { low, high, interior, value } = padded.attrs
  if (value !== 0 || interior.some((n) => n !== 0) || [...low, ...high].some((n) => n < 0)) return null
  if ([low[0], low[1], high[0], high[1]].some((n) => n !== 0)) return null
  return found(padded.inputs[0], [
    [low[2], high[2]],
    [low[3], high[3]],
  ])
}

/** What a node's kernel reads as expressions: a taps' gradient reads its input where it lies, not padded windows. */
export function readInputs(node: Node): readonly Node[] {
  const gradient = tapsGradient(node)
  return gradient === null ? node.inputs : [gradient.dy, gradient.x]
}

/** Cycles with vectors of 16, as in winograd.ts: both sides are transformed, and a few of 36 results a pair at the end. */
function pays(x: Node, dy: Node): boolean {
  const [n, channels] = x.shape
  const [, outChannels, height, width] = dy.shape
  if (channels < fewestChannels || outChannels < fewestChannels) return false
  const tiles = n * Math.ceil(height / tileOutputs) * Math.ceil(width / tileOutputs)
  const pairs = channels * outChannels
  const direct = (tileTaps ** 2 * pairs * sizeOf([n, height, width])) / 16
  const tiled =
    (tileProducts * pairs * tiles) / 16 + ((channels + outChannels) * tiles * 500) / 16 + pairs * 40
  return tiled < 0.85 * direct
}
