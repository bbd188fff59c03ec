/**
 * Fourier transforms (`torch.fft`). Complex tensors are float tensors whose last axis holds the real and the imaginary
 * part (see `complex.ts`); axes count over the complex numbers, so -1 is the axis before those two parts.
 *
 *     X_k = scale · Σⱼ xⱼ·e^(-2πi·jk/n), inverse with e^(+2πi·jk/n)
 */
import { checkOptions } from '../core/check-options.js'
import type { DType } from '../core/dtype.js'
import { ShapeError, ValueError } from '../core/errors.js'
import { checkList, formatShape, normalizeAxes, normalizeAxis, range } from '../core/shape.js'
import * as b from '../ir/build.js'
import type { Node } from '../ir/node.js'
import { complex, complexConj, requireComplex } from './complex.js'
import { transformAxis } from './fourier-transform.js'
import { inAccumulationType, mulLiteral, toFloat } from './operand.js'
import { roll } from './rearranging.js'

/** 'backward' scales the inverse by 1/n, 'forward' the forward transform, 'ortho' both by 1/√n. */
export type FftNorm = 'backward' | 'forward' | 'ortho'

export interface FftOptions {
  /** Length of the transform: the signal is cut or filled with zeros. Default: its size. */
  readonly n?: number
  /** Default -1. */
  readonly axis?: number
  /** Default 'backward'. */
  readonly norm?: FftNorm
}

export interface FftnOptions {
  /** Lengths along the axes. Default: the sizes. */
  readonly s?: readonly number[]
  /** Default: all, or the last ones where `s` is given. */
  readonly axes?: readonly number[]
  /** Default 'backward'. */
  readonly norm?: FftNorm
}

function scaleOf(operation: string, n: number, norm: FftNorm, inverse: boolean): number {
  if (norm === 'ortho') return 1 / Math.sqrt(n)
  if (norm === 'forward') return inverse ? 1 : 1 / n
  if (norm === 'backward') return inverse ? 1 / n : 1
  throw new ValueError(`${operation}: expected norm 'backward', 'forward' or 'ortho', got '${String(norm)}'.`)
}

function checkLength(operation: string, n: number): void {
  if (Number.isSafeInteger(n) && n >= 1) return
  throw new ValueError(`${operation}: expected a length n ≥ 1, got ${n}.`)
}

/** x cut or filled with zeros to n elements along an axis of x. */
function resized(x: Node, axis: number, n: number): Node {
  const size = x.shape[axis]
  if (n <= size) return b.sliceAxis(x, axis, 0, n)
  const zeros = x.shape.map(() => 0)
  return b.pad(
    x,
    zeros,
    zeros.map((_, i) => (i === axis ? n - size : 0)),
    zeros,
    0,
  )
}

const scaled = (x: Node, factor: number): Node => (factor === 1 ? x : mulLiteral(x, factor))

/** Sizes of the complex numbers along `axes`, and the axes counted from the front. */
function plan(
  operation: string,
  rank: number,
  shape: readonly number[],
  { s, axes }: FftnOptions,
): { axes: number[]; sizes: number[] } {
  if (s !== undefined && axes !== undefined && s.length !== axes.length) {
    throw new ValueError(
      `${operation}: expected as many lengths as axes, got ${formatShape(s)} for axes ${formatShape(axes)}.`,
    )
  }
  if (s !== undefined && s.length > rank) {
    throw new ShapeError(`${operation}: ${s.length} lengths are too many for ${rank} axes.`)
  }
  const list = axes ?? (s === undefined ? range(rank) : range(s.length).map((i) => rank - s.length + i))
  const normal = list.map((a) => normalizeAxis(a, rank, operation))
  if (new Set(normal).size !== normal.length) {
    throw new ValueError(`${operation}: expected distinct axes, got ${formatShape(list)}.`)
  }
  const sizes = normal.map((a, i) => s?.[i] ?? shape[a])
  for (const n of sizes) checkLength(operation, n)
  return { axes: normal, sizes }
}

function complexTransform(operation: string, x: Node, options: FftnOptions, inverse: boolean): Node {
  requireComplex(operation, x)
  return inAccumulationType(x, (z) => {
    const { axes, sizes } = plan(operation, z.shape.length - 1, z.shape, options)
    let y = z
    let factor = 1
    axes.forEach((axis, i) => {
      y = transformAxis(resized(y, axis, sizes[i]), axis, inverse ? 1 : -1)
      factor *= scaleOf(operation, sizes[i], options.norm ?? 'backward', inverse)
    })
    return scaled(y, factor)
  })
}

