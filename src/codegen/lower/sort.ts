/**
 * Lowering of sort: a stable bottom-up merge sort of each row, on keys and positions in scratch memory; payloads are
 * then read at the sorted positions. NaN is the largest key.
 */
import { type DType, isFloat } from '../../core/dtype.js'
import { sizeOf } from '../../core/shape.js'
import {
  addIndex,
  atomIndex,
  divideIndex,
  type Index,
  loopVar,
  remainderIndex,
  scaleIndex,
} from '../index-expression.js'
import { type Expr, type Kernel, type Register, register } from '../loop-ir.js'
import { expandBinary } from '../math.js'
import type { Target } from '../target.js'
import { KernelBuilder } from './kernel-builder.js'
import { aroundAxis, isShared, tasks } from './operand.js'

export interface SortSpec {
  readonly name: string
  readonly shape: readonly number[]
  readonly axis: number
  readonly descending: boolean
  /** Of the keys, then of the payloads. */
  readonly dtypes: readonly DType[]
}

/** Buffers: keys, payloads…, sorted keys, sorted payloads…. */
export function lowerSort(spec: SortSpec, target: Target): Kernel[] {
  const { shape, axis, descending, dtypes } = spec
  const size = sizeOf(shape)
  if (size === 0) return []
  const { outer, n, inner } = aroundAxis(shape, axis)
  const [keyType] = dtypes
  const k = new KernelBuilder()
  const { e } = k
  const inputs = dtypes.map((d, i) => k.buffer(`in${i}`, d, size, 'read'))
  const outputs = dtypes.map((d, i) => k.buffer(`out${i}`, d, size, 'write'))
  // Both halves of each scratch buffer hold n elements; passes go from one to the other.
  const keys = k.buffer('keys', keyType, 2 * n, 'readwrite', 'scratch')
  const places = k.buffer('places', 'i32', 2 * n, 'readwrite', 'scratch')
  const passes = Math.ceil(Math.log2(n))

  const i32 = (value: number): Expr => e.const(value, 'i32')
  const add = (a: Expr, b: Expr): Expr => e.binary('add', a, b)
  const less = (a: Expr, b: Expr): Expr => e.binary('lt', a, b)
  /** a comes strictly before b in ascending order: a < b, or only b is NaN. */
  const before = (a: Expr, b: Expr): Expr =>
    isFloat(keyType)
      ? e.binary('and', e.unary('not', e.binary('le', b, a)), e.binary('eq', a, a))
      : expandBinary(e, 'lt', a, b)
  const checked = (name: string, value: Expr, high: number): Index => {
    const safe = register(name, 'i32', 1)
    k.emit({ kind: 'check', register: safe, value, low: 0, high })
    return atomIndex({ kind: 'dynamic', value: e.register(safe), low: 0, high })
  }

  /** One round over the row: runs of `run` elements at `from` become runs of twice the length at `to`. */
  const pass = (run: Register, from: Register, to: Register): void => {
    const r = (x: Register): Expr => e.register(x)
    const [left, right, leftEnd, rightEnd] = ['left', 'right', 'leftEnd', 'rightEnd'].map((name) =>
      k.define(name, i32(0)),
    )
    const source = checked('source', r(from), n)
    const destination = checked('destination', r(to), n)
    const i = loopVar('i', 0, n - 1)
    k.loop(i, 1, () => {
      const at = e.index(atomIndex(i))
      const atEnd = e.unary('not', less(at, r(rightEnd)))
      const limit = (value: Expr): Expr => e.binary('min', value, i32(n))
      const begin = k.block(() => {
        k.set(left, at)
        k.set(right, limit(add(at, r(run))))
        k.set(leftEnd, r(right))
        k.set(rightEnd, limit(add(r(right), r(run))))
      })
      k.emit({ kind: 'when', condition: atEnd, then: begin, otherwise: [] })
      const clamp = (x: Register): Expr => e.binary('min', r(x), i32(n - 1))
      const l = addIndex(source, checked('l', clamp(left), n - 1))
      const h = addIndex(source, checked('r', clamp(right), n - 1))
      const a = e.load(keys, keyType, l)
      const b = e.load(keys, keyType, h)
      // The right run's element goes first only if it is strictly before: equal ones keep their order.
      const strictly = descending ? before(a, b) : before(b, a)
      const leftEmpty = e.unary('not', less(r(left), r(leftEnd)))
      const takeRight = e.binary('and', less(r(right), r(rightEnd)), e.binary('or', leftEmpty, strictly))
      const taken = k.define('taken', e.convert(takeRight, 'i32'))
      const fromRight = e.binary('ne', r(taken), i32(0))
      const out = addIndex(destination, atomIndex(i))
      const key = e.select(fromRight, b, a)
      const place = e.select(fromRight, e.load(places, 'i32', h), e.load(places, 'i32', l))
      k.store(keys, out, key)
      k.store(places, out, place)
      k.set(right, add(r(right), r(taken)))
      k.set(left, add(r(left), e.binary('sub', i32(1), r(taken))))
    })
  }

  const sortRow = (base: Index): void => {
    const at = (i: Index): Index => addIndex(base, scaleIndex(i, inner))
    const first = loopVar('i', 0, n - 1)
    k.loop(first, 1, () => {
      k.store(keys, atomIndex(first), e.load(inputs[0], keyType, at(atomIndex(first))))
      k.store(places, atomIndex(first), e.index(atomIndex(first)))
    })
    const run = k.define('run', i32(1))
    const from = k.define('from', i32(0))
    const to = k.define('to', i32(n))
    const round = loopVar('pass', 1, passes)
    k.loop(round, 1, () => {
      pass(run, from, to)
      k.set(run, add(e.register(run), e.register(run)))
      k.set(from, e.binary('sub', i32(n), e.register(from)))
      k.set(to, e.binary('sub', i32(n), e.register(to)))
    })
    const sorted = checked('sorted', e.register(from), n)
    const last = loopVar('i', 0, n - 1)
    k.loop(last, 1, () => {
      const i = addIndex(sorted, atomIndex(last))
      k.store(outputs[0], at(atomIndex(last)), e.load(keys, keyType, i))
      if (dtypes.length === 1) return
      const place = checked('place', e.load(places, 'i32', i), n - 1)
      for (let p = 1; p < dtypes.length; p++) {
        k.store(outputs[p], at(atomIndex(last)), e.load(inputs[p], dtypes[p], at(place)))
      }
    })
  }

  tasks(k, outer * inner, isShared(size * (passes + 2) * 8, target), (row) => {
    sortRow(addIndex(scaleIndex(divideIndex(row, inner), n * inner), remainderIndex(row, inner)))
  })
  return [k.build(spec.name)]
}
