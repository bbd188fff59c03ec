/**
 * Normalization layers' functions. Statistics are two-pass (see `moments`), half types compute in f32, and the
 * affine part broadcasts one value a channel or element.
 */
import { isFloat } from '../core/dtype.js'
import { DTypeError, ShapeError, ValueError } from '../core/errors.js'
import { formatShape, normalizeAxes, otherAxes, range, type Shape, sameShape, sizeOf } from '../core/shape.js'
import * as b from '../ir/build.js'
import type { Node } from '../ir/node.js'
import { fullPrecision } from './autocast.js'
import { normalizeBatch } from './normalize-batch.js'
import {
  accumulationType,
  addLiteral,
  divLiteral,
  like,
  mulLiteral,
  requireFloat,
  requireRank,
  stretch,
} from './operand.js'
import { type Axes, keptShape, moments, norm } from './reductions.js'

/** 1/√(v + ε). */
function inverseRoot(v: Node, eps: number): Node {
  return b.div(like(v, 1), b.sqrt(addLiteral(v, eps)))
}

/** (x·weight + bias) with both stretched from `view`; either may be missing. */
function affine(x: Node, weight: Node | null | undefined, bias: Node | null | undefined, view: Shape): Node {
  const spread = (p: Node): Node => stretch(b.reshape(b.cast(p, x.dtype), view), x.shape)
  const scaled = weight ? b.mul(x, spread(weight)) : x
  return bias ? b.add(scaled, spread(bias)) : scaled
}

export interface BatchNormOptions {
  /** Normalize by the batch's own statistics and update the running ones. Default false. */
  readonly training?: boolean
  /** Weight of the new statistics; null takes the plain average, for which the caller gives 1/count as `momentum`. Default 0.1. */
  readonly momentum?: number | Node
  readonly eps?: number
}

export interface BatchNormResult {
  readonly output: Node
  /** The statistics to store: updated in training, else the ones given. */
  readonly runningMean: Node | null
  readonly runningVar: Node | null
}

/**
 * Batch normalization (Ioffe & Szegedy 2015) over every axis but 1: (x − μ)/√(σ² + ε)·weight + bias.
 * In training (or without running statistics) μ and σ² come from the batch, and the running statistics become
 * (1 − momentum)·old + momentum·new, with the unbiased variance.
 */
export function batchNorm(
  x: Node,
  runningMean: Node | null,
  runningVar: Node | null,
  weight?: Node | null,
  bias?: Node | null,
  { training = false, momentum = 0.1, eps = 1e-5 }: BatchNormOptions = {},
): BatchNormResult {
  requireFloat('batchNorm', x)
  requireRank('batchNorm', x, 2, Number.POSITIVE_INFINITY, '(N, C, …)')
  const channels = x.shape[1]
  for (const p of [runningMean, runningVar, weight, bias]) {
    if (p && (p.shape.length !== 1 || p.shape[0] !== channels)) {
      throw new ShapeError(
        `batchNorm: input ${formatShape(x.shape)} has ${channels} channels, but a parameter has shape ${formatShape(p.shape)}; expected [${channels}].`,
      )
    }
  }
  const wide = b.cast(x, accumulationType(x.dtype))
  const view = x.shape.map((n, i) => (i === 1 ? n : 1))
  const perChannel = (p: Node): Node => b.reshape(b.cast(p, wide.dtype), view)
  if (!training && runningMean !== null && runningVar !== null) {
    const scale = inverseRoot(perChannel(runningVar), eps)
    const centred = b.sub(wide, b.expand(perChannel(runningMean), wide.shape))
    const y = affine(b.mul(centred, b.expand(scale, wide.shape)), weight, bias, view)
    return { output: b.cast(y, x.dtype), runningMean, runningVar }
  }
  const axes = otherAxes([1], x.shape.length)
  const count = axes.reduce((n, a) => n * x.shape[a], 1)
  if (training && count <= 1) {
    throw new ValueError(
      `batchNorm: expected more than 1 value per channel when training, got input ${formatShape(x.shape)}. Use a larger batch, or eval mode.`,
    )
  }
  const parameter = (p: Node | null | undefined): Node | null => (p ? perChannel(p) : null)
  const { output, mean, squares } = normalizeBatch(wide, axes, parameter(weight), parameter(bias), eps)
  if (!training) return { output: b.cast(output, x.dtype), runningMean, runningVar }

  const update = (old: Node | null, now: Node): Node | null => {
    if (old === null) return null
    const fresh = b.cast(b.reshape(now, [channels]), old.dtype)
    const rate =
      typeof momentum === 'number'
        ? b.literal(old, momentum)
        : stretch(b.cast(momentum, old.dtype), old.shape)
    return b.add(b.mul(b.sub(b.literal(old, 1), rate), old), b.mul(rate, fresh))
  }
  return {
    output: b.cast(output, x.dtype),
    runningMean: update(runningMean, mean),
    runningVar: update(runningVar, divLiteral(squares, count - 1)),
  }
}

