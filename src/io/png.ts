/**
 * PNG on bytes: every colour type, bit depth and interlacing of the standard, decoded to 8 bits a channel; encoding of
 * 8-bit images. The input is untrusted: sizes are checked before anything of that size is allocated.
 */
import { Unzlib, zlibSync } from 'fflate'
import { DataError } from '../core/errors.js'
import { crc32 } from './crc32.js'
import type { Image } from './image.js'

const signature = [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]

export const isPng = (bytes: Uint8Array): boolean => signature.every((byte, i) => bytes[i] === byte)

/** Channels of a colour type, and the bit depths that it may have. */
const colorTypes: Partial<Record<number, { channels: number; depths: readonly number[] }>> = {
  0: { channels: 1, depths: [1, 2, 4, 8, 16] },
  2: { channels: 3, depths: [8, 16] },
  3: { channels: 1, depths: [1, 2, 4, 8] },
  4: { channels: 2, depths: [8, 16] },
  6: { channels: 4, depths: [8, 16] },
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

interface Header {
  width: number
  height: number
  depth: number
  channels: number
  indexed: boolean
  interlaced: boolean
}

interface Pass {
  x: number
  y: number
  stepX: number
  stepY: number
  columns: number
  rows: number
  rowBytes: number
}

/** Decodes a PNG. An alpha channel is kept as the last channel; the transparent colour of a `tRNS` chunk is not. */
export function decodePng(bytes: Uint8Array, maxPixels: number): Image {
  if (!isPng(bytes)) throw new DataError('Expected a PNG signature first, got other bytes.')
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  let header: Header | null = null
  let palette: Uint8Array | null = null
  let alpha: Uint8Array | null = null
  const data: Uint8Array[] = []
  let position = 8
  for (;;) {
    if (position + 12 > bytes.length) throw cutOff(bytes.length)
    const length = view.getUint32(position)
    const end = position + 8 + length
    if (end + 4 > bytes.length) throw cutOff(bytes.length)
    const type = String.fromCharCode(...bytes.subarray(position + 4, position + 8))
    const body = bytes.subarray(position + 8, end)
    if (crc32(bytes.subarray(position + 4, end)) !== view.getUint32(end)) {
      throw new DataError(
        `PNG: expected the checksum of chunk '${type}' to match, it does not. The file is damaged.`,
      )
    }
    if (header === null && type !== 'IHDR')
      throw new DataError(`PNG: expected chunk IHDR first, got '${type}'.`)
    if (type === 'IHDR') header = readHeader(body, maxPixels)
    else if (type === 'PLTE') palette = body
    else if (type === 'tRNS') alpha = body
    else if (type === 'IDAT') data.push(body)
    else if (type === 'IEND') break
    // A capital first letter marks a chunk that a decoder has to understand.
    else if (type[0] >= 'A' && type[0] <= 'Z') {
      throw new DataError(`PNG: expected chunks of the standard, got '${type}', which may not be skipped.`)
    }
    position = end + 4
  }
  const passes = passesOf(header!)
  const pixels = unfilter(inflate(data, passes, bytes.length), header!, passes)
  const { width, height } = header!
  if (!header!.indexed) return { width, height, channels: header!.channels, data: pixels }
  return applyPalette(pixels, width, height, palette, alpha)
}

const cutOff = (length: number): DataError =>
  new DataError(`PNG: expected chunk IEND at the end, got only ${length} bytes. The file is cut off.`)

function readHeader(body: Uint8Array, maxPixels: number): Header {
  if (body.length !== 13) throw new DataError(`PNG: expected 13 bytes in IHDR, got ${body.length}.`)
  const view = new DataView(body.buffer, body.byteOffset, 13)
  const [width, height] = [view.getUint32(0), view.getUint32(4)]
  const [depth, colorType, compression, filter, interlace] = body.subarray(8)
  if (width === 0 || height === 0 || width * height > maxPixels) {
    throw new DataError(
      `PNG: expected an image of 1 to ${maxPixels} pixels, got ${width}×${height}. Raise maxPixels if you trust it.`,
    )
  }
  const type = colorTypes[colorType]
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
  return {
    width,
    height,
    depth,
    channels: type.channels,
    indexed: colorType === 3,
    interlaced: interlace === 1,
  }
}

function passesOf({ width, height, depth, channels, interlaced }: Header): Pass[] {
  const steps: readonly (readonly [number, number, number, number])[] = interlaced ? adam7 : [[0, 0, 1, 1]]
  return steps.flatMap(([x, y, stepX, stepY]) => {
    const columns = Math.ceil((width - x) / stepX)
    const rows = Math.ceil((height - y) / stepY)
    if (columns <= 0 || rows <= 0) return []
    return [{ x, y, stepX, stepY, columns, rows, rowBytes: Math.ceil((columns * depth * channels) / 8) }]
  })
}

/** Decompresses to exactly the bytes that the passes need and stops when more come. */
function inflate(data: readonly Uint8Array[], passes: readonly Pass[], fileSize: number): Uint8Array {
  const expected = passes.reduce((sum, pass) => sum + pass.rows * (pass.rowBytes + 1), 0)
  const packed = data.reduce((sum, piece) => sum + piece.length, 0)
  if (expected > packed * 1032) {
    throw new DataError(
      `PNG: expected ${expected} bytes of pixels, got ${packed} bytes that cannot hold them.`,
    )
  }
  const out = new Uint8Array(expected)
  let length = 0
  let finished = false
  const inflator = new Unzlib((chunk, final) => {
    if (length + chunk.length > expected)
      throw new DataError(`PNG: expected ${expected} bytes of pixels, got more.`)
    out.set(chunk, length)
    length += chunk.length
    finished = final
  })
  try {
    data.forEach((piece, i) => {
      // Small steps keep what one step can yield small.
      for (let at = 0; at < piece.length || at === 0; at += 16384) {
        const step = piece.subarray(at, at + 16384)
        inflator.push(step, i === data.length - 1 && at + 16384 >= piece.length)
      }
    })
  } catch (error) {
    if (error instanceof DataError) throw error
    throw new DataError('PNG: expected compressed pixels, got damaged or cut-off data.', { cause: error })
  }
  if (!finished || length !== expected) {
    throw new DataError(
      `PNG: expected ${expected} bytes of pixels, got ${length} in a file of ${fileSize} bytes.`,
    )
  }
  return out
}

/** Undoes the row filters and places the samples, scaled to 8 bits (palette indices as they are). */
function unfilter(raw: Uint8Array, header: Header, passes: readonly Pass[]): Uint8Array {
  const { width, height, depth, channels, indexed } = header
  const out = new Uint8Array(width * height * channels)
  const pixelBytes = Math.max(1, (depth * channels) >> 3)
  const mask = (1 << depth) - 1
  const scale = indexed || depth >= 8 ? 1 : 255 / mask
  let position = 0
  for (const { x, y, stepX, stepY, columns, rows, rowBytes } of passes) {
    let previous: Uint8Array = new Uint8Array(rowBytes)
    for (let row = 0; row < rows; row++) {
      const filter = raw[position]
      const line = raw.subarray(position + 1, position + 1 + rowBytes)
      position += rowBytes + 1
      unfilterRow(filter, line, previous, pixelBytes)
      previous = line
      const base = (y + row * stepY) * width
      for (let column = 0; column < columns; column++) {
        const to = (base + x + column * stepX) * channels
        for (let c = 0; c < channels; c++) {
          const sample = column * channels + c
          if (depth === 8) out[to + c] = line[sample]
          else if (depth === 16)
            out[to + c] = Math.round((line[2 * sample] * 256 + line[2 * sample + 1]) / 257)
          else {
            const bit = sample * depth
            out[to + c] = ((line[bit >> 3] >> (8 - depth - (bit & 7))) & mask) * scale
          }
        }
      }
    }
  }
  return out
}

function unfilterRow(filter: number, line: Uint8Array, previous: Uint8Array, pixelBytes: number): void {
  const n = line.length
  switch (filter) {
    case 0:
      return
    case 1:
      for (let i = pixelBytes; i < n; i++) line[i] += line[i - pixelBytes]
      return
    case 2:
      for (let i = 0; i < n; i++) line[i] += previous[i]
      return
    case 3:
      for (let i = 0; i < n; i++) line[i] += ((i < pixelBytes ? 0 : line[i - pixelBytes]) + previous[i]) >> 1
      return
    case 4:
      for (let i = 0; i < n; i++) {
        const left = i < pixelBytes ? 0 : line[i - pixelBytes]
        const corner = i < pixelBytes ? 0 : previous[i - pixelBytes]
        const up = previous[i]
        const [a, b, c] = [Math.abs(up - corner), Math.abs(left - corner), Math.abs(left + up - 2 * corner)]
        line[i] += a <= b && a <= c ? left : b <= c ? up : corner
      }
      return
    default:
      throw new DataError(`PNG: expected a row filter from 0 to 4, got ${filter}. The file is damaged.`)
  }
}

function applyPalette(
  indices: Uint8Array,
  width: number,
  height: number,
  palette: Uint8Array | null,
  alpha: Uint8Array | null,
): Image {
  if (palette === null || palette.length === 0 || palette.length % 3 !== 0 || palette.length > 768) {
    throw new DataError(`PNG: expected a palette of 1 to 256 colours, got ${palette?.length ?? 0} bytes.`)
  }
  const channels = alpha === null ? 3 : 4
  const data = new Uint8Array(indices.length * channels)
  const colors = palette.length / 3
  for (let i = 0; i < indices.length; i++) {
    const index = indices[i]
    if (index >= colors) {
      throw new DataError(`PNG: expected palette indices below ${colors}, got ${index}. The file is damaged.`)
    }
    for (let c = 0; c < 3; c++) data[i * channels + c] = palette[3 * index + c]
    if (alpha !== null) data[i * channels + 3] = index < alpha.length ? alpha[index] : 255
  }
  return { width, height, channels, data }
}

/** Encodes an 8-bit image of 1 (grey), 2 (grey, alpha), 3 (RGB) or 4 (RGBA) channels. */
export function encodePng({ width, height, channels, data }: Image): Uint8Array<ArrayBuffer> {
  const colorType = [undefined, 0, 4, 2, 6][channels]
  if (colorType === undefined || data.length !== width * height * channels || data.length === 0) {
    throw new DataError(
      `encodePng: expected 1 to 4 channels and ${width * height * channels} bytes for ${width}×${height}×${channels}, ` +
        `got ${data.length}.`,
    )
  }
  const rowBytes = width * channels
  const raw = new Uint8Array(height * (rowBytes + 1))
  for (let row = 0; row < height; row++) {
    const to = row * (rowBytes + 1)
    raw[to] = row === 0 ? 1 : 4
    // Paeth against the row above, Sub in the first: good for photographs and drawings alike.
    for (let i = 0; i < rowBytes; i++) {
      const at = row * rowBytes + i
      const left = i < channels ? 0 : data[at - channels]
      const up = row === 0 ? 0 : data[at - rowBytes]
      const corner = i < channels || row === 0 ? 0 : data[at - rowBytes - channels]
      const [a, b, c] = [Math.abs(up - corner), Math.abs(left - corner), Math.abs(left + up - 2 * corner)]
      const predicted = row === 0 ? left : a <= b && a <= c ? left : b <= c ? up : corner
      raw[to + 1 + i] = data[at] - predicted
    }
  }
  const header = new Uint8Array(13)
  const view = new DataView(header.buffer)
  view.setUint32(0, width)
  view.setUint32(4, height)
  header.set([8, colorType, 0, 0, 0], 8)
  const chunks = [
    Uint8Array.from(signature),
    chunk('IHDR', header),
    chunk('IDAT', zlibSync(raw)),
    chunk('IEND', new Uint8Array(0)),
  ]
  const out = new Uint8Array(chunks.reduce((sum, piece) => sum + piece.length, 0))
  let at = 0
  for (const piece of chunks) {
    out.set(piece, at)
    at += piece.length
  }
  return out
}

function chunk(type: string, body: Uint8Array): Uint8Array {
  const out = new Uint8Array(12 + body.length)
  const view = new DataView(out.buffer)
  view.setUint32(0, body.length)
  for (let i = 0; i < 4; i++) out[4 + i] = type.charCodeAt(i)
  out.set(body, 8)
  view.setUint32(8 + body.length, crc32(out.subarray(4, 8 + body.length)))
  return out
}
