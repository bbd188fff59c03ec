/**
 * Pictures as plain bytes: decoding of PNG and JPEG, grey conversion and channels-first layout. Colours and rounding
 * follow Pillow, which the training pipelines of most published models used.
 */
import { DataError } from '../core/errors.js'
import { isPng } from './check-png.js'
import { decodeJpeg, isJpeg } from './jpeg.js'
import { decodePng } from './png.js'

export interface Image {
  readonly width: number
  readonly height: number
  /** 1 grey, 2 grey and alpha, 3 RGB, 4 RGBA. */
  readonly channels: number
  /** `height × width × channels` bytes. */
  readonly data: Uint8Array
}

/**
 * Decodes a PNG or JPEG file. Throws `DataError` for anything else, for damaged files and for more than `maxPixels`
 * (default 50 million) pixels, before memory for them is taken.
 */
export function decodeImage(bytes: Uint8Array, options: { maxPixels?: number } = {}): Image {
  const maxPixels = options.maxPixels ?? 50_000_000
  if (isPng(bytes)) return decodePng(bytes, maxPixels)
  if (isJpeg(bytes)) return decodeJpeg(bytes, maxPixels)
  const kind = otherKind(bytes)
  throw new DataError(
    `Expected a PNG or JPEG picture, got ${kind ?? `${bytes.length} bytes of something else`}. Convert it to PNG first.`,
  )
}

function otherKind(bytes: Uint8Array): string | null {
  const start = String.fromCharCode(...bytes.subarray(0, 12))
  if (bytes.length === 0) return 'an empty file'
  if (start.startsWith('GIF8')) return 'a GIF'
  if (start.startsWith('RIFF') && start.slice(8) === 'WEBP') return 'a WebP'
  if (start.startsWith('BM')) return 'a BMP'
  if (start.startsWith('II*\0') || start.startsWith('MM\0*')) return 'a TIFF'
  if (start.slice(4).startsWith('ftyp')) return 'an AVIF, HEIC or video file'
  if (start.trimStart().startsWith('<')) return 'a text file (HTML or SVG)'
  return null
}

/** One channel by ITU-R 601 (0.299 R + 0.587 G + 0.114 B), rounded as Pillow's `convert('L')`; alpha is dropped. */
export function toGray(image: Image): Image {
  const { width, height, channels, data } = image
  if (channels === 1) return image
  const out = new Uint8Array(width * height)
  for (let i = 0; i < out.length; i++) {
    const at = i * channels
    out[i] =
      channels === 2
        ? data[at]
        : (data[at] * 19595 + data[at + 1] * 38470 + data[at + 2] * 7471 + 0x8000) >> 16
  }
  return { width, height, channels: 1, data: out }
}

/** Three channels; grey is repeated, alpha is dropped. */
export function toRgb(image: Image): Image {
  const { width, height, channels, data } = image
  if (channels === 3) return image
  const out = new Uint8Array(width * height * 3)
  for (let i = 0; i < width * height; i++) {
    for (let c = 0; c < 3; c++) out[3 * i + c] = data[i * channels + (channels < 3 ? 0 : c)]
  }
  return { width, height, channels: 3, data: out }
}

/** The bytes in channels-first order (C, H, W), as networks take them. */
export function toChannelsFirst({ width, height, channels, data }: Image): Uint8Array {
  if (channels === 1) return data
  const size = width * height
  const out = new Uint8Array(data.length)
  for (let c = 0; c < channels; c++) for (let i = 0; i < size; i++) out[c * size + i] = data[i * channels + c]
  return out
}
