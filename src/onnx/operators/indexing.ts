/** Reading and writing at positions that come from data. Negative positions count from the end of the axis. */
import { formatShape, range, type Shape, sizeOf, stridesOf } from '../../core/shape.js'
import * as b from '../../ir/build.js'
import type { Node, ScatterMode } from '../../ir/node.js'
import * as ops from '../../ops/indexing.js'
import { like } from '../../ops/operand.js'
import { scatter, scatterReduce } from '../../ops/scattering.js'
import { topk } from '../../ops/sorting.js'
import type { Context, Rule, Rules } from '../context.js'
import { int64Tensor, tensorValue } from '../value.js'
import { numbersTensor } from './creation.js'
import { selectIndices } from './select-indices.js'

/** Negative indices counted from the front of an axis of n. */
function fromFront(index: Node, n: number): Node {
  return b.where(b.lt(index, like(index, 0)), b.add(index, like(index, n)), index)
}

const gather: Rule = (c) => {
  const [x, index] = [c.x(0), c.x(1)]
  const axis = c.axis(c.int('axis', 0), x.shape.length)
  const n = x.shape[axis] ?? c.fail('expected a tensor with axes, got a 0-d one.')
  const flat = b.reshape(fromFront(index, n), [sizeOf(index.shape)])
  const rows = ops.indexSelect(x, axis, flat)
  return c.like(b.reshape(rows, [...x.shape.slice(0, axis), ...index.shape, ...x.shape.slice(axis + 1)]))
}

const gatherElements: Rule = (c) => {
  const [x, index] = [c.x(0), c.x(1)]
  const axis = c.axis(c.int('axis', 0), x.shape.length)
  return c.like(ops.gather(x, axis, fromFront(index, x.shape[axis])))
}

/** Positions (…, k) into the first k axes of `sizes` as one number each. Every coordinate is checked. */
function linearIndex(c: Context, index: Node, sizes: Shape): Node {
  const k = index.shape[index.shape.length - 1]
  if (k > sizes.length) {
    c.fail(`expected at most ${sizes.length} coordinates in ${formatShape(index.shape)}, got ${k}.`)
  }
  const strides = stridesOf(sizes.slice(0, k))
  const lead = index.shape.slice(0, -1)
  let total = b.full(lead, 0, index.dtype)
  for (const i of range(k)) {
    const coordinate = b.reshape(b.sliceAxis(index, lead.length, i, i + 1), lead)
    const checked = ops.checkedIndex(fromFront(coordinate, sizes[i]), sizes[i])
    total = b.add(total, b.mul(checked, like(checked, strides[i])))
  }
  return total
}

/** Axis of n ≥ 1 positions stretched over a new last axis of `width`. */
const spread = (flat: Node, width: number): Node =>
  b.expand(b.reshape(flat, [...flat.shape, 1]), [...flat.shape, width])

const gatherND: Rule = (c) => {
  const [x, index] = [c.x(0), c.x(1)]
  const batch = c.int('batch_dims', 0)
  if (!(batch >= 0 && batch < index.shape.length)) c.fail(`expected batch_dims of the indices, got ${batch}.`)
  const k = index.shape[index.shape.length - 1]
  const lead = index.shape.slice(batch, -1)
  const rest = x.shape.slice(batch + k)
  const [groups, width] = [sizeOf(x.shape.slice(0, batch)), sizeOf(rest)]
  const at = b.reshape(linearIndex(c, index, x.shape.slice(batch)), [groups, sizeOf(lead)])
  const source = b.reshape(x, [groups, sizeOf(x.shape.slice(batch, batch + k)), width])
  const rows = b.gather(source, spread(at, width), 1)
  return c.like(b.reshape(rows, [...x.shape.slice(0, batch), ...lead, ...rest]))
}

const modes: Readonly<Record<string, ScatterMode>> = {
  none: 'set',
  add: 'add',
  mul: 'mul',
  max: 'max',
  min: 'min',
}

function scatterMode(c: Context): ScatterMode {
  const name = c.string('reduction', 'none')
  return modes[name] ?? c.fail(`expected reduction ${Object.keys(modes).join(', ')}, got '${name}'.`)
}

/** bool has no arithmetic, but whatever a scatter does with it is done on bytes. */
function onBytes(x: Node, fn: (x: Node) => Node): Node {
  return x.dtype === 'bool' ? b.cast(fn(b.cast(x, 'u8')), 'bool') : fn(x)
}

