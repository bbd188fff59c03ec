/**
 * Resampling of images (N, C, …) to other sizes: nearest, linear, cubic and area interpolation, one axis after the
 * other. Positions and weights are computed in the graph, in the dtype of the computation, as PyTorch does.
 */
import { ShapeError, ValueError } from '../core/errors.js'
import { formatShape, range } from '../core/shape.js'
import * as b from '../ir/build.js'
import type { Node } from '../ir/node.js'
import { adaptiveAvgPool1d, adaptiveAvgPool2d, adaptiveAvgPool3d } from './adaptive-pooling.js'
import { contractionAccumulator } from './contraction.js'
import { cubicWeights } from './cubic-weights.js'
import {
  accumulationType,
  addLiteral,
  inAccumulationType,
  like,
  mulLiteral,
  requireFloat,
} from './operand.js'

const modes = ['nearest', 'nearest-exact', 'linear', 'bilinear', 'bicubic', 'trilinear', 'area'] as const

export type InterpolateMode = (typeof modes)[number]

export interface InterpolateOptions {
  /** Size of the result: one number for all spatial axes, or one an axis. */
  readonly size?: number | readonly number[] | null
  /** In place of `size`: the factor of all spatial axes, or one an axis. Sizes are rounded down. */
  readonly scaleFactor?: number | readonly number[] | null
  /** Default 'nearest'. 'linear' takes (N, C, L), 'bilinear' and 'bicubic' (N, C, H, W), 'trilinear' (N, C, D, H, W). */
  readonly mode?: InterpolateMode
  /** Linear and cubic modes: the corner pixels' centres stay where they are. Default false: the images' edges do. */
  readonly alignCorners?: boolean | null
  /** With `scaleFactor`: positions come from the rounded sizes and not from the factor. Default false. */
  readonly recomputeScaleFactor?: boolean | null
  /** 'bilinear' and 'bicubic': when shrinking, average over all pixels that an output covers. Default false. */
  readonly antialias?: boolean
}

/** How one axis is resampled: from n to m elements, `scale` input positions an output position. */
interface AxisPlan {
  readonly axis: number
  readonly n: number
  readonly m: number
  readonly scale: number
}

const spatialRank: Partial<Record<InterpolateMode, number>> = {
  linear: 1,
  bilinear: 2,
  bicubic: 2,
  trilinear: 3,
}

const perAxisNumbers = (what: string, value: number | readonly number[], spatial: number): number[] => {
  const list = typeof value === 'number' ? range(spatial).map(() => value) : [...value]
  if (list.length !== spatial || !list.every((v) => Number.isFinite(v) && v > 0)) {
    throw new ValueError(
      `interpolate: expected ${what} above 0, one or ${spatial} of them, got ${JSON.stringify(value)}.`,
    )
  }
  return list
}

function plansOf(x: Node, spatial: number, alignCorners: boolean, options: InterpolateOptions): AxisPlan[] {
  const { size = null, scaleFactor = null, recomputeScaleFactor } = options
  if ((size === null) === (scaleFactor === null)) {
    throw new ValueError(
      `interpolate: expected either size or scaleFactor, got ${size === null ? 'neither' : 'both'}.`,
    )
  }
  if (recomputeScaleFactor && scaleFactor === null) {
    throw new ValueError('interpolate: recomputeScaleFactor needs scaleFactor, not size.')
  }
  const sizes = x.shape.slice(2)
  const factors = scaleFactor === null ? null : perAxisNumbers('scaleFactor', scaleFactor, spatial)
  const target =
    factors === null
      ? perAxisNumbers('size', size!, spatial)
      : sizes.map((n, i) => Math.floor(n * factors[i]))
  if (!target.every((m) => Number.isInteger(m) && m >= 1) || sizes.some((n) => n === 0)) {
    throw new ShapeError(
      `interpolate: expected sizes of at least 1, got ${formatShape(target)} for an input ${formatShape(x.shape)}.`,
    )
  }
  return target.map((m, i) => {
    const n = sizes[i]
    const ratio = factors === null || recomputeScaleFactor ? n / m : 1 / factors[i]
    return { axis: i + 2, n, m, scale: alignCorners ? (m > 1 ? (n - 1) / (m - 1) : 0) : ratio }
  })
}

/** The elements of x at `index` [m] (i32) along the axis. */
function takeAlong(x: Node, axis: number, index: Node): Node {
  const [m] = index.shape
  const shape = x.shape.map((k, i) => (i === axis ? m : k))
  const column = b.reshape(
    index,
    shape.map((k, i) => (i === axis ? k : 1)),
  )
  return b.gather(x, b.expand(column, shape), axis)
}

/** Weights [m] along the axis, stretched like y. */
const along = (y: Node, axis: number, weights: Node): Node =>
  b.expand(
    b.reshape(
      weights,
      y.shape.map((k, i) => (i === axis ? k : 1)),
    ),
    y.shape,
  )

/** Limits positions to 0 … n − 1 and makes indices of them. */
const indexOf = (position: Node, n: number): Node =>
  b.cast(b.minimum(b.maximum(position, like(position, 0)), like(position, n - 1)), 'i32')

const steps = (m: number, x: Node): Node => b.iota([m], 0, accumulationType(x.dtype))

function nearestAxis(x: Node, { axis, n, m, scale }: AxisPlan, exact: boolean): Node {
  const i = b.iota([m], 0, x.dtype === 'f64' ? 'f64' : 'f32')
  const at = b.floor(mulLiteral(exact ? addLiteral(i, 0.5) : i, scale))
  return takeAlong(x, axis, indexOf(at, n))
}

