/** Fourier transforms, and counts of n-grams. */
import { formatShape, range, sizeOf } from '../../core/shape.js'
import * as b from '../../ir/build.js'
import type { Node } from '../../ir/node.js'
import { complex } from '../../ops/complex.js'
import { fft, ifft, irfft, rfft } from '../../ops/fft.js'
import { stretch } from '../../ops/operand.js'
import type { Context, Rule, Rules } from '../context.js'
import { checkElements, checkHostElements } from '../limits.js'
import { numbersTensor } from './creation.js'

/** Complex numbers as a last axis of 2; a last axis of 1 holds the real part only. */
function complexOf(c: Context, x: Node): { z: Node; real: Node | null } {
  const rank = x.shape.length
  const width = x.shape[rank - 1]
  if (rank < 2 || (width !== 1 && width !== 2))
    c.fail(`expected a last axis of 1 or 2, got ${formatShape(x.shape)}.`)
  const wide = b.cast(x, x.dtype === 'f64' ? 'f64' : 'f32')
  if (width === 2) return { z: wide, real: null }
  const real = b.reshape(wide, x.shape.slice(0, -1))
  return { z: complex(real), real }
}

const dft: Rule = (c) => {
  const x = c.x(0)
  const rank = x.shape.length
  const given = c.version >= 20 ? (c.has(2) ? c.number(2) : -2) : c.int('axis', 1)
  const axis = c.axis(given, rank)
  if (axis === rank - 1) c.fail('expected an axis other than the last, which holds the parts of a number.')
  const inverse = c.int('inverse', 0) !== 0
  const onesided = c.int('onesided', 0) !== 0
  const { z, real } = complexOf(c, x)
  const n = c.has(1) ? c.number(1) : undefined
  if (n !== undefined && !(n >= 1)) c.fail(`expected a length of 1 or more, got ${n}.`)
  if (n !== undefined) checkElements(z.shape.with(axis, n))
  if (inverse && onesided) {
    const y = irfft(z, { n, axis })
    return c.like(b.cast(b.reshape(y, [...y.shape, 1]), x.dtype))
  }
  if (inverse) return c.like(b.cast(ifft(z, { n, axis }), x.dtype))
  if (!onesided) return c.like(b.cast(fft(z, { n, axis }), x.dtype))
  const signal = real ?? b.reshape(b.sliceAxis(z, rank - 1, 0, 1), z.shape.slice(0, -1))
  return c.like(b.cast(rfft(signal, { n, axis }), x.dtype))
}

/** Spectra of overlapping pieces of a signal (B, L) or (B, L, 1 or 2): (B, frames, bins, 2). */
const stft: Rule = (c) => {
  const x = c.x(0)
  const flat = x.shape.length === 2 ? b.reshape(x, [...x.shape, 1]) : x
  const { z, real } = complexOf(c, flat)
  const total = flat.shape[1]
  const step = c.number(1)
  const window = c.maybe(2)
  const length = c.has(3) ? c.number(3) : (window?.shape[0] ?? c.fail('expected a window or a frame length.'))
  if (!(step >= 1 && length >= 1 && length <= total)) {
    c.fail(`expected a step of 1 or more and a length of 1 to ${total}, got ${step} and ${length}.`)
  }
  const frames = (y: Node): Node => {
    const cut = b.window(y, { size: [length], stride: [Math.min(step, total)], dilation: [1] })
    return window === null ? cut : b.mul(cut, stretch(b.cast(window, cut.dtype), cut.shape))
  }
  if (real !== null) {
    const pieces = frames(real)
    const spectrum = c.int('onesided', 1) !== 0 ? rfft(pieces) : fft(complex(pieces))
    return c.like(b.cast(spectrum, x.dtype))
  }
  // The parts are cut as two signals and put together again.
  const pieces = b.moveAxis(frames(b.permute(z, [2, 0, 1])), 0, 3)
  return c.like(b.cast(fft(pieces), x.dtype))
}

/** How often each n-gram of a pool occurs in rows of integers (host: the matching is no arithmetic). */
const tfIdf: Rule = (c) => {
  const pool = c.ints('pool_int64s') ?? c.fail('expected integers as the pool; strings are not supported.')
  const counts = c.ints('ngram_counts') ?? []
  const indexes = c.ints('ngram_indexes') ?? []
  const weights = c.floats('weights')
  const least = Math.max(1, c.int('min_gram_length'))
  // No n-gram is longer than the pool's, and no gap wider than the row.
  const most = Math.min(c.int('max_gram_length'), counts.length)
  const width = indexes.reduce((n, i) => Math.max(n, i + 1), 0)
  const grams = new Map<string, number>()
  let which = 0
  counts.forEach((start, i) => {
    const length = i + 1
    const end = counts[i + 1] ?? pool.length
    for (let at = start; at + length <= end; at += length) {
      if (length >= least && length <= most)
        grams.set(pool.slice(at, at + length).join(), indexes[which] ?? -1)
      which++
    }
  })
  const shape = c.shape(0)
  const rows = shape.length === 2 ? shape[0] : 1
  const columns = sizeOf(shape) / Math.max(rows, 1)
  checkHostElements(rows * width)
  const skips = Math.min(c.int('max_skip_count'), columns)
  const values = c.numbers(0)
  const result = new Array<number>(rows * width).fill(0)
  for (let r = 0; r < rows; r++) {
    const row = values.slice(r * columns, (r + 1) * columns)
    for (let length = least; length <= most; length++) {
      // Single elements have no gaps to skip in.
      for (let skip = 1; skip <= (length === 1 ? 1 : skips + 1); skip++) {
        for (let at = 0; at + (length - 1) * skip < columns; at++) {
          const index = grams.get(
            range(length)
              .map((k) => row[at + k * skip])
              .join(),
          )
          if (index !== undefined && index >= 0) result[r * width + index]++
        }
      }
    }
  }
  const mode = c.string('mode')
  const weightOf = new Map(indexes.map((index, i) => [index, weights?.[i] ?? 1]))
  const final = result.map((n, i) => {
    const weight = weightOf.get(i % width) ?? 1
    if (mode === 'TF') return n
    return mode === 'IDF' ? (n > 0 ? weight : 0) : n * weight
  })
  return numbersTensor('float', final, shape.length === 2 ? [rows, width] : [width])
}

export const signal: Rules = { DFT: dft, STFT: stft, TfIdfVectorizer: tfIdf }
