/**
 * Loop nests that the lowerings of structured primitives share. They read and write stored, row-major buffers, seen as
 * (outer, axis, inner) around one axis.
 */
import { type DType, isFloat } from '../../core/dtype.js'
import { sizeOf, stridesOf } from '../../core/shape.js'
import {
  addIndex,
  atomIndex,
  constantIndex,
  delinearize,
  divideIndex,
  type Index,
  linearize,
  loopVar,
  remainderIndex,
  scaleIndex,
} from '../index-expression.js'
import type { Expr, ExprBuilder, IndexRange } from '../loop-ir.js'
import { lanesOf, type Target } from '../target.js'
import type { KernelBuilder } from './kernel-builder.js'

/** Sizes before an axis, of it, and behind it. */
export function aroundAxis(
  shape: readonly number[],
  axis: number,
): { outer: number; n: number; inner: number } {
  return { outer: sizeOf(shape.slice(0, axis)), n: shape[axis], inner: sizeOf(shape.slice(axis + 1)) }
}

/** Lanes for values of a dtype: 64-bit ones go one by one. */
export const widthFor = (dtype: DType, target: Target): number =>
  dtype === 'f64' || dtype === 'i64' ? 1 : lanesOf(target)

/** Whether threads should share `work` (about one arithmetic operation each). */
export const isShared = (work: number, target: Target): boolean => work >= target.serialWork

/** `length` elements from `base`: vectors, then the rest one by one. */
export function vectorLoop(
  k: KernelBuilder,
  base: Index,
  length: number,
  width: number,
  write: (at: Index, lanes: number) => void,
): void {
  const vectors = width > 1 ? Math.floor(length / width) : 0
  if (vectors > 0) {
    const v = loopVar('j', 0, (vectors - 1) * width)
    k.loop(v, width, () => write(addIndex(base, atomIndex(v)), width))
  }
  if (vectors * width === length) return
  const v = loopVar('j', vectors * width, length - 1)
  k.loop(v, 1, () => write(addIndex(base, atomIndex(v)), 1))
}

/** Rounds 0…count-1, shared by threads where that pays. */
export function tasks(k: KernelBuilder, count: number, shared: boolean, write: (task: Index) => void): void {
  const p = loopVar('task', 0, count - 1)
  k.loop(p, 1, () => write(atomIndex(p)), shared && count > 1 ? 'parallel' : 'for')
}

/**
 * Every (outer, block of inner) as a task: `write` gets the outer index, where its piece of inner begins and how long
 * the piece is. The last block of a row may be shorter.
 */
export function blocks(
  k: KernelBuilder,
  outer: number,
  inner: number,
  block: number,
  shared: boolean,
  write: (outer: Index, from: Index, length: number) => void,
): void {
  if (block >= inner) {
    tasks(k, outer, shared, (o) => write(o, constantIndex(0), inner))
    return
  }
  const full = Math.floor(inner / block)
  const rest = inner - full * block
  const count = full + (rest > 0 ? 1 : 0)
  tasks(k, outer * count, shared, (p) => {
    const o = divideIndex(p, count)
    const c = remainderIndex(p, count)
    if (rest === 0) {
      write(o, scaleIndex(c, block), block)
      return
    }
    const whole: IndexRange = { index: c, low: 0, high: full - 1 }
    const inside = atomIndex({ kind: 'bounded', of: c, low: 0, high: full - 1 }, block)
    const then = k.block(() => write(o, inside, block))
    const otherwise = k.block(() => write(o, constantIndex(full * block), rest))
    k.emit({ kind: 'if', ranges: [whole], then, otherwise })
  })
}

/**
 * Size of the blocks that (outer, inner) is cut into: all of inner where the outer rounds suffice for the threads,
 * else so that they have about four pieces each, of whole cache lines.
 */
export function blockFor(outer: number, inner: number, shared: boolean, target: Target): number {
  if (!shared || outer >= 4 * target.threads) return inner
  const pieces = Math.ceil((4 * target.threads) / outer)
  return Math.ceil(Math.ceil(inner / pieces) / 64) * 64
}

/** Copies a buffer to another of equal size, in blocks that threads share. */
export function copyAll(
  k: KernelBuilder,
  from: number,
  to: number,
  dtype: DType,
  size: number,
  target: Target,
): void {
  const width = widthFor(dtype, target)
  const shared = isShared(size, target)
  blocks(k, 1, size, blockFor(1, size, shared, target), shared, (_, start, length) => {
    vectorLoop(k, start, length, width, (at, lanes) => k.store(to, at, k.e.load(from, dtype, at, lanes)))
  })
}

/** The address of a flat position in axes with these sizes and strides. */
export function stridedAddress(position: Index, shape: readonly number[], strides: readonly number[]): Index {
  const uniform = uniformStride(shape, strides)
  return uniform === null ? linearize(delinearize(position, shape), strides) : scaleIndex(position, uniform)
}

/** The one stride with which a flat position of these axes advances, or null where there is none. */
export function uniformStride(shape: readonly number[], strides: readonly number[]): number | null {
  let step: number | null = null
  const dense = stridesOf(shape)
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    if (shape[axis] === 1) continue
    if (step === null) step = strides[axis] / dense[axis]
    if (strides[axis] !== step * dense[axis]) return null
  }
  return step ?? 0
}

/** Index data as i32; an i64 outside i32's range becomes -1, which every check refuses. */
export function narrowIndex(e: ExprBuilder, value: Expr): Expr {
  if (value.type !== 'i64') return value
  const narrow = e.convert(value, 'i32')
  const same = e.binary('eq', e.convert(narrow, 'i64'), value)
  return e.select(same, narrow, e.const(-1, 'i32', value.lanes))
}

/** A run-time value as an index, checked here to lie in low…high. */
export function checkedIndex(k: KernelBuilder, name: string, value: Expr, low: number, high: number): Index {
  const safe = k.check(name, narrowIndex(k.e, value), low, high)
  return atomIndex({ kind: 'dynamic', value: k.e.register(safe), low, high })
}

/**
 * Whether `candidate` replaces `best` in a search for the largest (smallest) that takes the first of equals and lets
 * NaN win.
 */
export function beats(e: ExprBuilder, kind: 'max' | 'min', dtype: DType, candidate: Expr, best: Expr): Expr {
  const [low, high] = kind === 'max' ? [best, candidate] : [candidate, best]
  if (!isFloat(dtype)) return e.binary('lt', low, high)
  // Not (high ≤ low) is also true when either is NaN; a NaN that is best already stays.
  return e.binary('and', e.unary('not', e.binary('le', high, low)), e.binary('eq', best, best))
}
