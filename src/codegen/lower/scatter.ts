/**
 * Lowering of scatter: x is copied to the output, then updates are applied in order of i, so that duplicates are
 * deterministic. Threads share what cannot meet: rows before the axis, elements behind it, or places along it, where
 * each goes through the whole index and takes what falls to it. None of that changes the order at any one place.
 */
import { byteSize, type DType, isFloat } from '../../core/dtype.js'
import { sizeOf, stridesOf } from '../../core/shape.js'
import type { ScatterMode } from '../../ir/node.js'
import {
  addIndex,
  atomIndex,
  constantIndex,
  delinearize,
  divideIndex,
  type Index,
  loopVar,
  remainderIndex,
  scaleIndex,
} from '../index-expression.js'
import { computeTypeOf, type Expr, type Kernel } from '../loop-ir.js'
import { expandBinary } from '../math.js'
import type { Target } from '../target.js'
import { ComputedRows } from './computed-rows.js'
import { KernelBuilder } from './kernel-builder.js'
import {
  aroundAxis,
  blocks,
  checkedIndex,
  isShared,
  stridedAddress,
  tasks,
  uniformStride,
  vectorLoop,
  widthFor,
} from './operand.js'
import { roundTo } from './round.js'
import { type Piece, type RowAccess, rowWriter } from './row-writer.js'
import { divide, ownRows } from './scatter-shares.js'

/** A buffer read with a stride an axis: 0 along axes that are only stretched. */
export interface StridedOperand {
  /** Elements of the buffer. */
  readonly size: number
  readonly strides: readonly number[]
}

export interface ScatterSpec {
  readonly name: string
  readonly mode: ScatterMode
  /** Of x. */
  readonly shape: readonly number[]
  /** Updates along the axis. */
  readonly count: number
  readonly axis: number
  readonly dtype: DType
  readonly indexDType: 'i32' | 'i64'
  /** How index and updates lie in memory, when not row-major; or what updates are computed from. */
  readonly index?: StridedOperand
  readonly updates?: StridedOperand | ComputedRows
  /** x is this literal everywhere and no buffer. */
  readonly fill?: number | null
  /** x and out are the same memory: nothing is copied. */
  readonly inPlace?: boolean
}

/** Updates as the loops ask for them. */
interface Updates {
  /** Whether neighbours behind the axis make vectors. */
  readonly hasLanes: boolean
  /** Bytes that are read for them alone. */
  readonly bytes: number
  value(o: Index, i: Index, piece: Piece): Expr
}

/** Where (o, i, j) of an operand lies: before the axis, along it, behind it. */
const addressOf = (
  shape: readonly number[],
  axis: number,
  { strides }: StridedOperand,
  o: Index,
  i: Index,
  j: Index,
): Index =>
  addIndex(
    stridedAddress(o, shape.slice(0, axis), strides.slice(0, axis)),
    scaleIndex(i, strides[axis]),
    stridedAddress(j, shape.slice(axis + 1), strides.slice(axis + 1)),
  )

const stepBehind = (shape: readonly number[], axis: number, { strides }: StridedOperand): number | null =>
  uniformStride(shape.slice(axis + 1), strides.slice(axis + 1))

/** Makes the buffers of the updates. */
function openUpdates(
  k: KernelBuilder,
  target: Target,
  { shape, axis, dtype, updates }: ScatterSpec,
  dense: StridedOperand,
): Updates {
  if (updates instanceof ComputedRows) {
    const value = updates.open(k, target)
    return {
      hasLanes: true,
      bytes: updates.bytes,
      value: (o, i, piece) =>
        value(
          (j) => [...delinearize(o, shape.slice(0, axis)), i, ...delinearize(j, shape.slice(axis + 1))],
          piece,
        ),
    }
  }
  const operand = updates ?? dense
  const buffer = k.buffer('updates', dtype, operand.size, 'read')
  const step = stepBehind(shape, axis, operand)
  return {
    hasLanes: step !== null,
    bytes: operand.size * byteSize(dtype),
    value: (o, i, { from, lanes, active }) =>
      k.e.load(
        buffer,
        dtype,
        addressOf(shape, axis, operand, o, i, from),
        lanes,
        lanes === 1 ? 1 : (step ?? 1),
        active,
      ),
  }
}

