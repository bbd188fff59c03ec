/**
 * Augmentation of single samples, on the host, with names and meanings of torchvision. Every random choice comes from a
 * stream keyed by (seed, epoch, sample index): batch size and order do not change what happens to a sample.
 */
import { ShapeError, ValueError } from '../core/errors.js'
import { formatShape } from '../core/shape.js'
import type { SeededRandom } from './seeded-random.js'

/** One sample: bytes as stored, or floats. The last two axes are height and width, the one before them channels. */
export interface Sample {
  readonly data: Uint8Array | Float32Array
  readonly shape: readonly number[]
}

/** Maps a sample to a new one; must not write to the one it is given. */
export type Transform = (sample: Sample, random: SeededRandom) => Sample

/** One transform after the other. */
export const compose =
  (...transforms: readonly Transform[]): Transform =>
  (sample, random) =>
    transforms.reduce((value, transform) => transform(value, random), sample)

const like = (data: Sample['data'], length: number): Sample['data'] =>
  data instanceof Uint8Array ? new Uint8Array(length) : new Float32Array(length)

/** Sizes of a picture: planes (channels), height and width. */
function planes({ shape }: Sample, operation: string): [number, number, number] {
  if (shape.length < 2) {
    throw new ShapeError(
      `${operation}: expected a sample of shape [..., height, width], got ${formatShape(shape)}.`,
    )
  }
  const [height, width] = shape.slice(-2)
  return [shape.slice(0, -2).reduce((a, b) => a * b, 1), height, width]
}

/** Bytes 0…255 to floats 0…1; floats stay. */
export function toTensor(): Transform {
  return (sample) => {
    if (sample.data instanceof Float32Array) return sample
    return { data: Float32Array.from(sample.data, (value) => value / 255), shape: sample.shape }
  }
}

/**
 * (x - mean) / std for each channel, on floats; bytes are scaled to 0…1 first. The data set's own normalisation is then
 * not applied on top.
 */
export function normalize(mean: number | readonly number[], std: number | readonly number[]): Transform {
  const means = typeof mean === 'number' ? [mean] : mean
  const stds = typeof std === 'number' ? [std] : std
  if (stds.some((value) => !(value > 0))) {
    throw new ValueError(`normalize: expected positive standard deviations, got ${formatShape(stds)}.`)
  }
  const scale = toTensor()
  return (sample, random) => {
    const { data, shape } = scale(sample, random)
    const [channels, height, width] = planes(sample, 'normalize')
    for (const list of [means, stds]) {
      if (list.length !== 1 && list.length !== channels) {
        throw new ShapeError(
          `normalize: expected 1 or ${channels} values for ${formatShape(shape)}, got ${list.length}.`,
        )
      }
    }
    const out = new Float32Array(data.length)
    const size = height * width
    for (let c = 0; c < channels; c++) {
      const m = Math.fround(means[means.length === 1 ? 0 : c])
      const s = Math.fround(stds[stds.length === 1 ? 0 : c])
      for (let i = c * size; i < (c + 1) * size; i++) out[i] = Math.fround(data[i] - m) / s
    }
    return { data: out, shape }
  }
}

export interface RandomCropOptions {
  /** Pixels added on every side before cropping. Default 0. */
  readonly padding?: number
  /** Value of the added pixels: a byte for bytes, a float for floats. Default 0. */
  readonly fill?: number
}

/** A window of the given size at a random place of the padded picture. */
export function randomCrop(
  size: number | readonly [number, number],
  options: RandomCropOptions = {},
): Transform {
  const [outHeight, outWidth] = typeof size === 'number' ? [size, size] : size
  const { padding = 0, fill = 0 } = options
  return (sample, random) => {
    const [channels, height, width] = planes(sample, 'randomCrop')
    const [roomY, roomX] = [height + 2 * padding - outHeight, width + 2 * padding - outWidth]
    if (!(roomY >= 0 && roomX >= 0)) {
      throw new ShapeError(
        `randomCrop: expected a picture of at least ${outHeight}×${outWidth} with padding ${padding}, got ` +
          `${height}×${width}. Pad more or crop less.`,
      )
    }
    const top = random.integer(roomY + 1) - padding
    const left = random.integer(roomX + 1) - padding
    const out = like(sample.data, channels * outHeight * outWidth)
    if (fill !== 0) out.fill(fill)
    const from = Math.max(0, left)
    const to = Math.min(width, left + outWidth)
    for (let c = 0; c < channels; c++) {
      for (let y = Math.max(0, top); y < Math.min(height, top + outHeight); y++) {
        const row = (c * height + y) * width
        if (to > from) {
          out.set(
            sample.data.subarray(row + from, row + to),
            (c * outHeight + y - top) * outWidth + from - left,
          )
        }
      }
    }
    return { data: out, shape: [...sample.shape.slice(0, -2), outHeight, outWidth] }
  }
}

/** Left and right exchanged with probability `p` (default 0.5). */
export function randomHorizontalFlip(p = 0.5): Transform {
  if (!(p >= 0 && p <= 1)) throw new ValueError(`randomHorizontalFlip: expected p from 0 to 1, got ${p}.`)
  return (sample, random) => {
    const flip = random.uniform() < p
    if (!flip) return sample
    const [channels, height, width] = planes(sample, 'randomHorizontalFlip')
    const out = sample.data.slice()
    for (let row = 0; row < channels * height; row++) out.subarray(row * width, (row + 1) * width).reverse()
    return { data: out, shape: sample.shape }
  }
}
