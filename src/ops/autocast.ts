/**
 * Automatic mixed precision: which operations run in a half type and which in f32 while it is on. The lists are
 * PyTorch's: products of matrices and convolutions gain from half types; sums, exponentials, norms and losses need
 * the range and the digits of f32. All others take their arguments as they come. f64 is never touched.
 */
import type { DType } from '../core/dtype.js'
import * as b from '../ir/build.js'
import { Node } from '../ir/node.js'

/** The types in which products may run. */
export type AutocastDType = 'f16' | 'bf16'

let current: AutocastDType | null = null

/** The half type in use, or null where autocast is off. */
export const autocastDType = (): AutocastDType | null => current

/** Runs `fn` with autocast to `dtype`, or without (null). */
export function withAutocast<T>(dtype: AutocastDType | null, fn: () => T): T {
  const before = current
  current = dtype
  try {
    return fn()
  } finally {
    current = before
  }
}

const isHalf = (dtype: DType): boolean => dtype === 'f16' || dtype === 'bf16'

/** Arguments of an operation that runs in the half type: f32 and other half types become it. Non-nodes stay. */
export function lowPrecision<T extends readonly unknown[]>(...args: T): T {
  const dtype = current
  if (dtype === null) return args
  const cast = (x: unknown): unknown =>
    x instanceof Node && (x.dtype === 'f32' || isHalf(x.dtype)) ? b.cast(x, dtype) : x
  return args.map(cast) as unknown as T
}

/** The argument of an operation that runs in f32: half types become it. */
export const fullPrecision = <T>(x: T): T =>
  current !== null && x instanceof Node && isHalf(x.dtype) ? (b.cast(x, 'f32') as Node & T) : x

/** A function whose arguments run in f32. */
export const inFullPrecision =
  <A extends readonly unknown[], R>(fn: (...args: A) => R): ((...args: A) => R) =>
  (...args) =>
    fn(...(args.map(fullPrecision) as unknown as A))
