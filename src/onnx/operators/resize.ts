/** Resize and Upsample in all modes. Each axis is a weighted sum of few neighbours, whose places are known beforehand. */
import { isFloat } from '../../core/dtype.js'
import { formatShape, range } from '../../core/shape.js'
import * as b from '../../ir/build.js'
import type { Node } from '../../ir/node.js'
import { like, stretch } from '../../ops/operand.js'
import type { Rule, Rules } from '../context.js'
import { typeOfDType } from '../element-type.js'
import { checkElements, checkHostElements } from '../limits.js'
import { numbersTensor } from './creation.js'
import { selectIndices } from './select-indices.js'

interface Settings {
  readonly mode: string
  readonly coordinates: string
  readonly nearest: string
  readonly cubic: number
  readonly excludeOutside: boolean
  readonly antialias: boolean
  readonly extrapolation: number
}

interface Axis {
  readonly from: number
  readonly to: number
  readonly scale: number
  readonly start: number
  readonly end: number
}

/** Where element i of the result lies in the input. */
function origin({ coordinates }: Settings, { from, to, scale, start, end }: Axis, i: number): number {
  // Not rounded: how long the result would be if sizes were real numbers.
  const length = scale * from * (coordinates === 'tf_crop_and_resize' ? end - start : 1)
  switch (coordinates) {
    case 'half_pixel':
      return (i + 0.5) / scale - 0.5
    case 'half_pixel_symmetric': {
      const adjustment = to / length
      return (from / 2) * (1 - adjustment) + (i + 0.5) / scale - 0.5
    }
    case 'pytorch_half_pixel':
      return length > 1 ? (i + 0.5) / scale - 0.5 : 0
    case 'tf_half_pixel_for_nn':
      return (i + 0.5) / scale
    case 'align_corners':
      return length === 1 || to === 1 ? 0 : (i * (from - 1)) / (length - 1)
    case 'tf_crop_and_resize':
      return to > 1
        ? start * (from - 1) + (i * (end - start) * (from - 1)) / (to - 1)
        : 0.5 * (start + end) * (from - 1)
    default:
      return i / scale
  }
}

function nearestIndex(mode: string, at: number): number {
  switch (mode) {
    case 'floor':
      return Math.floor(at)
    case 'ceil':
      return Math.ceil(at)
    case 'round_prefer_ceil':
      return Math.floor(at + 0.5)
    default:
      return Math.ceil(at - 0.5)
  }
}

/** Keys' cubic convolution with parameter a. */
function cubicWeight(a: number, distance: number): number {
  const d = Math.abs(distance)
  if (d < 1) return ((a + 2) * d - (a + 3)) * d * d + 1
  return d < 2 ? ((a * d - 5 * a) * d + 8 * a) * d - 4 * a : 0
}

interface Tap {
  readonly at: number
  readonly weight: number
}

/** The neighbours of a position, with weights that add up to 1. */
function tapsAt(settings: Settings, axis: Axis, position: number): Tap[] {
  const { mode, cubic, excludeOutside, antialias } = settings
  const stretchBy = antialias ? Math.min(axis.scale, 1) : 1
  // Beyond the ends there is only the edge again.
  const reach = Math.min((mode === 'cubic' ? 2 : 1) / stretchBy, 2 * axis.from + 4)
  const weigh = (d: number): number =>
    mode === 'cubic' ? cubicWeight(cubic, d * stretchBy) : Math.max(0, 1 - Math.abs(d * stretchBy))
  const taps: Tap[] = []
  const first = Math.floor(position - reach) + 1
  const last = Math.max(first, Math.ceil(position + reach) - 1)
  for (let i = first; i <= last; i++) {
    const inside = i >= 0 && i < axis.from
    if (!inside && excludeOutside) continue
    taps.push({ at: Math.min(Math.max(i, 0), axis.from - 1), weight: weigh(i - position) })
  }
  const total = excludeOutside || antialias ? taps.reduce((sum, t) => sum + t.weight, 0) : 1
  return taps.map(({ at, weight }) => ({ at, weight: total === 0 ? 0 : weight / total }))
}

/** Resizes one axis. */
function resizeAxis(x: Node, a: number, axis: Axis, settings: Settings): Node {
  checkHostElements(axis.to)
  const positions = range(axis.to).map((i) => origin(settings, axis, i))
  const clamp = (i: number): number => Math.min(Math.max(i, 0), axis.from - 1)
  if (settings.mode === 'nearest') {
    return selectIndices(
      x,
      a,
      positions.map((p) => clamp(nearestIndex(settings.nearest, p))),
    )
  }
  const taps = positions.map((p) => tapsAt(settings, axis, p))
  checkHostElements(taps.reduce((n, list) => n + list.length, 0))
  const most = taps.reduce((n, list) => Math.max(n, list.length), 0)
  let sum: Node | null = null
  for (let k = 0; k < most; k++) {
    const rows = selectIndices(
      x,
      a,
      taps.map((list) => list[k]?.at ?? 0),
    )
    const shape = x.shape.map((_, i) => (i === a ? axis.to : 1))
    const weights = numbersTensor(
      typeOfDType[x.dtype],
      taps.map((list) => list[k]?.weight ?? 0),
      shape,
    )
    const share = b.mul(rows, b.expand(weights.node, rows.shape))
    sum = sum === null ? share : b.add(sum, share)
  }
  return sum!
}

