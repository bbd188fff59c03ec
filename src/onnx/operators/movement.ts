/** Shapes, slices, joins and padding: operators that move elements. */
import { formatShape, range, type Shape, sizeOf } from '../../core/shape.js'
import * as b from '../../ir/build.js'
import type { Node } from '../../ir/node.js'
import * as diagonal from '../../ops/diagonal.js'
import { like, stretch } from '../../ops/operand.js'
import * as rearranging from '../../ops/rearranging.js'
import * as shapes from '../../ops/shape.js'
import * as slicing from '../../ops/slicing.js'
import type { Context, Rule, Rules } from '../context.js'
import { maxHostElements } from '../limits.js'
import { int64Tensor } from '../value.js'
import { selectIndices } from './select-indices.js'

/** A list of integers that was an attribute before operator set `since` and is input i from then on. */
export function intsOf(c: Context, name: string, i: number, since: number): number[] | null {
  return c.version < since ? c.ints(name) : c.optionalNumbers(i)
}

const reshape: Rule = (c) => {
  const x = c.x(0)
  const target = c.version < 5 ? (c.ints('shape') ?? []) : c.numbers(1)
  const copies = c.int('allowzero', 0) === 0
  const shape = target.map((n, i) => {
    if (n !== 0 || !copies) return n
    return x.shape[i] ?? c.fail(`expected an axis ${i} to copy, got shape ${formatShape(x.shape)}.`)
  })
  if (!copies && shape.includes(0) && shape.includes(-1)) c.fail('expected either 0 or -1 in the shape.')
  return c.like(shapes.reshape(x, shape))
}

const squeeze: Rule = (c) => {
  const x = c.x(0)
  const axes = intsOf(c, 'axes', 1, 13)?.map((a) => c.axis(a, x.shape.length))
  for (const a of axes ?? []) {
    if (x.shape[a] !== 1) c.fail(`expected size 1 on axis ${a} of ${formatShape(x.shape)}.`)
  }
  return c.like(
    b.reshape(
      x,
      x.shape.filter((n, i) => (axes ? !axes.includes(i) : n !== 1)),
    ),
  )
}

const unsqueeze: Rule = (c) => {
  const x = c.x(0)
  const given = intsOf(c, 'axes', 1, 13) ?? []
  const rank = x.shape.length + given.length
  const axes = new Set(given.map((a) => c.axis(a, rank)))
  if (axes.size !== given.length) c.fail(`expected distinct axes, got ${formatShape(given)}.`)
  let at = 0
  return c.like(
    b.reshape(
      x,
      range(rank).map((i) => (axes.has(i) ? 1 : x.shape[at++])),
    ),
  )
}

const flatten: Rule = (c) => {
  const { shape } = c.x(0)
  const at = c.int('axis', 1)
  const axis = at < 0 ? at + shape.length : at
  if (axis < 0 || axis > shape.length) c.fail(`expected an axis of ${formatShape(shape)}, got ${at}.`)
  return c.like(b.reshape(c.x(0), [sizeOf(shape.slice(0, axis)), sizeOf(shape.slice(axis))]))
}

const transpose: Rule = (c) => {
  const x = c.x(0)
  return c.like(shapes.permute(x, c.ints('perm') ?? range(x.shape.length).reverse()))
}

const expand: Rule = (c) => {
  const x = c.x(0)
  const target = c.numbers(1)
  const rank = Math.max(target.length, x.shape.length)
  const size = (list: Shape, i: number): number => list[i - rank + list.length] ?? 1
  const shape = range(rank).map((i) => (size(target, i) === 1 ? size(x.shape, i) : size(target, i)))
  return c.like(stretch(x, shape))
}

const concat: Rule = (c) => {
  const xs = c.tensors().map((t) => t.node)
  const axis = c.axis(c.int('axis', c.version < 4 ? 1 : undefined), xs[0].shape.length)
  const sizes = (x: Node): string => formatShape(x.shape.filter((_, i) => i !== axis))
  for (const x of xs) {
    if (x.shape.length !== xs[0].shape.length || sizes(x) !== sizes(xs[0])) {
      c.fail(`shapes ${formatShape(xs[0].shape)} and ${formatShape(x.shape)} differ outside axis ${axis}.`)
    }
  }
  return c.like(b.concat(xs, axis))
}

