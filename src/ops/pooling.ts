/** Pooling over 1, 2 and 3 spatial axes of (N, C, …) or (C, …). */
import { ShapeError, ValueError } from '../core/errors.js'
import { formatShape, range } from '../core/shape.js'
import * as b from '../ir/build.js'
import type { Node, PadPair } from '../ir/node.js'
import { type PerAxis, perAxis, withBatch } from './convolution.js'
import { divLiteral, inAccumulationType, requireFloat, stretch } from './operand.js'
import type { ValuesAndIndices } from './reductions.js'

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

/** `withBatch` for two results. */
export function withBatches(
  operation: string,
  x: Node,
  spatial: number,
  fn: (x: Node) => ValuesAndIndices,
): ValuesAndIndices {
  let indices: Node | null = null
  const values = withBatch(operation, x, spatial, (input) => {
    const result = fn(input)
    indices = result.indices
    return result.values
  })
  return { values, indices: b.reshape(indices!, values.shape) }
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

/** Values of max pooling and where in the input they stood: positions in the flattened spatial axes, i64. */
function maxPool(
  operation: string,
  spatial: number,
  x: Node,
  kernelSize: PerAxis,
  options: MaxPoolOptions,
): ValuesAndIndices {
  return withBatches(operation, x, spatial, (input) => {
    const { kernel, stride, dilation, padding } = geometry(operation, input, spatial, kernelSize, options)
    const attrs = { size: kernel, stride, dilation, kind: 'max', padding } as const
    const [values, within] = b.windowReduce(input, attrs)
    const lead = input.shape.length - spatial
    // The position in the window, axis by axis from the last, gives the position in the input.
    let rest = within
    let position: Node | null = null
    let step = 1
    for (let i = spatial - 1; i >= 0; i--) {
      const literal = (value: number): Node => b.literal(rest, value)
      const offset = b.mod(rest, literal(kernel[i]))
      const start = b.sub(
        b.mul(b.iota(values.shape, lead + i, 'i32'), literal(stride[i])),
        literal(padding[i][0]),
      )
      const at = b.add(start, b.mul(offset, literal(dilation[i])))
      const part = b.mul(at, literal(step))
      position = position === null ? part : b.add(position, part)
      rest = b.div(rest, literal(kernel[i]))
      step *= input.shape[lead + i]
    }
    return { values, indices: b.cast(position!, 'i64') }
  })
}

/** The largest element of each window; the first of equals gets the gradient. */
export const maxPool1d = (x: Node, kernelSize: PerAxis, options: MaxPoolOptions = {}): Node =>
  maxPool('maxPool1d', 1, x, kernelSize, options).values
/** The largest element of each window; the first of equals gets the gradient. */
export const maxPool2d = (x: Node, kernelSize: PerAxis, options: MaxPoolOptions = {}): Node =>
  maxPool('maxPool2d', 2, x, kernelSize, options).values
/** The largest element of each window; the first of equals gets the gradient. */
export const maxPool3d = (x: Node, kernelSize: PerAxis, options: MaxPoolOptions = {}): Node =>
  maxPool('maxPool3d', 3, x, kernelSize, options).values

/** As maxPool1d, with the position (i64) of each value in the flattened spatial axes: what maxUnpool1d takes. */
export const maxPool1dWithIndices = (
  x: Node,
  kernelSize: PerAxis,
  options: MaxPoolOptions = {},
): ValuesAndIndices => maxPool('maxPool1d', 1, x, kernelSize, options)
/** As maxPool2d, with the position (i64) of each value in the flattened spatial axes: what maxUnpool2d takes. */
export const maxPool2dWithIndices = (
  x: Node,
  kernelSize: PerAxis,
  options: MaxPoolOptions = {},
): ValuesAndIndices => maxPool('maxPool2d', 2, x, kernelSize, options)
/** As maxPool3d, with the position (i64) of each value in the flattened spatial axes: what maxUnpool3d takes. */
export const maxPool3dWithIndices = (
  x: Node,
  kernelSize: PerAxis,
  options: MaxPoolOptions = {},
): ValuesAndIndices => maxPool('maxPool3d', 3, x, kernelSize, options)

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
