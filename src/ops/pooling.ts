/** Pooling over 1, 2 and 3 spatial axes of (N, C, …) or (C, …). */
import { ShapeError, ValueError } from '../core/errors.js'
import { formatShape, range } from '../core/shape.js'
import * as b from '../ir/build.js'
import type { Node, PadPair } from '../ir/node.js'
import { type PerAxis, perAxis, withBatch } from './convolution.js'
import { divLiteral, inAccumulationType, requireFloat, stretch } from './operand.js'

export interface MaxPoolOptions {
  /** Step between windows. Default: the kernel size. */
  readonly stride?: PerAxis
  /** At most half the kernel; never wins. Default 0. */
  readonly padding?: PerAxis
  readonly dilation?: PerAxis
  /** Keeps a last window that is only partly inside. Default false. */
  readonly ceilMode?: boolean
}

export interface AvgPoolOptions {
  readonly stride?: PerAxis
  readonly padding?: PerAxis
  readonly ceilMode?: boolean
  /** Zeros of the padding count as elements. Default true. */
  readonly countIncludePad?: boolean
  /** Divides by this instead of the number of elements. */
  readonly divisorOverride?: number | null
}

interface Geometry {
  readonly kernel: number[]
  readonly stride: number[]
  readonly dilation: number[]
  readonly padding: PadPair[]
  /** Windows along each axis. */
  readonly counts: number[]
}

function geometry(
  operation: string,
  x: Node,
  spatial: number,
  kernelSize: PerAxis,
  options: MaxPoolOptions,
): Geometry {
  const kernel = perAxis(operation, 'kernelSize', kernelSize, spatial, 1)
  const stride = perAxis(operation, 'stride', options.stride ?? kernel, spatial, 1)
  const dilation = perAxis(operation, 'dilation', options.dilation ?? 1, spatial, 1)
  const pads = perAxis(operation, 'padding', options.padding ?? 0, spatial, 0)
  const counts: number[] = []
  const padding = kernel.map((k, i): PadPair => {
    const p = pads[i]
    if (2 * p > k)
      throw new ValueError(`${operation}: expected padding of at most half the kernel size ${k}, got ${p}.`)
    const n = x.shape[x.shape.length - spatial + i]
    const free = n + 2 * p - dilation[i] * (k - 1) - 1
    let count = (options.ceilMode ? Math.ceil(free / stride[i]) : Math.floor(free / stride[i])) + 1
    // A window that starts in the padding beyond the input does not count.
    if (options.ceilMode && (count - 1) * stride[i] >= n + p) count--
    if (count < 1) {
      throw new ShapeError(
        `${operation}: kernel ${formatShape(kernel)} does not fit the input ${formatShape(x.shape)} with padding ${p}.`,
      )
    }
    counts.push(count)
    return [p, Math.max(p, (count - 1) * stride[i] + dilation[i] * (k - 1) + 1 - n - p)]
  })
  return { kernel, stride, dilation, padding, counts }
}

function maxPool(spatial: number, x: Node, kernelSize: PerAxis, options: MaxPoolOptions): Node {
  const operation = `maxPool${spatial}d`
  return withBatch(operation, x, spatial, (input) => {
    const { kernel, stride, dilation, padding } = geometry(operation, input, spatial, kernelSize, options)
    return b.windowReduce(input, { size: kernel, stride, dilation, kind: 'max', padding })[0]
  })
}

/** The largest element of each window; the first of equals gets the gradient. */
export const maxPool1d = (x: Node, kernelSize: PerAxis, options: MaxPoolOptions = {}): Node =>
  maxPool(1, x, kernelSize, options)
/** The largest element of each window; the first of equals gets the gradient. */
export const maxPool2d = (x: Node, kernelSize: PerAxis, options: MaxPoolOptions = {}): Node =>
  maxPool(2, x, kernelSize, options)
/** The largest element of each window; the first of equals gets the gradient. */
export const maxPool3d = (x: Node, kernelSize: PerAxis, options: MaxPoolOptions = {}): Node =>
  maxPool(3, x, kernelSize, options)