/** Buffers: x (unless it is a literal), index, updates, out. */
export function lowerScatter(spec: ScatterSpec, target: Target): Kernel[] {
  const { mode, shape, axis, count, dtype, indexDType } = spec
  const size = sizeOf(shape)
  const { outer, n, inner } = aroundAxis(shape, axis)
  const updateShape = shape.map((s, a) => (a === axis ? count : s))
  const dense: StridedOperand = { size: sizeOf(updateShape), strides: stridesOf(updateShape) }
  const index = spec.index ?? dense
  if (outer * inner === 0 || (n === 0 && count === 0)) return []

  const k = new KernelBuilder()
  const { e } = k
  const width = widthFor(dtype, target)
  const fill = spec.fill ?? null
  const xBuffer = fill === null ? k.buffer('x', dtype, size, 'read') : -1
  const indexBuffer = k.buffer('index', indexDType, index.size, 'read')
  const updates = openUpdates(k, target, spec, dense)
  const out = k.buffer('out', dtype, size, 'readwrite')

  const oneIndex = stepBehind(shape, axis, index) === 0
  const position = (o: Index, i: Index, j: Index): Index =>
    checkedIndex(
      k,
      'place',
      e.load(indexBuffer, indexDType, addressOf(shape, axis, index, o, i, j)),
      0,
      n - 1,
    )

  const combine = (by: Exclude<ScatterMode, 'set'>, old: Expr, update: Expr): Expr =>
    roundTo(
      e,
      dtype,
      by === 'max' || by === 'min'
        ? expandBinary(e, by === 'max' ? 'maximum' : 'minimum', old, update)
        : e.binary(by, old, update),
    )
  const rowsAt = (o: Index, own: Index): RowAccess => {
    const at = (place: Index, j: Index): Index =>
      addIndex(scaleIndex(o, n * inner), scaleIndex(place, inner), j)
    return {
      rows: n,
      own,
      update: (i, piece) => updates.value(o, i, piece),
      load: (place, { from, lanes, active }) => e.load(out, dtype, at(place, from), lanes, 1, active),
      store: (place, { from, active }, value) => k.store(out, at(place, from), value, 1, active),
      combine: mode === 'set' ? null : (old, update) => combine(mode, old, update),
    }
  }

  const literal = (value: number, lanes: number): Expr => {
    const type = computeTypeOf(dtype)
    const whole = dtype === 'bool' ? Number(value !== 0) : dtype === 'u8' ? value & 255 : value | 0
    return e.const(type === 'i64' ? BigInt(Math.trunc(value)) : isFloat(dtype) ? value : whole, type, lanes)
  }
  /** What x has at `base` and behind, to the output. */
  const copyPiece = (base: Index, elements: number): void =>
    vectorLoop(k, base, elements, width, (at, lanes) =>
      k.store(out, at, fill === null ? e.load(xBuffer, dtype, at, lanes) : literal(fill, lanes)),
    )
  const copyColumns = (o: Index, from: Index, length: number): void => {
    if (spec.inPlace) return
    const slab = scaleIndex(o, n * inner)
    if (length === inner) {
      copyPiece(slab, n * inner)
      return
    }
    const row = loopVar('row', 0, n - 1)
    k.loop(row, 1, () => copyPiece(addIndex(slab, atomIndex(row, inner), from), length))
  }

  const shared = isShared(size + count * outer * inner, target)
  // Behind the axis one index serves a whole run, which vectors then take.
  const lanes = oneIndex && updates.hasLanes ? width : 1
  const division = divide({ outer, n, inner, oneIndex, shared, stored: updates.bytes }, target)
  if (division.kind === 'rows') {
    const { parts, block } = division
    tasks(k, outer * parts, shared, (task) => {
      const [o, part] = [divideIndex(task, parts), remainderIndex(task, parts)]
      const list = ownRows(k, { n, count, parts, block, part })
      if (!spec.inPlace) {
        list.eachBlock((row, rows) =>
          copyPiece(addIndex(scaleIndex(o, n * inner), scaleIndex(row, inner)), rows * inner),
        )
      }
      const writer = rowWriter(k, target, rowsAt(o, scaleIndex(part, block)), constantIndex(0), inner, lanes)
      list.eachUpdate(
        (i) => position(o, i, constantIndex(0)),
        (i, place) => writer.apply(i, place),
      )
      writer.finish()
    })
    return [k.build(spec.name)]
  }
  blocks(k, outer, inner, division.block, shared, (o, from, length) => {
    copyColumns(o, from, length)
    const i = loopVar('i', 0, count - 1)
    const at = atomIndex(i)
    const access = rowsAt(o, constantIndex(0))
    if (oneIndex) {
      const writer = rowWriter(k, target, access, from, length, lanes)
      k.loop(i, 1, () => writer.apply(at, position(o, at, constantIndex(0))))
      writer.finish()
      return
    }
    k.loop(i, 1, () => {
      const j = loopVar('j', 0, length - 1)
      k.loop(j, 1, () => {
        const element = addIndex(from, atomIndex(j))
        rowWriter(k, target, access, element, 1, 1).apply(at, position(o, at, element))
      })
    })
  })
  return [k.build(spec.name)]
}