/** Input positions of the outputs; not below 0 where `clip`. */
function positions(x: Node, { m, scale }: AxisPlan, alignCorners: boolean, clip: boolean): Node {
  const i = steps(m, x)
  if (alignCorners) return mulLiteral(i, scale)
  const at = addLiteral(mulLiteral(addLiteral(i, 0.5), scale), -0.5)
  return clip ? b.maximum(at, like(at, 0)) : at
}

function linearAxis(x: Node, plan: AxisPlan, alignCorners: boolean): Node {
  const { axis, n } = plan
  const at = positions(x, plan, alignCorners, true)
  const below = b.minimum(b.floor(at), like(at, n - 1))
  const share = b.minimum(b.sub(at, below), like(at, 1))
  const left = takeAlong(x, axis, indexOf(below, n))
  const right = takeAlong(x, axis, indexOf(addLiteral(below, 1), n))
  return b.add(
    b.mul(left, along(left, axis, b.sub(like(share, 1), share))),
    b.mul(right, along(right, axis, share)),
  )
}

function cubicAxis(x: Node, plan: AxisPlan, alignCorners: boolean): Node {
  const { axis, n } = plan
  const at = positions(x, plan, alignCorners, false)
  const below = b.floor(at)
  return cubicWeights(b.sub(at, below))
    .map((weight, k) => {
      const tap = takeAlong(x, axis, indexOf(addLiteral(below, k - 1), n))
      return b.mul(tap, along(tap, axis, weight))
    })
    .reduce((sum, part) => b.add(sum, part))
}

/** Triangle (linear) and Keys' cubic with a = −1/2 (cubic): what antialiased resampling weighs pixels with. */
function antialiasFilter(x: Node, cubic: boolean): Node {
  const d = b.abs(x)
  const one = like(d, 1)
  if (!cubic) return b.where(b.lt(d, one), b.sub(one, d), like(d, 0))
  const poly = (...coefficients: number[]): Node =>
    coefficients.slice(1).reduce((y, c) => addLiteral(b.mul(y, d), c), like(d, coefficients[0]))
  const inner = poly(1.5, -2.5, 0, 1)
  const outer = poly(-0.5, 2.5, -4, 2)
  return b.where(b.lt(d, one), inner, b.where(b.lt(d, like(d, 2)), outer, like(d, 0)))
}

function antialiasedAxis(x: Node, { axis, n, m, scale }: AxisPlan, cubic: boolean): Node {
  const dtype = accumulationType(x.dtype)
  const centre = mulLiteral(addLiteral(b.iota([m, n], 0, dtype), 0.5), scale)
  const distance = b.sub(addLiteral(b.iota([m, n], 1, dtype), 0.5), centre)
  const weights = antialiasFilter(mulLiteral(distance, scale >= 1 ? 1 / scale : 1), cubic)
  const total = b.expand(b.reshape(b.reduceSum(weights, [1]), [m, 1]), [m, n])
  const y = b.contract(x, b.div(weights, total), {
    batch: [[], []],
    contracting: [[axis], [1]],
    accumulate: contractionAccumulator(dtype),
    exact: true,
  })
  return b.moveAxis(y, y.shape.length - 1, axis)
}

const areaPools = [adaptiveAvgPool1d, adaptiveAvgPool2d, adaptiveAvgPool3d]

/**
 * x (N, C, …) at another size, as `torch.nn.functional.interpolate`. Throws ShapeError and ValueError for sizes, modes
 * and options that do not go together.
 */
export function interpolate(x: Node, options: InterpolateOptions): Node {
  const { mode = 'nearest', alignCorners = null, antialias = false } = options
  if (!modes.includes(mode)) {
    throw new ValueError(`interpolate: expected mode ${modes.join(', ')}, got '${mode}'.`)
  }
  const spatial = x.shape.length - 2
  if (spatial < 1 || spatial > 3 || (spatialRank[mode] ?? spatial) !== spatial) {
    const expected = spatialRank[mode] === undefined ? '3 to 5' : `${spatialRank[mode] + 2}`
    throw new ShapeError(
      `interpolate: mode '${mode}' takes an input of rank ${expected} (N, C, …), got shape ${formatShape(x.shape)}.`,
    )
  }
  const smooth = spatialRank[mode] !== undefined
  if (alignCorners !== null && !smooth) {
    throw new ValueError(`interpolate: alignCorners goes with linear and cubic modes, not with '${mode}'.`)
  }
  if (antialias && mode !== 'bilinear' && mode !== 'bicubic') {
    throw new ValueError(`interpolate: antialias goes with 'bilinear' and 'bicubic', not with '${mode}'.`)
  }
  const align = alignCorners === true
  const plans = plansOf(x, spatial, align, options)
  if (mode === 'area') {
    return areaPools[spatial - 1](
      x,
      plans.map((p) => p.m),
    )
  }
  // Where nothing moves, nothing is computed.
  const moving = plans.filter(({ n, m, scale }) => n !== m || scale !== 1)
  if (!smooth) return moving.reduce((y, plan) => nearestAxis(y, plan, mode === 'nearest-exact'), x)
  requireFloat('interpolate', x)
  return inAccumulationType(x, (wide) =>
    moving.reduce((y, plan) => {
      if (antialias) return antialiasedAxis(y, plan, mode === 'bicubic')
      return mode === 'bicubic' ? cubicAxis(y, plan, align) : linearAxis(y, plan, align)
    }, wide),
  )
}