function avgPool(spatial: number, x: Node, kernelSize: PerAxis, options: AvgPoolOptions): Node {
  const operation = `avgPool${spatial}d`
  requireFloat(operation, x)
  const { countIncludePad = true, divisorOverride = null } = options
  if (divisorOverride === 0) throw new ValueError(`${operation}: expected a divisorOverride other than 0.`)
  return withBatch(operation, x, spatial, (input) => {
    const g = geometry(operation, input, spatial, kernelSize, options)
    const lead = input.shape.length - spatial
    const zeros = new Array<number>(lead).fill(0)
    return inAccumulationType(input, (y) => {
      const padded = b.pad(
        y,
        [...zeros, ...g.padding.map((p) => p[0])],
        [...zeros, ...g.padding.map((p) => p[1])],
        y.shape.map(() => 0),
        0,
      )
      const windows = b.window(padded, { size: g.kernel, stride: g.stride, dilation: g.dilation })
      const total = b.reduceSum(
        windows,
        range(spatial).map((i) => lead + spatial + i),
      )
      if (divisorOverride !== null) return divLiteral(total, divisorOverride)
      if (windowsAreFull(g, y, countIncludePad))
        return divLiteral(
          total,
          g.kernel.reduce((p, k) => p * k, 1),
        )
      return b.div(total, stretch(divisors(g, y, countIncludePad), total.shape))
    })
  })
}

/** Whether every window averages over the whole kernel. */
function windowsAreFull(g: Geometry, y: Node, includePad: boolean): boolean {
  return g.kernel.every((k, i) => {
    const n = y.shape[y.shape.length - g.kernel.length + i]
    const [pad] = g.padding[i]
    const lastEnd = (g.counts[i] - 1) * g.stride[i] - pad + k
    return includePad ? lastEnd <= n + pad : pad === 0 && lastEnd <= n
  })
}

/** How many elements each window averages over: the product over axes of its extent, over the output's spatial axes. */
function divisors(g: Geometry, y: Node, includePad: boolean): Node {
  const spatial = g.kernel.length
  const lead = y.shape.length - spatial
  let product: Node | null = null
  for (let i = 0; i < spatial; i++) {
    const n = y.shape[lead + i]
    const [pad] = g.padding[i]
    const window = b.iota(g.counts, i, 'i32')
    const literal = (value: number): Node => b.full(g.counts, value, 'i32')
    const start = b.sub(b.mul(window, literal(g.stride[i])), literal(pad))
    const end = b.minimum(b.add(start, literal(g.kernel[i])), literal(includePad ? n + pad : n))
    const extent = b.sub(end, includePad ? start : b.maximum(start, literal(0)))
    product = product === null ? extent : b.mul(product, extent)
  }
  return b.cast(product!, y.dtype)
}

/** The mean of each window. */
export const avgPool1d = (x: Node, kernelSize: PerAxis, options: AvgPoolOptions = {}): Node =>
  avgPool(1, x, kernelSize, options)
/** The mean of each window. */
export const avgPool2d = (x: Node, kernelSize: PerAxis, options: AvgPoolOptions = {}): Node =>
  avgPool(2, x, kernelSize, options)
/** The mean of each window. */
export const avgPool3d = (x: Node, kernelSize: PerAxis, options: AvgPoolOptions = {}): Node =>
  avgPool(3, x, kernelSize, options)

/** Sizes of the result; null keeps the input's. */
export type AdaptiveSize = number | null | readonly (number | null)[]

function targetSizes(operation: string, x: Node, spatial: number, outputSize: AdaptiveSize): number[] {
  const list =
    outputSize === null || typeof outputSize === 'number' ? range(spatial).map(() => outputSize) : outputSize
  if (list.length !== spatial || !list.every((n) => n === null || (Number.isInteger(n) && n >= 1))) {
    throw new ValueError(
      `${operation}: expected an output size ≥ 1 or ${spatial} of them, got ${JSON.stringify(outputSize)}.`,
    )
  }
  return list.map((n, i) => n ?? x.shape[x.shape.length - spatial + i])
}

/** Window i of `count` adaptive ones over n elements: ⌊i·n/count⌋ to ⌈(i+1)·n/count⌉. */
const adaptiveWindow = (i: number, n: number, count: number): [number, number] => [
  Math.floor((i * n) / count),
  Math.ceil(((i + 1) * n) / count),
]

