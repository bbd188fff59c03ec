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
