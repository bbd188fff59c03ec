/** Sliding blocks of images as columns and back: what PyTorch's functional calls `unfold` and `fold`. */
import { ShapeError } from '../core/errors.js'
import { formatShape, range, sizeOf } from '../core/shape.js'
import * as b from '../ir/build.js'
import type { Node } from '../ir/node.js'
import { type PerAxis, perAxis } from './convolution.js'

export interface UnfoldOptions {
  /** Distance between kernel elements. Default 1. */
  readonly dilation?: PerAxis
  /** Zeros around the image. Default 0. */
  readonly padding?: PerAxis
  /** Step between blocks. Default 1. */
  readonly stride?: PerAxis
}

interface Blocks {
  readonly size: number[]
  readonly dilation: number[]
  readonly padding: number[]
  readonly stride: number[]
}

const blocksOf = (operation: string, kernelSize: PerAxis, options: UnfoldOptions): Blocks => ({
  size: perAxis(operation, 'kernelSize', kernelSize, 2, 1),
  dilation: perAxis(operation, 'dilation', options.dilation ?? 1, 2, 1),
  padding: perAxis(operation, 'padding', options.padding ?? 0, 2, 0),
  stride: perAxis(operation, 'stride', options.stride ?? 1, 2, 1),
})

/** fn on a batch; a single example gets a batch axis and loses it again. */
function batched(operation: string, x: Node, rank: number, layout: string, fn: (x: Node) => Node): Node {
  if (x.shape.length === rank) return fn(x)
  if (x.shape.length === rank - 1) {
    const y = fn(b.reshape(x, [1, ...x.shape]))
    return b.reshape(y, y.shape.slice(1))
  }
  throw new ShapeError(`${operation}: expected an input ${layout}, got shape ${formatShape(x.shape)}.`)
}

/** Blocks of (N, C, H, W) as columns: (N, C·KH·KW, L), L counting the places of the block row by row. */
export function im2col(x: Node, kernelSize: PerAxis, options: UnfoldOptions = {}): Node {
  const { size, dilation, padding, stride } = blocksOf('unfold', kernelSize, options)
  return batched('unfold', x, 4, '(N, C, H, W) or (C, H, W)', (image) => {
    const pads = [0, 0, ...padding]
    const padded = b.pad(image, pads, pads, [0, 0, 0, 0], 0)
    const windows = b.window(padded, { size, stride, dilation })
    const [n, c, rows, columns] = windows.shape
    return b.reshape(b.permute(windows, [0, 1, 4, 5, 2, 3]), [n, c * sizeOf(size), rows * columns])
  })
}

/** The adjoint of `im2col`: columns (N, C·KH·KW, L) to images (N, C, …outputSize), overlapping elements summed. */
export function col2im(x: Node, outputSize: PerAxis, kernelSize: PerAxis, options: UnfoldOptions = {}): Node {
  const { size, dilation, padding, stride } = blocksOf('fold', kernelSize, options)
  const output = perAxis('fold', 'outputSize', outputSize, 2, 1)
  return batched('fold', x, 3, '(N, C·KH·KW, L) or (C·KH·KW, L)', (columns) => {
    const [n, channels, count] = columns.shape
    const spatial = output.map((m, i) => m + 2 * padding[i])
    const counts = size.map((k, i) => Math.floor((spatial[i] - dilation[i] * (k - 1) - 1) / stride[i]) + 1)
    const area = sizeOf(size)
    if (channels % area !== 0 || counts.some((m) => m < 1) || sizeOf(counts) !== count) {
      throw new ShapeError(
        `fold: an output of ${formatShape(output)} with kernel ${formatShape(size)} needs columns (N, C·${area}, ${sizeOf(counts.map((m) => Math.max(m, 0)))}), got ${formatShape(x.shape)}.`,
      )
    }
    const c = channels / area
    const windows = b.permute(b.reshape(columns, [n, c, ...size, ...counts]), [0, 1, 4, 5, 2, 3])
    const image = b.fold(windows, { size, stride, dilation, spatial })
    const inner = (i: number): number => padding[i]
    return b.slice(
      image,
      [0, 0, ...range(2).map(inner)],
      [n, c, ...range(2).map((i) => padding[i] + output[i])],
    )
  })
}
