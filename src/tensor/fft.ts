/**
 * `fft`, as `torch.fft`. Complex tensors are float tensors whose last axis holds the real and the imaginary part, as
 * `torch.view_as_real` gives; axes count over the complex numbers. Make one of real numbers with `complex(x)`.
 *
 * Options: `n` or `s` (lengths; cut or filled with zeros), `axis` or `axes`, and `norm`: 'backward' (default: the inverse
 * is scaled by 1/n), 'forward' or 'ortho'.
 */
import type { DType } from '../core/dtype.js'
import * as ops from '../ops/fft.js'
import { wrap } from './base.js'
import { liftOne } from './lift.js'
import type { Tensor } from './tensor.js'

/** Complex to complex along one axis. */
export const fft = liftOne(ops.fft)
/** The inverse of `fft`. */
export const ifft = liftOne(ops.ifft)
/** Complex to complex along the last two axes. */
export const fft2 = liftOne(ops.fft2)
/** The inverse of `fft2`. */
export const ifft2 = liftOne(ops.ifft2)
/** Complex to complex along several axes, default all. */
export const fftn = liftOne(ops.fftn)
/** The inverse of `fftn`. */
export const ifftn = liftOne(ops.ifftn)
/** Real (…, n) to complex (…, n/2 + 1, 2). */
export const rfft = liftOne(ops.rfft)
/** The inverse of `rfft`; pass `n` for odd lengths. */
export const irfft = liftOne(ops.irfft)
/** Real to complex along the last two axes. */
export const rfft2 = liftOne(ops.rfft2)
/** The inverse of `rfft2`. */
export const irfft2 = liftOne(ops.irfft2)
/** Real to complex along several axes, default all. */
export const rfftn = liftOne(ops.rfftn)
/** The inverse of `rfftn`. */
export const irfftn = liftOne(ops.irfftn)
/** The transform of a signal that is its own mirrored conjugate: complex to real. */
export const hfft = liftOne(ops.hfft)
/** The inverse of `hfft`. */
export const ihfft = liftOne(ops.ihfft)
/** Moves frequency 0 to the middle of the axes. `{ complex: true }` for complex tensors. */
export const fftshift = liftOne(ops.fftshift)
/** Undoes `fftshift`. */
export const ifftshift = liftOne(ops.ifftshift)

/** The frequencies of `fft`'s results for samples `d` apart. */
export const fftfreq = (n: number, d = 1, options: { dtype?: DType } = {}): Tensor =>
  wrap(ops.fftfreq(n, d, options))

/** The frequencies of `rfft`'s results for samples `d` apart. */
export const rfftfreq = (n: number, d = 1, options: { dtype?: DType } = {}): Tensor =>
  wrap(ops.rfftfreq(n, d, options))
