/**
 * The guard before the PNG library: what the header promises and what the compressed data yields are bounded and
 * compared before pixels are decoded, and only the chunks that pixels need are handed on.
 */
import { Unzlib } from 'fflate'
import { DataError } from '../core/errors.js'

const signature = [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]

export const isPng = (bytes: Uint8Array): boolean => signature.every((byte, i) => bytes[i] === byte)

export type PngColorType = 'gray' | 'grayAlpha' | 'rgb' | 'rgba'

export interface CheckedPng {
  readonly width: number
  readonly height: number
  /** What a palette is resolved to, too. */
  readonly colorType: PngColorType
  /** The file without its ancillary chunks (texts, profiles, transparent colours). */
  readonly essential: Uint8Array
}

/** Samples of a pixel in the file, what it is decoded to, and the bit depths of the standard. */
const colorTypes: Partial<Record<number, { samples: number; is: PngColorType; depths: readonly number[] }>> =
  {
    0: { samples: 1, is: 'gray', depths: [1, 2, 4, 8, 16] },
    2: { samples: 3, is: 'rgb', depths: [8, 16] },
    3: { samples: 1, is: 'rgb', depths: [1, 2, 4, 8] },
    4: { samples: 2, is: 'grayAlpha', depths: [8, 16] },
    6: { samples: 4, is: 'rgba', depths: [8, 16] },
  }

/** Adam7: x and y of the first pixel, steps in x and y. */
const adam7 = [
  [0, 0, 8, 8],
  [4, 0, 8, 8],
  [0, 4, 4, 8],
  [2, 0, 4, 4],
  [0, 2, 2, 4],
  [1, 0, 2, 2],
  [0, 1, 1, 2],
] as const

/** Throws `DataError` where signature, header or amount of data are not those of a PNG of at most `maxPixels`. */
export function checkPng(bytes: Uint8Array, maxPixels: number): CheckedPng {
  if (!isPng(bytes)) throw new DataError('Expected a PNG signature first, got other bytes.')
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const kept = [bytes.subarray(0, 8)]
  const data: Uint8Array[] = []
  let header: ReturnType<typeof readHeader> | null = null
  let transparency = false
  for (let at = 8, type = ''; type !== 'IEND'; ) {
    const end = at + 12 <= bytes.length ? at + 12 + view.getUint32(at) : Number.POSITIVE_INFINITY
    if (end > bytes.length) {
      throw new DataError(
        `PNG: expected chunk IEND at the end, got only ${bytes.length} bytes. The file is cut off.`,
      )
    }
    type = String.fromCharCode(...bytes.subarray(at + 4, at + 8))
    const body = bytes.subarray(at + 8, end - 4)
    if ((header === null) !== (type === 'IHDR')) {
      throw new DataError(`PNG: expected chunk IHDR first and once, got '${type}'.`)
    }
    header ??= readHeader(body, maxPixels)
    if (type === 'IDAT') data.push(body)
    if (type === 'PLTE' && (body.length === 0 || body.length > 768 || body.length % 3 !== 0)) {
      throw new DataError(`PNG: expected a palette of 1 to 256 colours, got ${body.length} bytes.`)
    }
    const alphas = type === 'tRNS' && header.indexed
    transparency ||= alphas
    // A capital first letter marks a chunk that a decoder has to understand.
    if (alphas || (type[0] >= 'A' && type[0] <= 'Z')) kept.push(bytes.subarray(at, end))
    at = end
  }
  checkSize(data, header!.size)
  const { width, height, colorType } = header!
  return { width, height, colorType: transparency ? 'rgba' : colorType, essential: join(kept) }
}

function readHeader(body: Uint8Array, maxPixels: number) {
  if (body.length !== 13) throw new DataError(`PNG: expected 13 bytes in IHDR, got ${body.length}.`)
  const view = new DataView(body.buffer, body.byteOffset, 13)
  const [width, height] = [view.getUint32(0), view.getUint32(4)]
  const [depth, number, compression, filter, interlace] = body.subarray(8)
  if (width === 0 || height === 0 || width * height > maxPixels) {
    throw new DataError(
      `PNG: expected an image of 1 to ${maxPixels} pixels, got ${width}×${height}. Raise maxPixels if you trust it.`,
    )
  }
  const type = colorTypes[number]
  if (
    type === undefined ||
    !type.depths.includes(depth) ||
    compression !== 0 ||
    filter !== 0 ||
    interlace > 1
  ) {
    throw new DataError(
      `PNG: expected a colour type, bit depth and methods of the standard, got ${[...body.subarray(8)].join(', ')}.`,
    )
  }
  let size = 0
  for (const [x, y, stepX, stepY] of interlace === 1 ? adam7 : [[0, 0, 1, 1]]) {
    const columns = Math.ceil((width - x) / stepX)
    const rows = Math.ceil((height - y) / stepY)
    if (columns > 0 && rows > 0) size += rows * (1 + Math.ceil((columns * depth * type.samples) / 8))
  }
  return { width, height, colorType: type.is, indexed: number === 3, size }
}

/** Counts what the compressed data yields, keeping nothing, and stops when it is more than `expected`. */
function checkSize(data: readonly Uint8Array[], expected: number): void {
  let length = 0
  let finished = false
  const inflator = new Unzlib((chunk, final) => {
    length += chunk.length
    finished = final
    if (length > expected) throw new DataError(`PNG: expected ${expected} bytes of pixels, got more.`)
  })
  try {
    // Small steps keep what one step can yield small.
    for (const piece of data) {
      for (let at = 0; at < piece.length; at += 16384) inflator.push(piece.subarray(at, at + 16384))
    }
    inflator.push(new Uint8Array(0), true)
  } catch (error) {
    if (error instanceof DataError) throw error
    throw new DataError('PNG: expected compressed pixels, got damaged or cut-off data.', { cause: error })
  }
  if (!finished || length !== expected) {
    throw new DataError(`PNG: expected ${expected} bytes of pixels, got ${length}.`)
  }
}

function join(pieces: readonly Uint8Array[]): Uint8Array {
  const out = new Uint8Array(pieces.reduce((sum, piece) => sum + piece.length, 0))
  let at = 0
  for (const piece of pieces) {
    out.set(piece, at)
    at += piece.length
  }
  return out
}