const split: Rule = (c) => {
  const x = c.x(0)
  const axis = c.axis(c.int('axis', 0), x.shape.length)
  const n = x.shape[axis]
  const parts = c.int('num_outputs', c.wanted.length)
  if (!(parts >= 1 && parts <= 65536)) c.fail(`expected 1 to 65536 parts, got ${parts}.`)
  const even = Math.ceil(n / parts)
  const sizes =
    intsOf(c, 'split', 1, 13) ?? range(parts).map((i) => Math.max(0, Math.min(even, n - i * even)))
  if (sizes.some((m) => m < 0) || sizes.length > 65536)
    c.fail(`expected sizes ≥ 0, got ${formatShape(sizes)}.`)
  return slicing.split(x, sizes, axis).map((piece) => c.like(piece))
}

/** x[start:end:step] along one axis, where a negative step walks backwards. */
export function sliceAxis(x: Node, axis: number, start: number, end: number, step: number): Node {
  const n = x.shape[axis]
  const limit = (i: number, low: number, high: number): number =>
    Math.min(Math.max(i < 0 ? i + n : i, low), high)
  if (step > 0) return slicing.slice(x, axis, limit(start, 0, n), limit(end, 0, n), Math.min(step, n + 1))
  const stride = Math.min(-step, n + 1)
  const [from, to] = [limit(start, -1, n - 1), limit(end, -1, n - 1)]
  const count = Math.max(0, Math.ceil((from - to) / stride))
  if (count === 0) return b.sliceAxis(x, axis, 0, 0)
  const lowest = from - (count - 1) * stride
  return b.flip(slicing.slice(x, axis, lowest, from + 1, stride), [axis])
}

const slice: Rule = (c) => {
  let x = c.x(0)
  const old = c.version < 10
  const starts = old ? (c.ints('starts') ?? []) : c.numbers(1)
  const ends = old ? (c.ints('ends') ?? []) : c.numbers(2)
  const axes = (old ? c.ints('axes') : c.optionalNumbers(3)) ?? range(starts.length)
  const steps = (old ? null : c.optionalNumbers(4)) ?? starts.map(() => 1)
  if (ends.length !== starts.length || axes.length !== starts.length || steps.length !== starts.length) {
    c.fail('expected as many ends, axes and steps as starts.')
  }
  if (steps.includes(0)) c.fail('expected steps other than 0.')
  axes.forEach((axis, k) => {
    x = sliceAxis(x, c.axis(axis, x.shape.length), starts[k], ends[k], steps[k])
  })
  return c.like(x)
}

const padModes = { constant: 'constant', reflect: 'reflect', edge: 'replicate', wrap: 'circular' } as const

/** Where element i of an axis of n comes from, for positions outside 0…n−1. */
const outside = (mode: string, i: number, n: number): number => {
  if (mode === 'edge') return Math.min(Math.max(i, 0), n - 1)
  const period = mode === 'wrap' ? n : Math.max(1, 2 * n - 2)
  const at = ((i % period) + period) % period
  return at < n ? at : period - at
}

const pad: Rule = (c) => {
  let x = c.x(0)
  const rank = x.shape.length
  const given = (c.version < 11 ? (c.ints('pads') ?? c.ints('paddings')) : c.numbers(1)) ?? []
  const axes = c.optionalNumbers(3)?.map((a) => c.axis(a, rank)) ?? range(rank)
  if (given.length !== 2 * axes.length) c.fail(`expected ${2 * axes.length} pads, got ${given.length}.`)
  const mode = c.string('mode', 'constant') as keyof typeof padModes
  if (!Object.hasOwn(padModes, mode))
    c.fail(`expected mode ${Object.keys(padModes).join(', ')}, got '${mode}'.`)
  const low = range(rank).map(() => 0)
  const high = range(rank).map(() => 0)
  axes.forEach((a, k) => {
    low[a] = given[k]
    high[a] = given[k + axes.length]
  })
  if (mode === 'constant') {
    const value = c.version < 11 ? c.float('value', 0) : c.has(2) ? c.number(2) : 0
    return c.like(
      b.pad(
        x,
        low,
        high,
        low.map(() => 0),
        value,
      ),
    )
  }
  for (const a of range(rank)) {
    if (low[a] === 0 && high[a] === 0) continue
    const n = x.shape[a]
    if (n === 0 || n + low[a] + high[a] > maxHostElements) {
      c.fail(`pads ${low[a]} and ${high[a]} do not fit axis ${a} of ${formatShape(x.shape)}.`)
    }
    const positions = range(Math.max(0, n + low[a] + high[a])).map((i) => outside(mode, i - low[a], n))
    x = selectIndices(x, a, positions)
  }
  return c.like(x)
}

