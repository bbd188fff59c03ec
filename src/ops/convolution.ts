/**
 * Convolutions (cross-correlations, as everywhere in deep learning) of 1, 2 and 3 spatial axes, and their transposes.
 * Input (N, C, …) or (C, …), weight (O, C/groups, …), as PyTorch.
 */
import { ShapeError, ValueError } from '../core/errors.js'
import { formatShape, range } from '../core/shape.js'
import * as b from '../ir/build.js'
import type { Node, PadPair } from '../ir/node.js'
import { lowPrecision } from './autocast.js'
import { requireSameDType } from './operand.js'

/** One number for every spatial axis, or one an axis. */
export type PerAxis = number | readonly number[]

/** A number, one an axis, (before, after) pairs, 'valid' (none), or 'same' (output size = input size, stride 1). */
export type ConvPadding = PerAxis | readonly PadPair[] | 'same' | 'valid'

export interface ConvOptions {
  /** Step between windows. Default 1. */
  readonly stride?: PerAxis
  /** Zeros around the input. Default 0. */
  readonly padding?: ConvPadding
  /** Distance between kernel elements. Default 1. */
  readonly dilation?: PerAxis
  /** Independent groups of channels. Default 1. */
  readonly groups?: number
}

/** One value a spatial axis, each an integer ≥ least. */
export function perAxis(
  operation: string,
  name: string,
  value: PerAxis,
  rank: number,
  least: number,
): number[] {
  const list =
    typeof value === 'number' ? new Array<number>(rank).fill(value) : Array.isArray(value) ? [...value] : []
  if (list.length !== rank || !list.every((n) => Number.isInteger(n) && n >= least)) {
    throw new ValueError(
      `${operation}: expected ${name} as an integer ≥ ${least} or ${rank} of them, got ${typeof value === 'number' ? value : formatShape(value)}.`,
    )
  }
  return list
}

function paddingPairs(
  operation: string,
  padding: ConvPadding,
  kernel: readonly number[],
  stride: readonly number[],
  dilation: readonly number[],
): PadPair[] {
  if (padding === 'valid') return kernel.map(() => [0, 0])
  if (padding === 'same') {
    if (stride.some((s) => s !== 1)) {
      throw new ValueError(
        `${operation}: padding 'same' needs stride 1, got ${formatShape(stride)}. Give the padding as numbers.`,
      )
    }
    return kernel.map((k, i) => {
      const total = dilation[i] * (k - 1)
      const low = Math.floor(total / 2)
      return [low, total - low]
    })
  }
  if (typeof padding !== 'number' && padding.some((p) => typeof p !== 'number')) {
    const pairs = padding as readonly PadPair[]
    if (
      pairs.length !== kernel.length ||
      !pairs.every((p) => Array.isArray(p) && p.length === 2 && p.every(Number.isInteger))
    ) {
      throw new ValueError(
        `${operation}: expected ${kernel.length} (before, after) pairs as padding, got ${JSON.stringify(padding)}.`,
      )
    }
    return pairs.map(([low, high]) => [low, high])
  }
  return perAxis(operation, 'padding', padding as PerAxis, kernel.length, 0).map((p) => [p, p])
}

/** Adds a batch axis where the input has none; the result loses it again. */
export function withBatch(operation: string, x: Node, spatial: number, fn: (x: Node) => Node): Node {
  const rank = x.shape.length
  if (rank === spatial + 2) return fn(x)
  if (rank === spatial + 1) {
    const y = fn(b.reshape(x, [1, ...x.shape]))
    return b.reshape(y, y.shape.slice(1))
  }
  throw new ShapeError(
    `${operation}: expected an input of rank ${spatial + 2} (N, C, …) or ${spatial + 1} (C, …), got shape ${formatShape(x.shape)}.`,
  )
}

/** y + bias, one value a channel. */
function addBias(operation: string, y: Node, bias: Node | null | undefined): Node {
  if (!bias) return y
  const channels = y.shape[1]
  if (bias.shape.length !== 1 || bias.shape[0] !== channels) {
    throw new ShapeError(
      `${operation}: expected a bias of shape [${channels}], got ${formatShape(bias.shape)}.`,
    )
  }
  return b.add(
    y,
    b.expand(
      b.reshape(
        bias,
        y.shape.map((_, i) => (i === 1 ? channels : 1)),
      ),
      y.shape,
    ),
  )
}

function checkWeight(operation: string, weight: Node, spatial: number, layout: string): void {
  if (weight.shape.length !== spatial + 2) {
    throw new ShapeError(
      `${operation}: expected a weight of rank ${spatial + 2} ${layout}, got shape ${formatShape(weight.shape)}.`,
    )
  }
}