function one(operation: string, options: FftOptions): FftnOptions {
  checkOptions(operation, options, { n: true, axis: true, norm: true })
  const { n, axis = -1, norm } = options
  return { axes: [axis], norm, ...(n === undefined ? {} : { s: [n] }) }
}

/** The options of a transform along several axes, which stand for themselves. */
function several(operation: string, options: FftnOptions): FftnOptions {
  checkOptions(operation, options, { s: true, axes: true, norm: true })
  if (options.s !== undefined) checkList(options.s, operation)
  if (options.axes !== undefined) checkList(options.axes, operation)
  return options
}

const two = (operation: string, options: FftnOptions): FftnOptions => ({
  ...several(operation, options),
  axes: options.axes ?? [-2, -1],
})

/** The Fourier transform along one axis: complex (…, n, 2) → complex. */
export const fft = (x: Node, options: FftOptions = {}): Node =>
  complexTransform('fft', x, one('fft', options), false)

/** The inverse of `fft`. */
export const ifft = (x: Node, options: FftOptions = {}): Node =>
  complexTransform('ifft', x, one('ifft', options), true)

/** The Fourier transform along several axes, default all: complex → complex. */
export const fftn = (x: Node, options: FftnOptions = {}): Node =>
  complexTransform('fftn', x, several('fftn', options), false)

/** The inverse of `fftn`. */
export const ifftn = (x: Node, options: FftnOptions = {}): Node =>
  complexTransform('ifftn', x, several('ifftn', options), true)

/** `fftn` along the last two axes. */
export const fft2 = (x: Node, options: FftnOptions = {}): Node =>
  complexTransform('fft2', x, two('fft2', options), false)

/** `ifftn` along the last two axes. */
export const ifft2 = (x: Node, options: FftnOptions = {}): Node =>
  complexTransform('ifft2', x, two('ifft2', options), true)

function realTransform(operation: string, x: Node, options: FftnOptions): Node {
  return inAccumulationType(toFloat(x), (y) => {
    const { axes, sizes } = plan(operation, y.shape.length, y.shape, options)
    if (axes.length === 0) throw new ValueError(`${operation}: expected at least one axis, got none.`)
    let factor = 1
    let fitted = y
    axes.forEach((axis, i) => {
      fitted = resized(fitted, axis, sizes[i])
      factor *= scaleOf(operation, sizes[i], options.norm ?? 'backward', false)
    })
    let z = complex(fitted)
    // The last axis first: half of its results say all, and the others are spared.
    const last = axes.length - 1
    z = b.sliceAxis(transformAxis(z, axes[last], -1), axes[last], 0, Math.floor(sizes[last] / 2) + 1)
    for (const axis of axes.slice(0, -1)) z = transformAxis(z, axis, -1)
    return scaled(z, factor)
  })
}

/**
 * The Fourier transform of real numbers along one axis: (…, n) → complex (…, n/2 + 1, 2). The other half is its mirrored
 * conjugate.
 */
export const rfft = (x: Node, options: FftOptions = {}): Node =>
  realTransform('rfft', x, one('rfft', options))

/** The Fourier transform of real numbers along several axes, default all; the last one keeps n/2 + 1 results. */
export const rfftn = (x: Node, options: FftnOptions = {}): Node =>
  realTransform('rfftn', x, several('rfftn', options))

/** `rfftn` along the last two axes. */
export const rfft2 = (x: Node, options: FftnOptions = {}): Node =>
  realTransform('rfft2', x, two('rfft2', options))

function inverseRealTransform(operation: string, x: Node, options: FftnOptions): Node {
  requireComplex(operation, x)
  return inAccumulationType(x, (z) => {
    const rank = z.shape.length - 1
    const given = plan(
      operation,
      rank,
      z.shape.map((n) => Math.max(n, 1)),
      options,
    )
    const { axes } = given
    if (axes.length === 0) throw new ValueError(`${operation}: expected at least one axis, got none.`)
    const last = axes.length - 1
    const axis = axes[last]
    const n = options.s?.[last] ?? 2 * (z.shape[axis] - 1)
    checkLength(operation, n)
    let factor = scaleOf(operation, n, options.norm ?? 'backward', true)
    let y = z
    axes.slice(0, -1).forEach((a, i) => {
      y = transformAxis(resized(y, a, given.sizes[i]), a, 1)
      factor *= scaleOf(operation, given.sizes[i], options.norm ?? 'backward', true)
    })
    // Every result but the first (and the middle one) stands for its mirrored conjugate, too.
    const half = Math.floor(n / 2) + 1
    const kept = resized(y, axis, half)
    const at = b.iota(kept.shape, axis, 'i32')
    const double = b.and(b.lt(b.literal(at, 0), at), b.lt(b.add(at, at), b.literal(at, n)))
    const weighted = b.mul(kept, b.where(double, b.literal(kept, 2), b.literal(kept, 1)))
    const whole = transformAxis(resized(weighted, axis, n), axis, 1)
    const re = b.sliceAxis(whole, rank, 0, 1)
    return scaled(b.reshape(re, whole.shape.slice(0, -1)), factor)
  })
}