/** (x − mean)/√(var + ε) over axes, population variance. */
function standardize(x: Node, axes: readonly number[], eps: number): Node {
  const { mean, squares, count } = moments(x, axes)
  const scale = inverseRoot(divLiteral(squares, count), eps)
  return b.mul(b.sub(x, b.expand(mean, x.shape)), b.expand(scale, x.shape))
}

/** The last axes, which must have exactly the sizes of `normalizedShape`. */
function trailingAxes(
  operation: string,
  x: Node,
  normalizedShape: number | Shape,
): { axes: number[]; view: Shape } {
  const shape = typeof normalizedShape === 'number' ? [normalizedShape] : normalizedShape
  const start = x.shape.length - shape.length
  if (shape.length === 0 || start < 0 || !sameShape(x.shape.slice(start), shape)) {
    throw new ShapeError(
      `${operation}: expected an input whose last axes are ${formatShape(shape)}, got ${formatShape(x.shape)}.`,
    )
  }
  return { axes: range(shape.length).map((i) => start + i), view: shape }
}

/** Parameters over trailing axes, brought to the rank of x. */
const trailingView = (x: Node, shape: Shape): number[] => [
  ...new Array<number>(x.shape.length - shape.length).fill(1),
  ...shape,
]

/**
 * Layer normalization (Ba, Kiros & Hinton 2016) over the last axes: (x − μ)/√(σ² + ε)·weight + bias with weight and
 * bias of shape `normalizedShape`.
 */
export function layerNorm(
  input: Node,
  normalizedShape: number | Shape,
  weight?: Node | null,
  bias?: Node | null,
  eps = 1e-5,
): Node {
  const x = fullPrecision(input)
  requireFloat('layerNorm', x)
  const { axes, view } = trailingAxes('layerNorm', x, normalizedShape)
  const wide = b.cast(x, accumulationType(x.dtype))
  return b.cast(affine(standardize(wide, axes, eps), weight, bias, trailingView(x, view)), x.dtype)
}

/** Root-mean-square normalization (Zhang & Sennrich 2019): x/√(mean(x²) + ε)·weight. Default ε: 1.2e-7 (f32's). */
export function rmsNorm(
  x: Node,
  normalizedShape: number | Shape,
  weight?: Node | null,
  eps?: number | null,
): Node {
  requireFloat('rmsNorm', x)
  const { axes, view } = trailingAxes('rmsNorm', x, normalizedShape)
  const wide = b.cast(x, accumulationType(x.dtype))
  const epsilon =
    eps ??
    (x.dtype === 'f64' ? 2 ** -52 : x.dtype === 'f16' ? 2 ** -10 : x.dtype === 'bf16' ? 2 ** -7 : 2 ** -23)
  const count = axes.reduce((n, a) => n * x.shape[a], 1)
  const meanSquare = divLiteral(b.reduceSum(b.mul(wide, wide), axes), count)
  const scale = b.reshape(inverseRoot(meanSquare, epsilon), keptShape(x.shape, axes))
  const y = b.mul(wide, b.expand(scale, wide.shape))
  return b.cast(affine(y, weight, null, trailingView(x, view)), x.dtype)
}

