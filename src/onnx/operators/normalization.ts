/** Normalization and dropout. */
import { range } from '../../core/shape.js'
import * as b from '../../ir/build.js'
import type { Node } from '../../ir/node.js'
import { addLiteral, divLiteral, inAccumulationType, like, mulLiteral, stretch } from '../../ops/operand.js'
import { dropout as drop } from '../../ops/random.js'
import { keptShape, moments, safeSqrt } from '../../ops/reductions.js'
import { defaultGenerator, Generator } from '../../tensor/random.js'
import type { Context, Rule, Rules } from '../context.js'
import { dtypeOf, elementTypeOf } from '../element-type.js'

/** One value a channel (axis 1), stretched over x. */
const perChannel = (v: Node, x: Node): Node =>
  b.expand(
    b.reshape(
      b.cast(v, x.dtype),
      x.shape.map((n, i) => (i === 1 ? n : 1)),
    ),
    x.shape,
  )

const spread = (v: Node, x: Node): Node => b.expand(v, x.shape)

/** (x − mean) / √(variance + ε). */
const standardize = (x: Node, mean: Node, variance: Node, epsilon: number): Node =>
  b.div(b.sub(x, mean), b.sqrt(addLiteral(variance, epsilon)))

const batchNormalization: Rule = (c) => {
  const x = c.x(0)
  const epsilon = c.float('epsilon', 1e-5)
  const training = c.version >= 14 ? c.int('training_mode', 0) !== 0 : false
  const affine = (y: Node): Node => b.add(b.mul(y, perChannel(c.x(1), y)), perChannel(c.x(2), y))
  if (!training) {
    return c.like(
      inAccumulationType(x, (y) =>
        affine(standardize(y, perChannel(c.x(3), y), perChannel(c.x(4), y), epsilon)),
      ),
    )
  }
  const wide = b.cast(x, x.dtype === 'f64' ? 'f64' : 'f32')
  const axes = range(x.shape.length).filter((a) => a !== 1)
  const { mean, squares, count } = moments(wide, axes)
  const variance = divLiteral(squares, count)
  const y = affine(standardize(wide, spread(mean, wide), spread(variance, wide), epsilon))
  const momentum = c.float('momentum', 0.9)
  const running = (i: number, batch: Node): Node => {
    const old = c.x(i)
    const now = b.cast(b.reshape(batch, old.shape), old.dtype)
    return b.add(mulLiteral(old, momentum), mulLiteral(now, 1 - momentum))
  }
  return [c.like(b.cast(y, x.dtype)), c.like(running(3, mean), 3), c.like(running(4, variance), 4)]
}

/** Statistics over `axes` in f32 or wider. */
function normalizeOver(x: Node, axes: readonly number[], epsilon: number): Node {
  const { mean, squares, count } = moments(x, axes)
  return standardize(x, spread(mean, x), spread(divLiteral(squares, count), x), epsilon)
}

const instanceNormalization: Rule = (c) =>
  c.like(
    inAccumulationType(c.x(0), (y) => {
      const z = normalizeOver(y, range(y.shape.length).slice(2), c.float('epsilon', 1e-5))
      return b.add(b.mul(z, perChannel(c.x(1), z)), perChannel(c.x(2), z))
    }),
  )

/** The type in which statistics are computed: f32 unless the input is wider, or `stash_type` says otherwise. */
const stashed = (c: Context, x: Node): Node => {
  const type = c.int('stash_type', 1)
  return x.dtype === 'f64' ? x : b.cast(x, dtypeOf(elementTypeOf(type, c.op)))
}

const layerNormalization: Rule = (c) => {
  const x = c.x(0)
  const rank = x.shape.length
  const axes = range(rank).slice(c.axis(c.int('axis', -1), rank))
  const wide = stashed(c, x)
  const { mean, squares, count } = moments(wide, axes)
  const deviation = b.sqrt(addLiteral(divLiteral(squares, count), c.float('epsilon', 1e-5)))
  const z = b.cast(b.div(b.sub(wide, spread(mean, wide)), spread(deviation, wide)), x.dtype)
  let y = b.mul(z, stretch(c.x(1), z.shape))
  const bias = c.maybe(2)
  if (bias !== null) y = b.add(y, stretch(bias, y.shape))
  return [c.like(y), mean, b.div(like(deviation, 1), deviation)]
}

const rmsNormalization: Rule = (c) => {
  const x = c.x(0)
  const rank = x.shape.length
  const axes = range(rank).slice(c.axis(c.int('axis', -1), rank))
  const wide = stashed(c, x)
  const squares = b.reshape(b.reduceSum(b.mul(wide, wide), axes), keptShape(x.shape, axes))
  const count = axes.reduce((n, a) => n * x.shape[a], 1)
  const root = b.sqrt(addLiteral(divLiteral(squares, count), c.float('epsilon', 1e-5)))
  const z = b.cast(b.div(wide, spread(root, wide)), x.dtype)
  return c.like(b.mul(z, stretch(c.x(1), z.shape)))
}

