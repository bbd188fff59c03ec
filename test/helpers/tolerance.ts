/**
 * How far a result may lie from the reference's, once per dtype and class of operation, with the reason. A value
 * passes when |got - expected| ≤ absolute + relative · |expected|; integers and bool must be equal.
 */
import { type DType, isFloat } from '../../src/core/dtype.js'

export type ToleranceClass =
  /** Moves, compares or computes with one correctly rounded operation: the bits must match. */
  | 'exact'
  /** Transcendental functions and short chains of them: a few units in the last place. */
  | 'elementwise'
  /**
   * Sums of up to some thousands of products in another order: the error grows with the length, about √n units. Also of
   * products whose operands were rounded to bf16: these are exact in f32. The processor's instruction for them rounds
   * after each product as f32 does, but counts denormals as 0, 2^-126 at most a product.
   */
  | 'sum'
  /** Winograd convolution: its transforms cancel, which costs about two digits. */
  | 'winograd'
  /** Many dependent steps (recurrences, training): errors compound. */
  | 'iterated'

export interface Tolerance {
  readonly relative: number
  readonly absolute: number
}

/** Unit roundoff of each float dtype. */
const unit: Partial<Record<DType, number>> = { f64: 2 ** -53, f32: 2 ** -24, f16: 2 ** -11, bf16: 2 ** -8 }

/** Units in the last place that each class may lose (beside the rounding of the result itself). */
const units: Record<ToleranceClass, number> = {
  exact: 0,
  elementwise: 16,
  sum: 128,
  winograd: 2048,
  iterated: 4096,
}

export function toleranceOf(dtype: DType, kind: ToleranceClass): Tolerance {
  if (!isFloat(dtype)) return { relative: 0, absolute: 0 }
  // Narrow floats may compute in f32 and round at other places than the reference: one more unit of their own.
  const narrow = dtype === 'f16' || dtype === 'bf16'
  const size = narrow ? (kind === 'exact' ? 0 : Math.min(units[kind], 4)) : units[kind]
  const relative = size * unit[dtype]!
  // Sums cancel: what is lost is relative to the terms (of order one in the tests), not to the result.
  return { relative, absolute: kind === 'exact' ? 0 : relative }
}

/** Whether `got` passes for `expected`; NaN passes for NaN, infinities must agree. */
export function isClose(got: number, expected: number, { relative, absolute }: Tolerance): boolean {
  if (Number.isNaN(expected)) return Number.isNaN(got)
  if (got === expected) return true
  if (!Number.isFinite(got) || !Number.isFinite(expected)) return false
  return Math.abs(got - expected) <= absolute + relative * Math.abs(expected)
}

/** Throws with the first element that differs, how many do, and both values. */
export function expectClose(
  got: readonly number[],
  expected: readonly number[],
  tolerance: Tolerance,
  what: string,
): void {
  if (got.length !== expected.length)
    throw new Error(`${what}: expected ${expected.length} elements, got ${got.length}.`)
  const bad = expected.flatMap((e, i) => (isClose(got[i], e, tolerance) ? [] : [i]))
  if (bad.length === 0) return
  const [first] = bad
  throw new Error(
    `${what}: ${bad.length} of ${expected.length} elements differ, first at ${first}: expected ${expected[first]}, got ${got[first]} ` +
      `(difference ${Math.abs(got[first] - expected[first])}, allowed ${tolerance.absolute} + ${tolerance.relative}·|expected|).`,
  )
}
