/**
 * Values of the reference backend: a shape, a dtype and a plain typed array, with the arithmetic of each dtype.
 * Floats of every width compute in f64 and round when they are stored; integers wrap; i64 computes in BigInt.
 */
import {
  byteSize,
  type DType,
  isFloat,
  readElement,
  type TypedArray,
  viewAs,
  writeElement,
} from '../../core/dtype.js'
import { type Shape, sizeOf, stridesOf } from '../../core/shape.js'
import type { Aval, Node, Primitive, Subgraph } from '../../ir/node.js'

export interface Value {
  readonly shape: Shape
  readonly dtype: DType
  readonly data: TypedArray
}

/** What an evaluator may ask of the run it is part of. */
export interface Run {
  /** Remembers an index that came from data and was out of range; the run throws at its end. */
  fault(message: string): void
  /** The results of a body for the given arguments. */
  evaluate(body: Subgraph, args: readonly Value[]): Value[]
}

export interface Evaluation<P extends Primitive> {
  readonly node: Node<P>
  /** First result of each input. */
  readonly inputs: readonly Value[]
  /** All results of each input. */
  readonly all: readonly (readonly Value[])[]
  readonly run: Run
}

export type Evaluator<P extends Primitive> = (evaluation: Evaluation<P>) => Value | readonly Value[]

/** Evaluators of a family of primitives; the union over all families is total, by type. */
export type Evaluators<P extends Primitive> = { readonly [Q in P]: Evaluator<Q> }

/** A zeroed value. */
export function allocate({ shape, dtype }: Aval): Value {
  const size = sizeOf(shape)
  return { shape, dtype, data: viewAs(dtype, new ArrayBuffer(size * byteSize(dtype)), 0, size) }
}

export const read = (v: Value, i: number): number => readElement(v.dtype, v.data, i)
export const write = (v: Value, i: number, x: number): void => writeElement(v.dtype, v.data, i, x)

/** Copies the bits of one element between values of equal dtype. */
export function copyElement(to: Value, i: number, from: Value, j: number): void {
  to.data[i] = from.data[j]
}

/** Calls `visit` for every multi-index of `shape` in row-major order. The array is reused between calls. */
export function forEachIndex(shape: Shape, visit: (index: readonly number[], flat: number) => void): void {
  const size = sizeOf(shape)
  const index = shape.map(() => 0)
  for (let flat = 0; flat < size; flat++) {
    visit(index, flat)
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      if (++index[axis] < shape[axis]) break
      index[axis] = 0
    }
  }
}

/** Position of a multi-index in row-major order. */
export function flatten(index: readonly number[], strides: readonly number[]): number {
  let at = 0
  for (let i = 0; i < index.length; i++) at += index[i] * strides[i]
  return at
}

/** A value whose elements are elements of `x`: `source` gives the position, or -1 for the fill. */
export function rearrange(
  x: Value,
  shape: Shape,
  source: (index: readonly number[]) => number,
  fill = 0,
): Value {
  const out = allocate({ shape, dtype: x.dtype })
  forEachIndex(shape, (index, flat) => {
    const from = source(index)
    if (from >= 0) copyElement(out, flat, x, from)
    else write(out, flat, fill)
  })
  return out
}

/** Visits each line along `axis`: `at(k)` is the flat position of its k-th element. */
export function forEachLine(
  shape: Shape,
  axis: number,
  visit: (at: (k: number) => number, line: number) => void,
): void {
  const stride = stridesOf(shape)[axis]
  const others = shape.map((n, i) => (i === axis ? 1 : n))
  const strides = stridesOf(shape)
  forEachIndex(others, (index, line) => {
    const start = flatten(index, strides)
    visit((k) => start + k * stride, line)
  })
}

/** Arithmetic on the elements of one dtype. */
export interface Arithmetic<T extends number | bigint> {
  readonly zero: T
  readonly one: T
  get(v: Value, i: number): T
  set(v: Value, i: number, x: T): void
  add(a: T, b: T): T
  sub(a: T, b: T): T
  mul(a: T, b: T): T
  div(a: T, b: T): T
  mod(a: T, b: T): T
}

const floats: Arithmetic<number> = {
  zero: 0,
  one: 1,
  get: read,
  set: write,
  add: (a, b) => a + b,
  sub: (a, b) => a - b,
  mul: (a, b) => a * b,
  div: (a, b) => a / b,
  mod: (a, b) => {
    const r = a % b
    return r !== 0 && r < 0 !== b < 0 ? r + b : r
  },
}

/** Integers of up to 32 bits; `wrap` brings a result back into range. */
const smallIntegers = (wrap: (x: number) => number): Arithmetic<number> => ({
  zero: 0,
  one: 1,
  get: read,
  set: write,
  add: (a, b) => wrap(a + b),
  sub: (a, b) => wrap(a - b),
  mul: (a, b) => wrap(Math.imul(a, b)),
  div: (a, b) => (b === 0 ? 0 : wrap(Math.trunc(a / b))),
  mod: (a, b) => {
    if (b === 0) return 0
    const r = a % b
    return wrap(r !== 0 && r < 0 !== b < 0 ? r + b : r)
  },
})

const i32s = smallIntegers((x) => x | 0)
const u8s = smallIntegers((x) => x & 255)
const bools = smallIntegers((x) => (x !== 0 ? 1 : 0))

const wrap64 = (x: bigint): bigint => BigInt.asIntN(64, x)
const i64s: Arithmetic<bigint> = {
  zero: 0n,
  one: 1n,
  get: (v, i) => (v.data as BigInt64Array)[i],
  set: (v, i, x) => {
    ;(v.data as BigInt64Array)[i] = x
  },
  add: (a, b) => wrap64(a + b),
  sub: (a, b) => wrap64(a - b),
  mul: (a, b) => wrap64(a * b),
  div: (a, b) => (b === 0n ? 0n : wrap64(a / b)),
  mod: (a, b) => {
    if (b === 0n) return 0n
    const r = a % b
    return r !== 0n && r < 0n !== b < 0n ? r + b : r
  },
}

/** Runs `fn` with the arithmetic of `dtype`. */
export function withArithmetic<R>(
  dtype: DType,
  fn: <T extends number | bigint>(arithmetic: Arithmetic<T>) => R,
): R {
  if (isFloat(dtype)) return fn(floats)
  if (dtype === 'i64') return fn(i64s)
  return fn(dtype === 'i32' ? i32s : dtype === 'u8' ? u8s : bools)
}

export const isNaNElement = (x: number | bigint): boolean => typeof x === 'number' && Number.isNaN(x)

/** Whether `a` comes after `b` when the largest is looked for; NaN is larger than everything. */
export const isLarger = (a: number | bigint, b: number | bigint): boolean =>
  isNaNElement(b) ? false : isNaNElement(a) || a > b

/** Whether `a` comes before `b` when the smallest is looked for; NaN is smaller than everything. */
export const isSmaller = (a: number | bigint, b: number | bigint): boolean =>
  isNaNElement(b) ? false : isNaNElement(a) || a < b
