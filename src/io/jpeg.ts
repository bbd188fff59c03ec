/**
 * JPEG decoding on bytes (baseline and progressive) through `jpeg-js`, with the limits that untrusted input needs: the
 * frame's size and the number of scans are read before the decoder runs.
 */
import { decode } from 'jpeg-js'
import { DataError } from '../core/errors.js'
import type { Image } from './image.js'

export const isJpeg = (bytes: Uint8Array): boolean =>
  bytes[0] === 0xff && bytes[1] === 0xd8 && bytes[2] === 0xff

/** A tiny file may ask for thousands of passes over a large picture; real encoders use about ten. */
const maxScans = 100

/** Decodes a JPEG to 1 (grey) or 3 (RGB) channels. Orientation tags are not applied. */
export function decodeJpeg(bytes: Uint8Array, maxPixels: number): Image {
  const { width, height, components } = readFrame(bytes, maxPixels)
  let decoded: { width: number; height: number; data: Uint8Array }
  try {
    decoded = decode(bytes, {
      useTArray: true,
      formatAsRGBA: false,
      tolerantDecoding: false,
      maxResolutionInMP: maxPixels / 1e6,
      // Coefficients, samples and pixels of four components.
      maxMemoryUsageInMB: 64 + (Math.max(1, width * height) * 24) / 2 ** 20,
    })
  } catch (error) {
    throw new DataError(
      `JPEG: expected a whole baseline or progressive picture, got a file that is damaged, cut off or of a rarer kind ` +
        `(${error instanceof Error ? error.message : String(error)}). Save it again, or as PNG.`,
      { cause: error },
    )
  }
  if (decoded.width !== width || decoded.height !== height || decoded.data.length !== width * height * 3) {
    throw new DataError(`JPEG: expected ${width}×${height} pixels, got ${decoded.width}×${decoded.height}.`)
  }
  if (components !== 1) return { width, height, channels: 3, data: decoded.data }
  const grey = new Uint8Array(width * height)
  for (let i = 0; i < grey.length; i++) grey[i] = decoded.data[3 * i]
  return { width, height, channels: 1, data: grey }
}

/** Walks the segments up to the first scan, then counts scans. */
function readFrame(
  bytes: Uint8Array,
  maxPixels: number,
): { width: number; height: number; components: number } {
  let frame: { width: number; height: number; components: number } | null = null
  let position = 2
  while (position + 4 <= bytes.length) {
    if (bytes[position] !== 0xff) break
    const marker = bytes[position + 1]
    if (marker === 0xff) {
      position += 1
      continue
    }
    if (marker === 0xda) break
    const length = bytes[position + 2] * 256 + bytes[position + 3]
    if (marker >= 0xc0 && marker <= 0xc2 && position + 9 < bytes.length) {
      const height = bytes[position + 5] * 256 + bytes[position + 6]
      const width = bytes[position + 7] * 256 + bytes[position + 8]
      if (frame !== null || width === 0 || height === 0 || width * height > maxPixels) {
        throw new DataError(
          `JPEG: expected one frame of 1 to ${maxPixels} pixels, got ${frame ? 'several' : `${width}×${height}`}. ` +
            'Raise maxPixels if you trust it.',
        )
      }
      frame = { width, height, components: bytes[position + 9] }
    }
    position += 2 + Math.max(2, length)
  }
  if (frame === null) {
    throw new DataError(
      'JPEG: expected a baseline or progressive frame, found none. The file is damaged or rare.',
    )
  }
  let scans = 0
  for (let i = position; i + 1 < bytes.length; i++) if (bytes[i] === 0xff && bytes[i + 1] === 0xda) scans += 1
  if (scans === 0 || scans > maxScans) {
    throw new DataError(
      `JPEG: expected 1 to ${maxScans} scans, got ${scans}. The file is cut off or hostile.`,
    )
  }
  return frame
}
