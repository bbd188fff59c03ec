/**
 * Lowering of scatter: x is copied to the output, then updates are applied in order of i, so that duplicates are
 * deterministic. Threads share what cannot meet: rows before the axis and elements behind it.
 */
import { type DType, isFloat } from '../../core/dtype.js'
import { sizeOf, stridesOf } from '../../core/shape.js'
import type { ScatterMode } from '../../ir/node.js'
import {
  addIndex,
  atomIndex,
  constantIndex,
  type Index,
  loopVar,
  scaleIndex,
  shiftIndex,
} from '../index-expression.js'
import { computeTypeOf, type Expr, type Kernel } from '../loop-ir.js'
import { expandBinary } from '../math.js'
import type { Target } from '../target.js'
import { KernelBuilder } from './kernel-builder.js'
import {
  aroundAxis,
  blockFor,
  blocks,
  checkedIndex,
  isShared,
  stridedAddress,
  uniformStride,
  vectorLoop,
  widthFor,
} from './operand.js'
import { roundTo } from './round.js'

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
  /** How index and updates lie in memory, when not row-major. */
  readonly index?: StridedOperand
  readonly updates?: StridedOperand
  /** x is this literal everywhere and no buffer. */
  readonly fill?: number | null
  /** x and out are the same memory: nothing is copied. */
  readonly inPlace?: boolean
}

/** Widths of vectors from `lanes` down, of four lanes at least, and one lane. */
const narrower = (lanes: number): number[] => [16, 8, 4, 1].filter((m) => m <= lanes)

/** Buffers: x (unless it is a literal), index, updates, out. */
export function lowerScatter(spec: ScatterSpec, target: Target): Kernel[] {
  const { mode, shape, axis, count, dtype, indexDType } = spec
  const size = sizeOf(shape)
  const { outer, n, inner } = aroundAxis(shape, axis)
  const updateShape = shape.map((s, a) => (a === axis ? count : s))
  const dense: StridedOperand = { size: sizeOf(updateShape), strides: stridesOf(updateShape) }
  const index = spec.index ?? dense
  const updates = spec.updates ?? dense
  if (outer * inner === 0 || (n === 0 && count === 0)) return []

  const k = new KernelBuilder()
  const { e } = k
  const width = widthFor(dtype, target)
  const fill = spec.fill ?? null
  const xBuffer = fill === null ? k.buffer('x', dtype, size, 'read') : -1
  const indexBuffer = k.buffer('index', indexDType, index.size, 'read')
  const updateBuffer = k.buffer('updates', dtype, updates.size, 'read')
  const out = k.buffer('out', dtype, size, 'readwrite')

  /** Where (o, i, j) of an operand lies. */
  const address = ({ strides }: StridedOperand, o: Index, i: Index, j: Index): Index =>
    addIndex(
      stridedAddress(o, shape.slice(0, axis), strides.slice(0, axis)),
      scaleIndex(i, strides[axis]),
      stridedAddress(j, shape.slice(axis + 1), strides.slice(axis + 1)),
    )
  const stepBehind = ({ strides }: StridedOperand): number | null =>
    uniformStride(shape.slice(axis + 1), strides.slice(axis + 1))

  const position = (o: Index, i: Index, j: Index): Index =>
    checkedIndex(k, 'place', e.load(indexBuffer, indexDType, address(index, o, i, j)), 0, n - 1)

  const apply = (o: Index, i: Index, place: Index, j: Index, lanes: number): void => {
    const at = addIndex(scaleIndex(o, n * inner), scaleIndex(place, inner), j)
    const update = e.load(
      updateBuffer,
      dtype,
      address(updates, o, i, j),
      lanes,
      lanes === 1 ? 1 : (stepBehind(updates) ?? 1),
    )
    k.store(
      out,
      at,
      mode === 'set' ? update : roundTo(e, dtype, combine(mode, e.load(out, dtype, at, lanes), update)),
    )
  }
  const combine = (by: Exclude<ScatterMode, 'set'>, old: Expr, update: Expr): Expr =>
    by === 'max' || by === 'min'
      ? expandBinary(e, by === 'max' ? 'maximum' : 'minimum', old, update)
      : e.binary(by, old, update)

  const literal = (value: number, lanes: number): Expr => {
    const type = computeTypeOf(dtype)
    const whole = dtype === 'bool' ? Number(value !== 0) : dtype === 'u8' ? value & 255 : value | 0
    return e.const(type === 'i64' ? BigInt(Math.trunc(value)) : isFloat(dtype) ? value : whole, type, lanes)
  }
  const copy = (o: Index, from: Index, length: number): void => {
    const slab = scaleIndex(o, n * inner)
    const piece = (base: Index, elements: number) =>
      vectorLoop(k, base, elements, width, (at, lanes) =>
        k.store(out, at, fill === null ? e.load(xBuffer, dtype, at, lanes) : literal(fill, lanes)),
      )
    if (length === inner) {
      piece(slab, n * inner)
      return
    }
    const row = loopVar('row', 0, n - 1)
    k.loop(row, 1, () => piece(addIndex(slab, atomIndex(row, inner), from), length))
  }

  const shared = isShared(size + count * outer * inner, target)
  const block = blockFor(outer, inner, shared, target)
  // Behind the axis one index serves a whole run, which vectors then take.
  const oneIndex = stepBehind(index) === 0
  const lanes = oneIndex && stepBehind(updates) !== null ? width : 1
  blocks(k, outer, inner, block, shared, (o, from, length) => {
    if (!spec.inPlace) copy(o, from, length)
    const i = loopVar('i', 0, count - 1)
    k.loop(i, 1, () => {
      const at = atomIndex(i)
      if (oneIndex) {
        const place = position(o, at, constantIndex(0))
        // Narrower vectors, not masked ones, for the rest: what is stored may be read at once.
        let done = 0
        for (const m of narrower(lanes)) {
          const whole = Math.floor((length - done) / m) * m
          if (whole > 0) vectorLoop(k, shiftIndex(from, done), whole, m, (j, n) => apply(o, at, place, j, n))
          done += whole
        }
        return
      }
      const j = loopVar('j', 0, length - 1)
      k.loop(j, 1, () => {
        const element = addIndex(from, atomIndex(j))
        apply(o, at, position(o, at, element), element, 1)
      })
    })
  })
  return [k.build(spec.name)]
}
