/**
 * Lowering of windowReduce: the extreme of each window and its position. Output axes are cut where windows begin to
 * reach into the padding, so that the interior needs no tests and runs in vectors along the innermost axis.
 */
import { type DType, isFloat } from '../../core/dtype.js'
import { sizeOf, stridesOf } from '../../core/shape.js'
import type { Attributes } from '../../ir/node.js'
import {
  addIndex,
  atomIndex,
  constantIndex,
  delinearize,
  type Index,
  linearize,
  loopVar,
  scaleIndex,
  shiftIndex,
} from '../index-expression.js'
import { computeTypeOf, type Expr, type IndexRange, type Kernel, register, type Stmt } from '../loop-ir.js'
import type { Target } from '../target.js'
import { KernelBuilder } from './kernel-builder.js'
import { beats, isShared, tasks, widthFor } from './operand.js'

export interface WindowReduceSpec extends Omit<Attributes['windowReduce'], never> {
  readonly name: string
  readonly shape: readonly number[]
  readonly dtype: DType
}

/** A range of one output axis; in the interior every tap of every window lies inside x. */
interface Segment {
  readonly low: number
  readonly high: number
  readonly interior: boolean
}

/** Output positions along an axis of the spec. */
function outputSize({ shape, size, stride, dilation, padding }: WindowReduceSpec, axis: number): number {
  const n = shape[shape.length - size.length + axis] + padding[axis][0] + padding[axis][1]
  return Math.floor((n - dilation[axis] * (size[axis] - 1) - 1) / stride[axis]) + 1
}

function segmentsOf(spec: WindowReduceSpec, axis: number): Segment[] {
  const { shape, size, stride, dilation, padding } = spec
  const n = shape[shape.length - size.length + axis]
  const count = outputSize(spec, axis)
  const [low] = padding[axis]
  // First tap o·stride − low ≥ 0, last tap o·stride − low + reach ≤ n − 1.
  const reach = dilation[axis] * (size[axis] - 1)
  const first = Math.min(count, Math.max(0, Math.ceil(low / stride[axis])))
  const last = Math.max(first - 1, Math.min(count - 1, Math.floor((n - 1 - reach + low) / stride[axis])))
  return [
    { low: 0, high: first - 1, interior: false },
    { low: first, high: last, interior: true },
    { low: last + 1, high: count - 1, interior: false },
  ].filter((s) => s.low <= s.high)
}

/** What every other value beats: the value of a window that lies in the padding altogether. */
function weakest(kind: 'max' | 'min', dtype: DType): number | bigint {
  const sign = kind === 'max' ? -1 : 1
  if (isFloat(dtype)) return sign * Number.POSITIVE_INFINITY
  if (dtype === 'i64') return sign < 0 ? -(2n ** 63n) : 2n ** 63n - 1n
  if (dtype === 'i32') return sign < 0 ? -(2 ** 31) : 2 ** 31 - 1
  return sign < 0 ? 0 : dtype === 'u8' ? 255 : 1
}

