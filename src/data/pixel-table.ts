/**
 * The float of every byte: scaling and normalising a picture is then one look-up a pixel.
 */
import { ShapeError, ValueError } from '../core/errors.js'
import { formatShape } from '../core/shape.js'
import type { Normalization } from './dataset.js'

/**
 * 256 floats for each channel: ((byte / 255) - mean) / std, each step rounded to f32 as PyTorch does. One channel serves
 * for all where mean and std are plain numbers.
 */
export function makePixelTable(
  normalization: Normalization | null,
  inputShape: readonly number[],
): { pixels: Float32Array; channels: number } {
  const { mean, std } = normalization ?? { mean: 0, std: 1 }
  const shared = typeof mean === 'number' && typeof std === 'number'
  const channels = shared ? 1 : inputShape[0]
  for (const list of [mean, std]) {
    if (typeof list !== 'number' && (inputShape.length < 3 || list.length !== channels)) {
      throw new ShapeError(
        `Normalization: expected one value for each channel of ${formatShape(inputShape)}, got ${list.length}.`,
      )
    }
  }
  const pixels = new Float32Array(channels * 256)
  for (let c = 0; c < channels; c++) {
    const m = Math.fround(typeof mean === 'number' ? mean : mean[c])
    const s = Math.fround(typeof std === 'number' ? std : std[c])
    if (!(s > 0)) throw new ValueError(`Normalization: expected a positive std, got ${s}.`)
    for (let byte = 0; byte < 256; byte++) {
      pixels[c * 256 + byte] = Math.fround(Math.fround(byte / 255) - m) / s
    }
  }
  return { pixels, channels }
}

/** Looks up `count` bytes from `start` in `table` and writes the floats from `at`. */
export function convertPixels(
  from: Uint8Array,
  start: number,
  count: number,
  table: Float32Array,
  out: Float32Array,
  at: number,
): void {
  const address = from.byteOffset + start
  if ((address | count) & 3) {
    for (let i = 0; i < count; i++) out[at + i] = table[from[start + i]]
    return
  }
  // Four at a time, and drawings are mostly background: where a whole word is 0 the fill has done the work.
  const words = new Uint32Array(from.buffer, address, count >> 2)
  out.fill(table[0], at, at + count)
  for (let i = 0, to = at; i < words.length; i++, to += 4) {
    const word = words[i]
    if (word === 0) continue
    // The order of bytes in a word: every platform of WebAssembly and Node's processors are little endian.
    out[to] = table[word & 255]
    out[to + 1] = table[(word >>> 8) & 255]
    out[to + 2] = table[(word >>> 16) & 255]
    out[to + 3] = table[word >>> 24]
  }
}