/** Group normalization (Wu & He 2018): channels (axis 1) in `numGroups` groups, each normalized with its positions. */
export function groupNorm(
  input: Node,
  numGroups: number,
  weight?: Node | null,
  bias?: Node | null,
  eps = 1e-5,
): Node {
  const x = fullPrecision(input)
  requireFloat('groupNorm', x)
  requireRank('groupNorm', x, 2, Number.POSITIVE_INFINITY, '(N, C, …)')
  const [n, c, ...spatial] = x.shape
  if (!Number.isInteger(numGroups) || numGroups < 1 || c % numGroups !== 0) {
    throw new ShapeError(
      `groupNorm: the ${c} channels of ${formatShape(x.shape)} do not divide into ${numGroups} groups.`,
    )
  }
  const wide = b.cast(x, accumulationType(x.dtype))
  const grouped = b.reshape(wide, [n, numGroups, (c / numGroups) * sizeOf(spatial)])
  const y = b.reshape(standardize(grouped, [2], eps), wide.shape)
  const view = x.shape.map((m, i) => (i === 1 ? m : 1))
  return b.cast(affine(y, weight, bias, view), x.dtype)
}

/** Instance normalization (Ulyanov et al. 2016): every channel of every example by its own positions. */
export function instanceNorm(x: Node, weight?: Node | null, bias?: Node | null, eps = 1e-5): Node {
  requireRank('instanceNorm', x, 3, Number.POSITIVE_INFINITY, '(N, C, …)')
  return groupNorm(x, x.shape[1], weight, bias, eps)
}

/** x/max(‖x‖ₚ, ε) along the axes (default 1), p = 2, ε = 1e-12. */
export function normalize(
  input: Node,
  { p = 2, axis = 1, eps = 1e-12 }: { p?: number; axis?: Axes; eps?: number } = {},
): Node {
  const x = fullPrecision(input)
  const length = norm(x, p, normalizeAxes(axis, x.shape.length, 'normalize'), { keepdim: true })
  const floor = like(length, eps)
  return b.div(x, b.expand(b.where(b.lt(length, floor), floor, length), x.shape))
}

/** x/(k + α/size·Σ x²)^β over `size` neighbouring channels (Krizhevsky et al. 2012). */
export function localResponseNorm(
  x: Node,
  size: number,
  { alpha = 1e-4, beta = 0.75, k = 1 }: { alpha?: number; beta?: number; k?: number } = {},
): Node {
  requireFloat('localResponseNorm', x)
  requireRank('localResponseNorm', x, 3, Number.POSITIVE_INFINITY, '(N, C, …)')
  const last = b.moveAxis(b.mul(x, x), 1, x.shape.length - 1)
  const zeros = last.shape.map(() => 0)
  const ends = (value: number): number[] => zeros.map((_, i) => (i === zeros.length - 1 ? value : 0))
  const padded = b.pad(last, ends(Math.floor(size / 2)), ends(Math.floor((size - 1) / 2)), zeros, 0)
  const windows = b.window(padded, { size: [size], stride: [1], dilation: [1] })
  const total = b.moveAxis(b.reduceSum(windows, [windows.shape.length - 1]), x.shape.length - 1, 1)
  const base = addLiteral(mulLiteral(total, alpha / size), k)
  return b.div(x, b.pow(base, like(base, beta)))
}

/** Σ x·y/(max(‖x‖, ε)·max(‖y‖, ε)) along an axis (default 1), ε = 1e-8. */
export function cosineSimilarity(
  left: Node,
  right: Node,
  { axis = 1, eps = 1e-8 }: { axis?: number; eps?: number } = {},
): Node {
  const [x, y] = [fullPrecision(left), fullPrecision(right)]
  for (const z of [x, y]) {
    if (!isFloat(z.dtype)) throw new DTypeError(`cosineSimilarity: expected float elements, got ${z.dtype}.`)
  }
  const rank = Math.max(x.shape.length, y.shape.length)
  const shape = range(rank).map((i) => {
    const at = (z: Node): number => z.shape[i - (rank - z.shape.length)] ?? 1
    return Math.max(at(x), at(y))
  })
  const axes = normalizeAxes(axis, rank, 'cosineSimilarity')
  const unit = (z: Node): Node => {
    const wide = stretch(z, shape)
    const length = norm(wide, 2, axes, { keepdim: true })
    const floor = like(length, eps)
    return b.div(wide, b.expand(b.where(b.lt(length, floor), floor, length), shape))
  }
  return b.reduceSum(b.mul(unit(x), unit(y)), axes)
}