/** (N, C·b², H, W) ↔ (N, C, H·b, W·b). */
const depthToSpace: Rule = (c) => {
  c.expectRank(0, 4)
  const x = c.x(0)
  const [n, depth, h, w] = x.shape
  const s = c.int('blocksize')
  if (!(s >= 1) || depth % (s * s) !== 0) c.fail(`expected channels divisible by ${s}², got ${depth}.`)
  const d = depth / (s * s)
  const crd = c.string('mode', 'DCR') === 'CRD'
  const y = crd
    ? b.permute(b.reshape(x, [n, d, s, s, h, w]), [0, 1, 4, 2, 5, 3])
    : b.permute(b.reshape(x, [n, s, s, d, h, w]), [0, 3, 4, 1, 5, 2])
  return c.like(b.reshape(y, [n, d, h * s, w * s]))
}

const spaceToDepth: Rule = (c) => {
  c.expectRank(0, 4)
  const x = c.x(0)
  const [n, depth, h, w] = x.shape
  const s = c.int('blocksize')
  if (!(s >= 1) || h % s !== 0 || w % s !== 0) c.fail(`expected sizes divisible by ${s}, got ${h} and ${w}.`)
  const y = b.permute(
    b.reshape(x, [n, depth, h / s, s, w / s, s]),
    c.string('mode', 'DCR') === 'CRD' ? [0, 1, 3, 5, 2, 4] : [0, 3, 5, 1, 2, 4],
  )
  return c.like(b.reshape(y, [n, depth * s * s, h / s, w / s]))
}

const shape: Rule = (c) => {
  const sizes = c.shape(0)
  const bound = (i: number): number => Math.min(Math.max(i < 0 ? i + sizes.length : i, 0), sizes.length)
  const [from, to] = [bound(c.int('start', 0)), bound(c.int('end', sizes.length))]
  const part = sizes.slice(from, Math.max(from, to))
  return int64Tensor(part, [part.length])
}

const tile: Rule = (c) => {
  const x = c.x(0)
  if (c.version >= 6) return c.like(rearranging.repeat(x, c.numbers(1)))
  const repeats = x.shape.map(() => 1)
  repeats[c.axis(c.number(2), x.shape.length)] = c.number(1)
  return c.like(rearranging.repeat(x, repeats))
}

const trilu: Rule = (c) => {
  const k = c.has(1) ? c.number(1) : 0
  const x = c.x(0)
  return c.like(c.int('upper', 1) !== 0 ? diagonal.triu(x, k) : diagonal.tril(x, k))
}

/** Crops or pads each axis around its middle; what is odd goes to the end. */
const centerCropPad: Rule = (c) => {
  let x = c.x(0)
  const rank = x.shape.length
  const axes = c.ints('axes')?.map((a) => c.axis(a, rank)) ?? range(rank)
  const target = c.numbers(1)
  axes.forEach((a, k) => {
    const extra = target[k] - x.shape[a]
    const low = extra >= 0 ? Math.floor(extra / 2) : -Math.floor(-extra / 2)
    const zeros = x.shape.map(() => 0)
    x = b.pad(x, zeros.with(a, low), zeros.with(a, extra - low), zeros, 0)
  })
  return c.like(x)
}

/** The first `len` steps of each example in reverse order. */
const reverseSequence: Rule = (c) => {
  const x = c.x(0)
  const time = c.axis(c.int('time_axis', 0), x.shape.length)
  const batch = c.axis(c.int('batch_axis', 1), x.shape.length)
  const lengths = b.expand(
    b.reshape(
      c.x(1),
      x.shape.map((n, i) => (i === batch ? n : 1)),
    ),
    x.shape,
  )
  const step = b.iota(x.shape, time, lengths.dtype)
  const mirrored = b.sub(b.sub(lengths, like(lengths, 1)), step)
  return c.like(b.gather(x, b.where(b.lt(step, lengths), mirrored, step), time))
}

export const movement: Rules = {
  Identity: (c) => c.value(0),
  Reshape: reshape,
  Squeeze: squeeze,
  Unsqueeze: unsqueeze,
  Flatten: flatten,
  Transpose: transpose,
  Expand: expand,
  Concat: concat,
  Split: split,
  Slice: slice,
  Pad: pad,
  DepthToSpace: depthToSpace,
  SpaceToDepth: spaceToDepth,
  Shape: shape,
  Size: (c) => int64Tensor([sizeOf(c.shape(0))], []),
  Tile: tile,
  Trilu: trilu,
  CenterCropPad: centerCropPad,
  ReverseSequence: reverseSequence,
}