/** Buffers: x, value, index (i32). */
export function lowerWindowReduce(spec: WindowReduceSpec, target: Target): Kernel[] {
  const { shape, size, stride, dilation, padding, kind, dtype } = spec
  const rank = size.length
  const lead = sizeOf(shape.slice(0, shape.length - rank))
  const spatial = shape.slice(shape.length - rank)
  const counts = size.map((_, axis) => outputSize(spec, axis))
  const outputs = sizeOf(counts)
  if (lead * outputs === 0) return []

  const k = new KernelBuilder()
  const { e } = k
  const x = k.buffer('x', dtype, sizeOf(shape), 'read')
  const valueBuffer = k.buffer('value', dtype, lead * outputs, 'write')
  const indexBuffer = k.buffer('index', 'i32', lead * outputs, 'write')
  const width = widthFor(dtype, target)
  const spatialStrides = stridesOf(spatial)
  const taps = Array.from({ length: sizeOf(size) }, (_, t) =>
    delinearize(constantIndex(t), size).map((i) => i.offset),
  )
  const read = (at: Index, lanes: number, active: number): Expr => {
    const value = e.load(x, dtype, at, lanes, lanes === 1 ? 1 : stride[rank - 1], active)
    return value.type === 'bool' ? e.convert(value, 'i32') : value
  }
  const type = dtype === 'bool' ? 'i32' : computeTypeOf(dtype)

  /** One output position, or `active` neighbouring ones along the innermost axis in `lanes` lanes. */
  const cell = (
    row: Index,
    at: readonly Index[],
    segments: readonly Segment[],
    lanes: number,
    active = lanes,
  ): void => {
    const best = register('best', type, lanes)
    const place = register('place', 'i32', lanes)
    const border = segments.some((s) => !s.interior)
    if (border) {
      k.set(best, e.const(weakest(kind, dtype), type, lanes))
      k.set(place, e.const(-1, 'i32', lanes))
    }
    const base = scaleIndex(row, sizeOf(spatial))
    taps.forEach((tap, t) => {
      const ranges: IndexRange[] = []
      const source = tap.map((i, axis) => {
        const index = shiftIndex(scaleIndex(at[axis], stride[axis]), dilation[axis] * i - padding[axis][0])
        if (segments[axis].interior) return index
        const range = { index, low: 0, high: spatial[axis] - 1 }
        ranges.push(range)
        return atomIndex({ kind: 'bounded', of: index, low: range.low, high: range.high })
      })
      const value = read(addIndex(base, linearize(source, spatialStrides)), lanes, active)
      const position = e.const(t, 'i32', lanes)
      if (!border && t === 0) {
        k.set(best, value)
        k.set(place, position)
        return
      }
      const take = k.block(() => {
        const stronger = beats(e, kind, dtype, value, e.register(best))
        // A first value is taken even if it is as weak as padding.
        const none = e.binary('lt', e.register(place), e.const(0, 'i32', lanes))
        const better = border ? e.binary('or', stronger, none) : stronger
        const before = e.register(best)
        if (border) {
          // `none` rests on the place: the value first.
          const taken = k.define(
            'taken',
            e.select(better, e.const(1, 'i32', lanes), e.const(0, 'i32', lanes)),
          )
          const yes = e.binary('ne', e.register(taken), e.const(0, 'i32', lanes))
          k.set(best, e.select(yes, value, before))
          k.set(place, e.select(yes, position, e.register(place)))
        } else {
          k.set(place, e.select(better, position, e.register(place)))
          k.set(best, e.select(better, value, before))
        }
      })
      emitUnder(k, ranges, take)
    })
    const out = addIndex(scaleIndex(row, outputs), linearize(at, stridesOf(counts)))
    const value = e.register(best)
    k.store(valueBuffer, out, dtype === 'bool' ? e.convert(value, 'bool') : value, 1, active)
    const found = e.register(place)
    const zero = e.const(0, 'i32', lanes)
    k.store(indexBuffer, out, border ? e.binary('max', zero, found) : found, 1, active)
  }

  const segments = size.map((_, axis) => segmentsOf(spec, axis))
  const nest = (row: Index, at: readonly Index[], chosen: readonly Segment[]): void => {
    const axis = at.length
    if (axis === rank) {
      cell(row, at, chosen, 1)
      return
    }
    for (const segment of segments[axis]) {
      const length = segment.high - segment.low + 1
      const vector = axis === rank - 1 && segment.interior && chosen.every((s) => s.interior)
      const vectors = vector && width > 1 ? Math.floor(length / width) : 0
      if (vectors > 0) {
        const v = loopVar('o', segment.low, segment.low + (vectors - 1) * width)
        k.loop(v, width, () => cell(row, [...at, atomIndex(v)], [...chosen, segment], width))
      }
      const rest = length - vectors * width
      if (vector && width > 1 && rest > 1 && target.tail === 'mask') {
        cell(row, [...at, constantIndex(segment.low + vectors * width)], [...chosen, segment], width, rest)
        continue
      }
      const v = loopVar('o', segment.low + vectors * width, segment.high)
      if (v.low <= v.high) k.loop(v, 1, () => nest(row, [...at, atomIndex(v)], [...chosen, segment]))
    }
  }
  const shared = isShared(lead * outputs * taps.length, target)
  tasks(k, lead, shared, (row) => nest(row, [], []))
  return [k.build(spec.name)]
}

function emitUnder(k: KernelBuilder, ranges: readonly IndexRange[], then: readonly Stmt[]): void {
  if (ranges.length > 0) k.emit({ kind: 'if', ranges, then, otherwise: [] })
  else for (const statement of then) k.emit(statement)
}
