/** Windows for short-time transforms: weights that fall off towards the ends of a frame. */
import { checkOptions } from '../core/check-options.js'
import type { DType } from '../core/dtype.js'
import { ValueError } from '../core/errors.js'
import * as b from '../ir/build.js'
import type { Node } from '../ir/node.js'
import { cosineOfQuarters } from './fourier-transform.js'
import { addLiteral, mulLiteral } from './operand.js'

export interface WindowOptions {
  /** The window of n + 1 without its last element, for use as a period (default), or a symmetric one. */
  readonly periodic?: boolean
  /** Default 'f32'. */
  readonly dtype?: DType
}

/** Σ coefficients[k]·cos(2π·k·i/N) for i < n, N = n or n - 1. */
function cosineWindow(
  operation: string,
  n: number,
  options: WindowOptions,
  coefficients: readonly number[],
): Node {
  checkOptions(operation, options, { periodic: true, dtype: true })
  const { periodic = true, dtype = 'f32' } = options
  if (!Number.isSafeInteger(n) || n < 0) {
    throw new ValueError(`${operation}: expected a length ≥ 0, got ${n}.`)
  }
  if (n <= 1) return b.full([n], 1, dtype)
  const period = periodic ? n : n - 1
  const wide = dtype === 'f64' ? 'f64' : 'f32'
  let sum = b.full([n], coefficients[0], wide)
  coefficients.slice(1).forEach((factor, k) => {
    const q = b.mul(b.iota([n], 0, 'i64'), b.full([n], 4 * (k + 1), 'i64'))
    sum = b.add(sum, mulLiteral(cosineOfQuarters(q, period, wide), factor))
  })
  return b.cast(sum, dtype)
}

/** ½ - ½·cos(2πi/N). */
export const hannWindow = (n: number, options: WindowOptions = {}): Node =>
  cosineWindow('hannWindow', n, options, [0.5, -0.5])

/** α - β·cos(2πi/N), default α = 0.54, β = 0.46. */
export const hammingWindow = (
  n: number,
  { alpha = 0.54, beta = 0.46, ...options }: WindowOptions & { alpha?: number; beta?: number } = {},
): Node => cosineWindow('hammingWindow', n, options, [alpha, -beta])

/** 0.42 - 0.5·cos(2πi/N) + 0.08·cos(4πi/N). */
export const blackmanWindow = (n: number, options: WindowOptions = {}): Node =>
  cosineWindow('blackmanWindow', n, options, [0.42, -0.5, 0.08])

/** 1 - |2i/N - 1|: a triangle. */
export function bartlettWindow(n: number, options: WindowOptions = {}): Node {
  checkOptions('bartlettWindow', options, { periodic: true, dtype: true })
  const { periodic = true, dtype = 'f32' } = options
  if (!Number.isSafeInteger(n) || n < 0) {
    throw new ValueError(`bartlettWindow: expected a length ≥ 0, got ${n}.`)
  }
  if (n <= 1) return b.full([n], 1, dtype)
  const wide = dtype === 'f64' ? 'f64' : 'f32'
  const x = mulLiteral(b.cast(b.iota([n], 0, 'i32'), wide), 2 / (periodic ? n : n - 1))
  return b.cast(addLiteral(b.neg(b.abs(addLiteral(x, -1))), 1), dtype)
}