function convolve(
  spatial: number,
  input: Node,
  kernel: Node,
  offset: Node | null | undefined,
  options: ConvOptions,
): Node {
  const [x, weight, bias] = lowPrecision(input, kernel, offset)
  const operation = `conv${spatial}d`
  requireSameDType(operation, x, weight)
  checkWeight(operation, weight, spatial, '(O, C/groups, …)')
  const stride = perAxis(operation, 'stride', options.stride ?? 1, spatial, 1)
  const dilation = perAxis(operation, 'dilation', options.dilation ?? 1, spatial, 1)
  const [groups] = perAxis(operation, 'groups', options.groups ?? 1, 1, 1)
  const padding = paddingPairs(operation, options.padding ?? 0, weight.shape.slice(2), stride, dilation)
  return withBatch(operation, x, spatial, (input) =>
    addBias(
      operation,
      b.conv(input, weight, { stride, padding, dilation, inputDilation: stride.map(() => 1), groups }),
      bias,
    ),
  )
}

/** (N, C, L) with (O, C/groups, K): out size ⌊(L + pads − dilation·(K−1) − 1)/stride⌋ + 1. */
export const conv1d = (x: Node, weight: Node, bias?: Node | null, options: ConvOptions = {}): Node =>
  convolve(1, x, weight, bias, options)
/** (N, C, H, W) with (O, C/groups, KH, KW). */
export const conv2d = (x: Node, weight: Node, bias?: Node | null, options: ConvOptions = {}): Node =>
  convolve(2, x, weight, bias, options)
/** (N, C, D, H, W) with (O, C/groups, KD, KH, KW). */
export const conv3d = (x: Node, weight: Node, bias?: Node | null, options: ConvOptions = {}): Node =>
  convolve(3, x, weight, bias, options)

export interface ConvTransposeOptions {
  readonly stride?: PerAxis
  /** Takes this much off both ends of the result. Default 0. */
  readonly padding?: PerAxis
  /** Adds to the far end of the result. Default 0. */
  readonly outputPadding?: PerAxis
  readonly groups?: number
  readonly dilation?: PerAxis
}

/** (G·A, B, …) → (G·B, A, …): the two channel axes exchanged within each group. */
function swapChannels(w: Node, groups: number): Node {
  const [ga, inner, ...kernel] = w.shape
  const split = b.reshape(w, [groups, ga / groups, inner, ...kernel])
  const swapped = b.permute(split, [0, 2, 1, ...range(kernel.length).map((i) => i + 3)])
  return b.reshape(swapped, [groups * inner, ga / groups, ...kernel])
}

function convolveTransposed(
  spatial: number,
  given: Node,
  filters: Node,
  offset: Node | null | undefined,
  options: ConvTransposeOptions,
): Node {
  const [x, weight, bias] = lowPrecision(given, filters, offset)
  const operation = `convTranspose${spatial}d`
  requireSameDType(operation, x, weight)
  checkWeight(operation, weight, spatial, '(C, O/groups, …)')
  const of = (name: string, value: PerAxis | undefined, fallback: number, least: number): number[] =>
    perAxis(operation, name, value ?? fallback, spatial, least)
  const stride = of('stride', options.stride, 1, 1)
  const dilation = of('dilation', options.dilation, 1, 1)
  const padding = of('padding', options.padding, 0, 0)
  const outputPadding = of('outputPadding', options.outputPadding, 0, 0)
  const [groups] = perAxis(operation, 'groups', options.groups ?? 1, 1, 1)
  outputPadding.forEach((p, i) => {
    if (p >= Math.max(stride[i], dilation[i])) {
      throw new ValueError(
        `${operation}: outputPadding ${p} must be smaller than stride ${stride[i]} or dilation ${dilation[i]}.`,
      )
    }
  })
  const channels = x.shape[x.shape.length - spatial - 1]
  if (weight.shape[0] !== channels || channels % groups !== 0) {
    throw new ShapeError(
      `${operation}: input ${formatShape(x.shape)} has ${channels} channels, but weight ${formatShape(weight.shape)} with groups ${groups} takes ${weight.shape[0]}.`,
    )
  }
  const axes = range(spatial).map((i) => i + 2)
  const kernel = b.flip(swapChannels(weight, groups), axes)
  const pads = axes.map((a, i): PadPair => {
    const reach = dilation[i] * (weight.shape[a] - 1)
    return [reach - padding[i], reach - padding[i] + outputPadding[i]]
  })
  return withBatch(operation, x, spatial, (input) =>
    addBias(
      operation,
      b.conv(input, kernel, {
        stride: stride.map(() => 1),
        padding: pads,
        dilation,
        inputDilation: stride,
        groups,
      }),
      bias,
    ),
  )
}

/** The transpose of conv1d: (N, C, L) with (C, O/groups, K) to size (L−1)·stride − 2·padding + dilation·(K−1) + outputPadding + 1. */
export const convTranspose1d = (
  x: Node,
  weight: Node,
  bias?: Node | null,
  options: ConvTransposeOptions = {},
): Node => convolveTransposed(1, x, weight, bias, options)
/** The transpose of conv2d; weight (C, O/groups, KH, KW). */
export const convTranspose2d = (
  x: Node,
  weight: Node,
  bias?: Node | null,
  options: ConvTransposeOptions = {},
): Node => convolveTransposed(2, x, weight, bias, options)
/** The transpose of conv3d; weight (C, O/groups, KD, KH, KW). */
export const convTranspose3d = (
  x: Node,
  weight: Node,
  bias?: Node | null,
  options: ConvTransposeOptions = {},
): Node => convolveTransposed(3, x, weight, bias, options)