const scatterElements: Rule = (c) => {
  const [x, index, updates] = [c.x(0), c.x(1), c.x(2)]
  const axis = c.axis(c.int('axis', 0), x.shape.length)
  const at = fromFront(index, x.shape[axis])
  const mode = scatterMode(c)
  return c.keep(
    onBytes(x, (target) => {
      const source = b.cast(updates, target.dtype)
      if (mode === 'set') return scatter(target, axis, at, source)
      const reduction = ({ add: 'sum', mul: 'prod', max: 'amax', min: 'amin' } as const)[mode]
      return scatterReduce(target, axis, at, source, reduction)
    }),
  )
}

const scatterND: Rule = (c) => {
  const [x, index, updates] = [c.x(0), c.x(1), c.x(2)]
  const k = index.shape[index.shape.length - 1]
  const [places, width] = [sizeOf(x.shape.slice(0, k)), sizeOf(x.shape.slice(k))]
  const count = sizeOf(index.shape.slice(0, -1))
  const at = b.reshape(linearIndex(c, index, x.shape), [count])
  const mode = scatterMode(c)
  return c.keep(
    onBytes(x, (target) => {
      const rows = b.reshape(b.cast(updates, target.dtype), [count, width])
      const flat = b.reshape(target, [places, width])
      return b.reshape(b.scatter(flat, spread(at, width), rows, 0, mode), target.shape)
    }),
  )
}

const topK: Rule = (c) => {
  const x = c.x(0)
  const k = c.version < 10 ? c.int('k') : c.number(1)
  const axis = c.axis(c.int('axis', -1), x.shape.length)
  const { values, indices } = topk(x, k, { axis, largest: c.int('largest', 1) !== 0 })
  return [c.like(values), tensorValue(indices, 'int64')]
}

/** Positions of what is not 0, one column each. Their number depends on the data, so the data is read. */
const nonZero: Rule = (c) => {
  const { shape } = c.x(0)
  const values = c.numbers(0)
  const found: number[] = []
  values.forEach((value, i) => {
    if (value !== 0) found.push(i)
  })
  const rank = Math.max(shape.length, 1)
  const sizes = shape.length === 0 ? [1] : shape
  const strides = stridesOf(sizes)
  const rows = range(rank).flatMap((a) => found.map((i) => Math.floor(i / strides[a]) % sizes[a]))
  return int64Tensor(rows, [rank, found.length])
}

const compress: Rule = (c) => {
  const x = c.x(0)
  const kept: number[] = []
  c.numbers(1).forEach((value, i) => {
    if (value !== 0) kept.push(i)
  })
  if (!c.hasAttribute('axis')) return c.like(selectIndices(b.reshape(x, [sizeOf(x.shape)]), 0, kept))
  return c.like(selectIndices(x, c.axis(c.int('axis'), x.shape.length), kept))
}

/** Orders slices as NumPy's unique does: element by element. */
function compareSlices(a: readonly number[], z: readonly number[]): number {
  for (let i = 0; i < a.length; i++) if (a[i] !== z[i]) return a[i] < z[i] ? -1 : 1
  return 0
}

const unique: Rule = (c) => {
  const x = c.x(0)
  const values = c.numbers(0)
  const flat = !c.hasAttribute('axis')
  const shape = flat ? [values.length] : x.shape
  const axis = flat ? 0 : c.axis(c.int('axis'), shape.length)
  const outer = sizeOf(shape.slice(0, axis))
  const inner = sizeOf(shape.slice(axis + 1))
  const n = shape[axis]
  const slices = range(n).map((i) =>
    range(outer).flatMap((o) => values.slice((o * n + i) * inner, (o * n + i + 1) * inner)),
  )
  const groups = new Map<string, { first: number; slice: number[]; count: number }>()
  const keys = slices.map((slice) => slice.join(','))
  slices.forEach((slice, i) => {
    const group = groups.get(keys[i])
    if (group !== undefined) group.count++
    else groups.set(keys[i], { first: i, slice, count: 1 })
  })
  const list = [...groups.entries()]
  if (c.int('sorted', 1) !== 0) list.sort(([, a], [, z]) => compareSlices(a.slice, z.slice))
  const position = new Map(list.map(([key], i) => [key, i]))
  const source = flat ? b.reshape(x, [values.length]) : x
  const m = list.length
  return [
    c.like(
      selectIndices(
        source,
        axis,
        list.map(([, g]) => g.first),
      ),
    ),
    int64Tensor(
      list.map(([, g]) => g.first),
      [m],
    ),
    int64Tensor(
      keys.map((key) => position.get(key)!),
      [n],
    ),
    numbersTensor(
      'int64',
      list.map(([, g]) => g.count),
    ),
  ]
}

export const indexing: Rules = {
  Gather: gather,
  GatherElements: gatherElements,
  GatherND: gatherND,
  Scatter: scatterElements,
  ScatterElements: scatterElements,
  ScatterND: scatterND,
  TopK: topK,
  NonZero: nonZero,
  Compress: compress,
  Unique: unique,
}