/** The inverse of `rfft`: complex (…, m, 2) → real (…, n), default n = 2(m - 1). */
export const irfft = (x: Node, options: FftOptions = {}): Node =>
  inverseRealTransform('irfft', x, one('irfft', options))

/** The inverse of `rfftn`; give `s` for an odd length of the last axis. */
export const irfftn = (x: Node, options: FftnOptions = {}): Node =>
  inverseRealTransform('irfftn', x, several('irfftn', options))

/** `irfftn` along the last two axes. */
export const irfft2 = (x: Node, options: FftnOptions = {}): Node =>
  inverseRealTransform('irfft2', x, two('irfft2', options))

const opposite: Record<FftNorm, FftNorm> = { backward: 'forward', forward: 'backward', ortho: 'ortho' }

/** The transform of a signal that is its own mirrored conjugate, given by half: complex (…, m, 2) → real (…, n). */
export const hfft = (x: Node, { norm = 'backward', ...options }: FftOptions = {}): Node => {
  requireComplex('hfft', x)
  return irfft(complexConj(x), { ...options, norm: opposite[norm] })
}

/** The inverse of `hfft`: real (…, n) → complex (…, n/2 + 1, 2). */
export const ihfft = (x: Node, { norm = 'backward', ...options }: FftOptions = {}): Node =>
  complexConj(rfft(x, { ...options, norm: opposite[norm] }))

// ---------------------------------------------------------------- frequencies, shifts

interface FrequencyOptions {
  /** Default 'f32'. */
  readonly dtype?: DType
}

/** The frequencies of `fft`'s results in cycles per unit, for samples `d` apart: [0, 1, …, -2, -1]/(d·n). */
export function fftfreq(n: number, d = 1, { dtype = 'f32' }: FrequencyOptions = {}): Node {
  checkLength('fftfreq', n)
  const i = b.iota([n], 0, 'i32')
  const wrapped = b.where(b.le(b.literal(i, Math.ceil(n / 2)), i), b.sub(i, b.literal(i, n)), i)
  return mulLiteral(b.cast(wrapped, dtype), 1 / (n * d))
}

/** The frequencies of `rfft`'s results: [0, 1, …, n/2]/(d·n). */
export function rfftfreq(n: number, d = 1, { dtype = 'f32' }: FrequencyOptions = {}): Node {
  checkLength('rfftfreq', n)
  return mulLiteral(b.cast(b.iota([Math.floor(n / 2) + 1], 0, 'i32'), dtype), 1 / (n * d))
}

export interface ShiftOptions {
  /** The last axis holds the parts of complex numbers and is no axis to shift or to count. Default false. */
  readonly complex?: boolean
}

function shift(
  operation: string,
  x: Node,
  axes: number | readonly number[] | null | undefined,
  options: ShiftOptions,
  amount: (n: number) => number,
): Node {
  checkOptions(operation, options, { complex: true })
  if (options.complex) requireComplex(operation, x)
  const list = normalizeAxes(axes, x.shape.length - (options.complex ? 1 : 0), operation)
  return roll(
    x,
    list.map((a) => amount(x.shape[a])),
    list,
  )
}

/** Moves frequency 0 to the middle of the axes (default: all). */
export const fftshift = (
  x: Node,
  axes?: number | readonly number[] | null,
  options: ShiftOptions = {},
): Node => shift('fftshift', x, axes, options, (n) => Math.floor(n / 2))

/** Undoes `fftshift`. */
export const ifftshift = (
  x: Node,
  axes?: number | readonly number[] | null,
  options: ShiftOptions = {},
): Node => shift('ifftshift', x, axes, options, (n) => -Math.floor(n / 2))