/** Reduces one axis to `count` elements by `reduce` over each adaptive window. */
function adaptiveAxis(x: Node, axis: number, count: number, reduce: (piece: Node) => Node): Node {
  const n = x.shape[axis]
  if (n === count) return x
  const pieces = range(count).map((i) => reduce(b.sliceAxis(x, axis, ...adaptiveWindow(i, n, count))))
  return b.concat(pieces, axis)
}

function adaptiveAvgPool(spatial: number, x: Node, outputSize: AdaptiveSize): Node {
  const operation = `adaptiveAvgPool${spatial}d`
  requireFloat(operation, x)
  const sizes = targetSizes(operation, x, spatial, outputSize)
  return withBatch(operation, x, spatial, (input) =>
    inAccumulationType(input, (y) => {
      const lead = y.shape.length - spatial
      // Where every size divides, the windows tile the input: one reshape and one mean.
      if (sizes.every((m, i) => y.shape[lead + i] % m === 0)) {
        const tiled = b.reshape(y, [
          ...y.shape.slice(0, lead),
          ...sizes.flatMap((m, i) => [m, y.shape[lead + i] / m]),
        ])
        const area = sizes.reduce((p, m, i) => p * (y.shape[lead + i] / m), 1)
        return divLiteral(
          b.reduceSum(
            tiled,
            range(spatial).map((i) => lead + 2 * i + 1),
          ),
          area,
        )
      }
      let z = y
      sizes.forEach((m, i) => {
        const axis = lead + i
        z = adaptiveAxis(z, axis, m, (piece) => {
          const mean = divLiteral(b.reduceSum(piece, [axis]), piece.shape[axis])
          return b.reshape(
            mean,
            piece.shape.map((n, k) => (k === axis ? 1 : n)),
          )
        })
      })
      return z
    }),
  )
}

/** Means over windows that cover the input in `outputSize` steps. */
export const adaptiveAvgPool1d = (x: Node, outputSize: AdaptiveSize): Node =>
  adaptiveAvgPool(1, x, outputSize)
/** Means over windows that cover the input in `outputSize` steps. */
export const adaptiveAvgPool2d = (x: Node, outputSize: AdaptiveSize): Node =>
  adaptiveAvgPool(2, x, outputSize)
/** Means over windows that cover the input in `outputSize` steps. */
export const adaptiveAvgPool3d = (x: Node, outputSize: AdaptiveSize): Node =>
  adaptiveAvgPool(3, x, outputSize)

function adaptiveMaxPool(spatial: number, x: Node, outputSize: AdaptiveSize): Node {
  const operation = `adaptiveMaxPool${spatial}d`
  const sizes = targetSizes(operation, x, spatial, outputSize)
  return withBatch(operation, x, spatial, (input) => {
    let y = input
    // Last axis first, so that of equals the first in row-major order wins.
    for (let i = spatial - 1; i >= 0; i--) {
      const axis = y.shape.length - spatial + i
      y = adaptiveAxis(y, axis, sizes[i], (piece) => {
        const size = range(spatial).map((k) => (k === i ? piece.shape[axis] : 1))
        const ones = size.map(() => 1)
        return b.windowReduce(piece, {
          size,
          stride: ones,
          dilation: ones,
          kind: 'max',
          padding: size.map((): PadPair => [0, 0]),
        })[0]
      })
    }
    return y
  })
}

/** Maxima over windows that cover the input in `outputSize` steps. */
export const adaptiveMaxPool1d = (x: Node, outputSize: AdaptiveSize): Node =>
  adaptiveMaxPool(1, x, outputSize)
/** Maxima over windows that cover the input in `outputSize` steps. */
export const adaptiveMaxPool2d = (x: Node, outputSize: AdaptiveSize): Node =>
  adaptiveMaxPool(2, x, outputSize)
/** Maxima over windows that cover the input in `outputSize` steps. */
export const adaptiveMaxPool3d = (x: Node, outputSize: AdaptiveSize): Node =>
  adaptiveMaxPool(3, x, outputSize)