/** `extrapolation_value` where a coordinate of the crop leaves the input. */
function extrapolate(y: Node, axes: readonly Axis[], settings: Settings): Node {
  let result = y
  axes.forEach((axis, a) => {
    const outside = range(axis.to).map((i) => {
      const p = origin(settings, axis, i)
      return p < 0 || p > axis.from - 1 ? 1 : 0
    })
    if (!outside.includes(1)) return
    const mask = numbersTensor(
      'bool',
      outside,
      y.shape.map((_, i) => (i === a ? axis.to : 1)),
    )
    result = b.where(stretch(mask.node, y.shape), like(y, settings.extrapolation), result)
  })
  return result
}

function resizeAll(x: Node, axes: readonly Axis[], settings: Settings): Node {
  let y = x
  axes.forEach((axis, a) => {
    if (axis.from === axis.to && axis.scale === 1 && axis.start === 0 && axis.end === 1) return
    y = resizeAxis(y, a, axis, settings)
    checkElements(y.shape)
  })
  return settings.coordinates === 'tf_crop_and_resize' ? extrapolate(y, axes, settings) : y
}

/** Integers are interpolated as f32 and cut. */
function apply(x: Node, axes: readonly Axis[], settings: Settings): Node {
  checkElements(axes.map((axis) => axis.to))
  if (x.shape.includes(0))
    throw new RangeError(`cannot resize an empty tensor of shape ${formatShape(x.shape)}.`)
  if (settings.mode === 'nearest' || x.dtype === 'f32' || x.dtype === 'f64')
    return resizeAll(x, axes, settings)
  const y = resizeAll(b.cast(x, 'f32'), axes, settings)
  return b.cast(isFloat(x.dtype) ? y : b.round(y), x.dtype)
}

const plain: Settings = {
  mode: 'nearest',
  coordinates: 'asymmetric',
  nearest: 'floor',
  cubic: -0.75,
  excludeOutside: false,
  antialias: false,
  extrapolation: 0,
}

/** Target sizes that keep the proportions, by the smaller or larger of the scales. */
function keepRatio(policy: string, sizes: readonly number[], given: readonly number[]): [number, number[]] {
  const scales = given.map((n, i) => n / sizes[i])
  const scale = policy === 'not_larger' ? Math.min(...scales) : Math.max(...scales)
  return [scale, sizes.map((n) => Math.floor(n * scale + 0.5))]
}

const resize: Rule = (c) => {
  const x = c.x(0)
  const rank = x.shape.length
  const old = c.version < 11
  const mode = c.string('mode', 'nearest')
  const axesGiven = c.ints('axes')?.map((a) => c.axis(a, rank)) ?? range(rank)
  const settings: Settings = {
    mode: mode === 'bilinear' ? 'linear' : mode,
    coordinates: old ? 'asymmetric' : c.string('coordinate_transformation_mode', 'half_pixel'),
    nearest: old ? 'floor' : c.string('nearest_mode', 'round_prefer_floor'),
    cubic: c.float('cubic_coeff_a', -0.75),
    excludeOutside: c.int('exclude_outside', 0) !== 0,
    antialias: c.int('antialias', 0) !== 0,
    extrapolation: c.float('extrapolation_value', 0),
  }
  const crop = settings.coordinates === 'tf_crop_and_resize'
  const roi = crop ? c.numbers(1) : []
  const scales = c.optionalNumbers(old ? 1 : 2) ?? []
  const sizes = old ? null : c.optionalNumbers(3)
  const bySize = sizes !== null && sizes.length > 0
  const count = bySize ? sizes.length : scales.length
  if (count !== axesGiven.length) c.fail(`expected ${axesGiven.length} scales or sizes, got ${count}.`)
  const policy = c.string('keep_aspect_ratio_policy', 'stretch')
  const input = axesGiven.map((a) => x.shape[a])
  const [common, targets] =
    bySize && policy !== 'stretch' ? keepRatio(policy, input, sizes) : [null, bySize ? sizes : null]
  const axes = x.shape.map((n): Axis => ({ from: n, to: n, scale: 1, start: 0, end: 1 }))
  axesGiven.forEach((a, k) => {
    const n = x.shape[a]
    const [start, end] = crop ? [roi[k], roi[k + axesGiven.length]] : [0, 1]
    const scale = targets === null ? scales[k] : (common ?? targets[k] / n)
    const to = targets === null ? Math.floor(n * (crop ? end - start : 1) * scale) : targets[k]
    if (!(scale > 0) || !Number.isSafeInteger(to) || to < 0) c.fail(`expected positive scales, got ${scale}.`)
    axes[a] = { from: n, to, scale, start, end }
  })
  return c.like(apply(x, axes, settings))
}

const upsample: Rule = (c) => {
  const x = c.x(0)
  const scales = c.version < 9 ? (c.floats('scales') ?? []) : c.numbers(1)
  if (scales.length !== x.shape.length) c.fail(`expected ${x.shape.length} scales, got ${scales.length}.`)
  const mode = c.string('mode', 'nearest')
  const axes = x.shape.map((n, i): Axis => {
    const to = Math.floor(n * scales[i])
    if (!(to >= 0)) c.fail(`expected positive scales, got ${scales[i]}.`)
    return { from: n, to, scale: scales[i], start: 0, end: 1 }
  })
  return c.like(apply(x, axes, { ...plain, mode: mode === 'bilinear' ? 'linear' : mode }))
}

export const resizing: Rules = { Resize: resize, Upsample: upsample }
