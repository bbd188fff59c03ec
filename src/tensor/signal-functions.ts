/** Complex numbers, windows and short-time transforms of tensors: wrappers over `ops/`, where formulas are documented. */
import * as complexOps from '../ops/complex.js'
import type { PadMode } from '../ops/padding.js'
import * as windows from '../ops/signal-windows.js'
import { istft as istftOf, type StftOptions as NodeOptions, stft as stftOf } from '../ops/stft.js'
import { nodeOf, type TensorBase, wrap } from './base.js'
import { liftOne, liftTwo } from './lift.js'
import type { Tensor } from './tensor.js'

// ---------------------------------------------------------------- complex numbers

/** re + i·im as (…, 2); without `im`, real numbers as complex ones. */
export const complex = (re: TensorBase, im?: TensorBase | null): Tensor =>
  wrap(complexOps.complex(nodeOf(re), im ? nodeOf(im) : null))
/** r·e^(iφ) as (…, 2). */
export const polar = liftTwo(complexOps.polar)
/** The real parts of complex numbers (…, 2). */
export const real = liftOne(complexOps.real)
/** The imaginary parts of complex numbers (…, 2). */
export const imag = liftOne(complexOps.imag)
/** The absolute values of complex numbers (…, 2). */
export const complexAbs = liftOne(complexOps.complexAbs)
/** The angles of complex numbers (…, 2), in (-π, π]. */
export const complexAngle = liftOne(complexOps.complexAngle)
/** The conjugates of complex numbers (…, 2). */
export const complexConj = liftOne(complexOps.complexConj)
/** The product of complex numbers (…, 2). */
export const complexMul = liftTwo(complexOps.complexMul)
/** The quotient of complex numbers (…, 2). */
export const complexDiv = liftTwo(complexOps.complexDiv)
/** The product of complex matrices (…, m, n, 2)·(…, n, p, 2). */
export const complexMatmul = liftTwo(complexOps.complexMatmul)

// ---------------------------------------------------------------- windows

/** ½ - ½·cos(2πi/n); `periodic: false` for a symmetric one. */
export const hannWindow = (n: number, options?: windows.WindowOptions): Tensor =>
  wrap(windows.hannWindow(n, options))
/** 0.54 - 0.46·cos(2πi/n); `alpha` and `beta` are options. */
export const hammingWindow = (n: number, options?: Parameters<typeof windows.hammingWindow>[1]): Tensor =>
  wrap(windows.hammingWindow(n, options))
/** 0.42 - 0.5·cos(2πi/n) + 0.08·cos(4πi/n). */
export const blackmanWindow = (n: number, options?: windows.WindowOptions): Tensor =>
  wrap(windows.blackmanWindow(n, options))
/** 1 - |2i/n - 1|. */
export const bartlettWindow = (n: number, options?: windows.WindowOptions): Tensor =>
  wrap(windows.bartlettWindow(n, options))

// ---------------------------------------------------------------- short-time transforms

export interface StftOptions extends Omit<NodeOptions, 'window'> {
  /** (winLength), default ones. */
  readonly window?: TensorBase | null
}

const nodeOptions = <T extends StftOptions>({ window, ...rest }: T): Omit<T, 'window'> & NodeOptions => ({
  ...rest,
  window: window ? nodeOf(window) : null,
})

/** Spectra of overlapping frames of a signal (T) or (B, T): complex (…, frequencies, frames, 2). */
export const stft = (
  x: TensorBase,
  nFft: number,
  options: StftOptions & { padMode?: PadMode } = {},
): Tensor => wrap(stftOf(nodeOf(x), nFft, nodeOptions(options)))

/** The signal of short-time spectra: the inverse of `stft`. */
export const istft = (x: TensorBase, nFft: number, options: StftOptions & { length?: number } = {}): Tensor =>
  wrap(istftOf(nodeOf(x), nFft, nodeOptions(options)))
