/** Short-time Fourier transforms: the spectra of overlapping frames, and the signal from them. */
import { checkOptions } from '../core/check-options.js'
import { ShapeError, ValueError } from '../core/errors.js'
import { formatShape } from '../core/shape.js'
import * as b from '../ir/build.js'
import type { CallGradient, Node } from '../ir/node.js'
import { complex, requireComplex } from './complex.js'
import { batchedKernel } from './factorizations/batched-kernel.js'
import { fft, irfft, rfft } from './fft.js'
import { mulLiteral, requireFloat, requireRank, requireSameDType, stretch } from './operand.js'
import { type PadMode, pad } from './padding.js'

export interface StftOptions {
  /** Samples from frame to frame. Default nFft/4, rounded down. */
  readonly hopLength?: number
  /** Length of the window; shorter ones stand in the middle of the frame. Default nFft. */
  readonly winLength?: number
  /** (winLength). Default: ones. */
  readonly window?: Node | null
  /** Frames are centred on their time: the signal is padded by nFft/2. Default true. */
  readonly center?: boolean
  /** Spectra are scaled by 1/√nFft. Default false. */
  readonly normalized?: boolean
  /** Only nFft/2 + 1 frequencies. Default true. */
  readonly onesided?: boolean
}

interface Frames {
  readonly hop: number
  readonly window: Node
}

/** The checked hop, and the window of nFft elements. */
function framesOf(operation: string, x: Node, nFft: number, options: StftOptions): Frames {
  checkOptions<StftOptions>(operation, options, {
    hopLength: true,
    winLength: true,
    window: true,
    center: true,
    normalized: true,
    onesided: true,
  })
  const { hopLength: hop = Math.floor(nFft / 4), winLength = nFft, window } = options
  const positive = (name: string, n: number): void => {
    if (Number.isSafeInteger(n) && n >= 1) return
    throw new ValueError(`${operation}: expected ${name} ≥ 1, got ${n}.`)
  }
  positive('nFft', nFft)
  positive('hopLength', hop)
  positive('winLength', winLength)
  if (winLength > nFft) {
    throw new ValueError(`${operation}: expected winLength ≤ nFft = ${nFft}, got ${winLength}.`)
  }
  const given = window ?? b.full([winLength], 1, x.dtype)
  requireSameDType(operation, x, given)
  if (given.shape.length !== 1 || given.shape[0] !== winLength) {
    throw new ShapeError(
      `${operation}: expected a window of shape [${winLength}], got ${formatShape(given.shape)}. Pass winLength with it.`,
    )
  }
  const before = Math.floor((nFft - winLength) / 2)
  return { hop, window: b.pad(given, [before], [nFft - winLength - before], [0], 0) }
}

/**
 * Spectra of overlapping frames of a real signal (T) or (B, T): complex (…, frequencies, frames, 2), as `torch.stft`. `padMode` is
 * how a centred signal is padded, default 'reflect'.
 */
export function stft(
  x: Node,
  nFft: number,
  { padMode = 'reflect', ...options }: StftOptions & { padMode?: PadMode } = {},
): Node {
  requireFloat('stft', x)
  requireRank('stft', x, 1, 2, '(T) or (B, T)')
  const { hop, window } = framesOf('stft', x, nFft, options)
  const { center = true, normalized = false, onesided = true } = options
  const half = Math.floor(nFft / 2)
  const signal = center ? pad(x, [half, half], { mode: padMode }) : x
  const length = signal.shape[signal.shape.length - 1]
  if (length < nFft) {
    throw new ShapeError(
      `stft: a signal of ${length} samples is shorter than a frame of nFft = ${nFft}. Pad it, or take smaller frames.`,
    )
  }
  const frames = b.window(signal, { size: [nFft], stride: [hop], dilation: [1] })
  const weighted = b.mul(frames, stretch(window, frames.shape))
  const spectra = onesided ? rfft(weighted) : fft(complex(weighted))
  const scaled = normalized ? mulLiteral(spectra, 1 / Math.sqrt(nFft)) : spectra
  // (…, frames, frequencies, 2) → (…, frequencies, frames, 2)
  return b.moveAxis(scaled, scaled.shape.length - 2, scaled.shape.length - 3)
}

const envelopeKernel = batchedKernel('istftEnvelope', [1], [1], ([{ data }], [out]) => {
  const low = data.findIndex((v) => Math.abs(v) < 1e-11)
  if (low >= 0) {
    throw new ValueError(
      `istft: the windows that overlap add up to 0 at sample ${low}: the signal cannot be known there. ` +
        'Take a smaller hop, a window without zeros at its ends, or center: true.',
    )
  }
  out.data.set(data)
})

const envelopeGradient: CallGradient = (_inputs, _outputs, [g]) => [g]

/**
 * The signal whose `stft` is nearest to the given spectra, complex (…, frequencies, frames, 2): (…, T). Frames are added
 * where they overlap and divided by the sum of squared windows. `length` cuts or fills the signal.
 */
export function istft(
  z: Node,
  nFft: number,
  { length, ...options }: StftOptions & { length?: number } = {},
): Node {
  requireComplex('istft', z)
  requireRank('istft', z, 3, 4, '(…, frequencies, frames, 2)')
  const { hop, window } = framesOf('istft', z, nFft, options)
  const { center = true, normalized = false, onesided = true } = options
  const rank = z.shape.length
  const expected = onesided ? Math.floor(nFft / 2) + 1 : nFft
  const count = z.shape[rank - 2]
  if (z.shape[rank - 3] !== expected || count === 0) {
    throw new ShapeError(
      `istft: expected ${expected} frequencies for nFft = ${nFft} and at least one frame, got shape ${formatShape(z.shape)}.`,
    )
  }
  const turned = b.moveAxis(z, rank - 3, rank - 2)
  const spectra = normalized ? mulLiteral(turned, Math.sqrt(nFft)) : turned
  // The signal is real: one half of the frequencies says all.
  const half = onesided ? spectra : b.sliceAxis(spectra, rank - 2, 0, Math.floor(nFft / 2) + 1)
  const parts = irfft(half, { n: nFft })
  const total = nFft + hop * (count - 1)
  const fold = (x: Node): Node => b.fold(x, { size: [nFft], stride: [hop], dilation: [1], spatial: [total] })
  const signal = fold(b.mul(parts, stretch(window, parts.shape)))
  const envelope = fold(b.expand(b.reshape(b.mul(window, window), [1, nFft]), [count, nFft]))
  const start = center ? Math.floor(nFft / 2) : 0
  const stop = Math.min(total, length === undefined ? total - start : start + length)
  if (stop <= start) {
    throw new ShapeError(
      `istft: ${count} frames of ${nFft} samples leave nothing of the signal after the padding is cut off. Pass center: false, or more frames.`,
    )
  }
  const [checked] = b.call([b.sliceAxis(envelope, 0, start, stop)], {
    kernel: envelopeKernel,
    outputs: [{ shape: [stop - start], dtype: z.dtype }],
    vjp: envelopeGradient,
  })
  const cut = b.sliceAxis(signal, signal.shape.length - 1, start, stop)
  const result = b.div(cut, stretch(checked, cut.shape))
  if (length === undefined || length === stop - start) return result
  return pad(result, [0, length - (stop - start)])
}
