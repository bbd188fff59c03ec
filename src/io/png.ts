/**
 * PNG on bytes by the `pngjs` library: every colour type, bit depth and interlacing of the standard, decoded to 8 bits
 * a channel; encoding of 8-bit images. The input is untrusted, so `checkPng` measures it before the library sees it.
 */
import { PNG } from '#pngjs'
import { DataError } from '../core/errors.js'
import { checkPng, type PngColorType } from './check-png.js'
import type { Image } from './image.js'

/** The library's kind of bytes: Node's `Buffer`, or the copy inside its browser build, which nothing else exports. */
const toBuffer = (bytes: Uint8Array): Buffer => {
  const { from } = new PNG({ width: 1, height: 1 }).data.constructor as typeof Buffer
  return from(bytes.buffer as ArrayBuffer, bytes.byteOffset, bytes.byteLength)
}

/** Where the channels of an image lie in the RGBA pixels that the library yields. */
const channelsOf = {
  gray: [0],
  grayAlpha: [0, 3],
  rgb: [0, 1, 2],
  rgba: [0, 1, 2, 3],
} satisfies Record<PngColorType, readonly number[]>

/** Decodes a PNG. An alpha channel is kept as the last channel; the transparent colour of a `tRNS` chunk is not. */
export function decodePng(bytes: Uint8Array, maxPixels: number): Image {
  const { width, height, colorType, essential } = checkPng(bytes, maxPixels)
  let pixels: Uint8Array
  try {
    pixels = PNG.sync.read(toBuffer(essential)).data
  } catch (error) {
    throw new DataError(
      'PNG: expected chunks, checksums and rows of pixels as in the standard, got others. The file is damaged.',
      { cause: error },
    )
  }
  const places = channelsOf[colorType]
  const channels = places.length
  if (pixels.length !== width * height * 4) {
    throw new DataError(`PNG: expected ${width * height} pixels, got ${pixels.length / 4}.`)
  }
  const data = new Uint8Array(width * height * channels)
  for (let c = 0; c < channels; c++) {
    for (let from = places[c], to = c; to < data.length; from += 4, to += channels) data[to] = pixels[from]
  }
  return { width, height, channels, data }
}

/** Encodes an 8-bit image of 1 (grey), 2 (grey, alpha), 3 (RGB) or 4 (RGBA) channels. */
export function encodePng({ width, height, channels, data }: Image): Uint8Array<ArrayBuffer> {
  const colorType = ([undefined, 0, 4, 2, 6] as const)[channels]
  if (colorType === undefined || data.length !== width * height * channels || data.length === 0) {
    throw new DataError(
      `encodePng: expected 1 to 4 channels and ${width * height * channels} bytes for ${width}×${height}×${channels}, ` +
        `got ${data.length}.`,
    )
  }
  const options = {
    // Equal colour types on both sides: the library takes the bytes as they are.
    colorType,
    inputColorType: colorType,
    inputHasAlpha: channels % 2 === 0,
    // zlib's defaults; the library's own look for runs only and make files up to ten times as large.
    deflateStrategy: 0,
    deflateLevel: 6,
  }
  const image = Object.assign(new PNG(), { width, height, data: toBuffer(data) })
  return new Uint8Array(PNG.sync.write(image, options))
}
