/**
 * The IDX format of MNIST and its relatives: a magic number, big-endian sizes, then the values. Input is untrusted.
 */
import { DataError } from '../core/errors.js'
import { gunzip, isGzip } from '../io/gzip.js'
import type { SampleArray } from './dataset.js'

export interface IdxArray {
  readonly shape: readonly number[]
  /** The values; bytes are a view of the file's, signed bytes and shorts are widened to 32 bits. */
  readonly data: SampleArray
}

const elementSizes: Partial<Record<number, number>> = { 8: 1, 9: 1, 11: 2, 12: 4, 13: 4, 14: 8 }

/** Reads an IDX file from its bytes (not compressed). `name` is used in messages. */
export function parseIdx(bytes: Uint8Array, name = 'IDX data'): IdxArray {
  if (bytes.length < 4) {
    throw new DataError(
      `${name}: expected an IDX file (4 bytes of magic number first), got ${bytes.length} bytes.`,
    )
  }
  const [zero, alsoZero, type, rank] = bytes
  const elementSize = elementSizes[type]
  if (zero !== 0 || alsoZero !== 0 || elementSize === undefined || rank === 0 || rank > 8) {
    const magic = [...bytes.subarray(0, 4)].map((byte) => byte.toString(16).padStart(2, '0')).join(' ')
    throw new DataError(
      `${name}: expected an IDX magic number (00 00, a type from 08 to 0e, 1 to 8 axes), got ${magic}. ` +
        'It is another kind of file, or damaged.',
    )
  }
  const start = 4 + 4 * rank
  if (bytes.length < start) {
    throw new DataError(
      `${name}: expected a header of ${start} bytes for ${rank} axes, got ${bytes.length}. It is cut off.`,
    )
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const shape = Array.from({ length: rank }, (_, i) => view.getUint32(4 + 4 * i))
  const size = shape.reduce((a, b) => a * b, 1)
  const expected = size * elementSize
  const came = bytes.length - start
  if (came !== expected) {
    throw new DataError(
      `${name}: expected ${expected} bytes of values for shape [${shape.join(', ')}], got ${came}. ` +
        (came < expected
          ? 'The file is cut off: copy or download it again.'
          : 'Something follows the values.'),
    )
  }
  return { shape, data: readValues(view, bytes, type, start, size) }
}

function readValues(
  view: DataView,
  bytes: Uint8Array,
  type: number,
  start: number,
  size: number,
): SampleArray {
  switch (type) {
    case 8:
      return bytes.subarray(start)
    case 9:
      return Int32Array.from({ length: size }, (_, i) => view.getInt8(start + i))
    case 11:
      return Int32Array.from({ length: size }, (_, i) => view.getInt16(start + 2 * i))
    case 12:
      return Int32Array.from({ length: size }, (_, i) => view.getInt32(start + 4 * i))
    case 13:
      return Float32Array.from({ length: size }, (_, i) => view.getFloat32(start + 4 * i))
    default:
      return Float64Array.from({ length: size }, (_, i) => view.getFloat64(start + 8 * i))
  }
}

/** Reads an IDX file from its bytes, decompressing them first where they are gzip. */
export async function readIdx(bytes: Uint8Array, name?: string): Promise<IdxArray> {
  if (!isGzip(bytes)) return parseIdx(bytes, name)
  let content: Uint8Array
  try {
    content = await gunzip(bytes)
  } catch (error) {
    if (error instanceof DataError && name) throw new DataError(`${name}: ${error.message}`, { cause: error })
    throw error
  }
  return parseIdx(content, name)
}
