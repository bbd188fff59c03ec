/**
 * Gzip in any JavaScript environment, with a bound on what comes out: a few kilobytes of gzip can hold gigabytes.
 */
import { gzipSync as compress } from 'fflate'
import { DataError } from '../core/errors.js'

/** True for bytes that start with gzip's magic number. */
export const isGzip = (bytes: Uint8Array): boolean =>
  bytes.length >= 2 && bytes[0] === 0x1f && bytes[1] === 0x8b

/**
 * Decompresses off the calling thread, checking length and checksum. Throws `DataError` for damaged or cut-off input
 * and as soon as more than `maxBytes` (default 1 GiB) come out.
 */
export async function gunzip(
  bytes: Uint8Array,
  options: { maxBytes?: number } = {},
): Promise<Uint8Array<ArrayBuffer>> {
  const maxBytes = options.maxBytes ?? 2 ** 30
  if (!isGzip(bytes)) {
    const came = bytes.length === 0 ? 'nothing' : `bytes ${[...bytes.subarray(0, 2)].join(' ')}`
    throw new DataError(`Expected gzip data (bytes 31 139 first), got ${came}.`)
  }
  const source = new ReadableStream<Uint8Array<ArrayBuffer>>({
    start(controller) {
      controller.enqueue(bytes as Uint8Array<ArrayBuffer>)
      controller.close()
    },
  })
  const reader = source.pipeThrough(new DecompressionStream('gzip')).getReader()
  const chunks: Uint8Array[] = []
  let length = 0
  try {
    for (;;) {
      const { done, value } = await reader.read()
      if (done) break
      length += value.length
      if (length > maxBytes) {
        await reader.cancel().catch(() => {})
        throw new DataError(
          `Expected at most ${maxBytes} bytes inside a gzip file of ${bytes.length} bytes, got more. ` +
            'Raise maxBytes if you trust the file.',
        )
      }
      chunks.push(value)
    }
  } catch (error) {
    if (error instanceof DataError) throw error
    throw new DataError(
      `Expected a whole gzip file, got ${bytes.length} bytes that are cut off or damaged. Copy or download it again.`,
      { cause: error },
    )
  }
  const out = new Uint8Array(length)
  let position = 0
  for (const chunk of chunks) {
    out.set(chunk, position)
    position += chunk.length
  }
  return out
}

/** Compresses; the time stamp is left out so that equal input gives equal bytes. `level` 0–9, default 6. */
export const gzip = (bytes: Uint8Array, level: 0 | 1 | 2 | 3 | 4 | 5 | 6 | 7 | 8 | 9 = 6): Uint8Array =>
  compress(bytes, { level, mtime: 0 })