/** Scale and bias are one a group in operator set 18 and one a channel from 21 on. */
const groupNormalization: Rule = (c) => {
  const x = c.x(0)
  const groups = c.int('num_groups')
  const [n, channels, ...rest] = x.shape
  if (!(groups >= 1) || channels % groups !== 0) c.fail(`expected channels divisible by ${groups} groups.`)
  const wide = stashed(c, x)
  const grouped = b.reshape(wide, [n, groups, channels / groups, ...rest])
  const axes = range(grouped.shape.length).slice(2)
  const z = normalizeOver(grouped, axes, c.float('epsilon', 1e-5))
  const affine = (i: number): Node => {
    const v = b.cast(c.x(i), z.dtype)
    const byGroup = v.shape[0] === groups && c.version < 21
    const shape = byGroup ? [1, groups, 1] : [1, groups, channels / groups]
    return b.expand(b.reshape(v, [...shape, ...rest.map(() => 1)]), z.shape)
  }
  const y = b.add(b.mul(z, affine(1)), affine(2))
  return c.like(b.cast(b.reshape(y, x.shape), x.dtype))
}

/** x / (bias + α/size · Σ x² over neighbouring channels)^β. */
const lrn: Rule = (c) => {
  const x = c.x(0)
  const size = c.int('size')
  const [alpha, beta, bias] = [c.float('alpha', 1e-4), c.float('beta', 0.75), c.float('bias', 1)]
  if (!(size >= 1)) c.fail(`expected a size of 1 or more, got ${size}.`)
  // Beyond all channels there is nothing to add.
  const reach = (n: number): number => Math.min(n, x.shape[1])
  const before = reach(Math.floor((size - 1) / 2))
  const after = reach(Math.ceil((size - 1) / 2))
  const zeros = x.shape.map(() => 0)
  const padded = b.pad(b.mul(x, x), zeros.with(1, before), zeros.with(1, after), zeros, 0)
  const last = b.moveAxis(padded, 1, padded.shape.length - 1)
  const windows = b.window(last, { size: [before + after + 1], stride: [1], dilation: [1] })
  const sums = b.reduceSum(windows, [windows.shape.length - 1])
  const energy = b.moveAxis(sums, sums.shape.length - 1, 1)
  const base = addLiteral(mulLiteral(energy, alpha / size), bias)
  return c.like(b.div(x, b.pow(base, like(base, beta))))
}

const meanVariance: Rule = (c) => {
  const x = c.x(0)
  const axes = (c.ints('axes') ?? [0, 2, 3]).map((a) => c.axis(a, x.shape.length)).sort((p, q) => p - q)
  return c.like(
    inAccumulationType(x, (y) => {
      const { mean, squares, count } = moments(y, axes)
      const deviation = addLiteral(b.sqrt(divLiteral(squares, count)), 1e-9)
      return b.div(b.sub(y, spread(mean, y)), spread(deviation, y))
    }),
  )
}

const lpNormalization: Rule = (c) => {
  const x = c.x(0)
  const axis = c.axis(c.int('axis', -1), x.shape.length)
  const kept = keptShape(x.shape, [axis])
  const sum = (y: Node): Node => b.reshape(b.reduceSum(y, [axis]), kept)
  const norm = c.int('p', 2) === 1 ? sum(b.abs(x)) : safeSqrt(sum(b.mul(x, x)))
  // A row of zeros stays one.
  const safe = b.where(b.eq(norm, like(norm, 0)), like(norm, 1), norm)
  return c.like(b.div(x, spread(safe, x)))
}

/** Only where `training_mode` is true: models are exported with dropout switched off. */
const dropout: Rule = (c) => {
  const x = c.x(0)
  const ratio = c.version >= 12 ? (c.has(1) ? c.number(1) : 0.5) : c.float('ratio', 0.5)
  const training =
    c.version >= 12 ? c.has(2) && c.number(2) !== 0 : c.version < 7 && c.int('is_test', 0) === 0
  const mask = b.literal(x, 1, 'bool')
  if (!training || ratio === 0) return [c.like(x), c.version >= 10 ? mask : b.cast(mask, x.dtype)]
  const generator = c.hasAttribute('seed') ? new Generator(c.int('seed')) : defaultGenerator
  const kept = drop(b.literal(x, 1), ratio, generator.nextKey())
  return [c.like(b.mul(x, kept)), b.cast(kept, 'bool')]
}

export const normalization: Rules = {
  BatchNormalization: batchNormalization,
  InstanceNormalization: instanceNormalization,
  LayerNormalization: layerNormalization,
  RMSNormalization: rmsNormalization,
  GroupNormalization: groupNormalization,
  LRN: lrn,
  MeanVarianceNormalization: meanVariance,
  LpNormalization: lpNormalization,
  Dropout: dropout,
}
