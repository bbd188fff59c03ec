/**
 * Reading a whole file with errors that name the path and what to try. Node only.
 */
import { DataError } from '../core/errors.js'
import { fileError } from './atomic-write.js'
import { nodeBuiltin } from './node-builtins.js'

/** The bytes of the file. Throws `DataError` where it is missing, unreadable or larger than `maxBytes` (2 GiB). */
export function readFile(path: string, options: { maxBytes?: number } = {}): Uint8Array<ArrayBuffer> {
  const fs = nodeBuiltin('fs', `Reading '${path}'`)
  const maxBytes = options.maxBytes ?? 2 ** 31
  try {
    const { size } = fs.statSync(path)
    if (size > maxBytes) {
      throw new DataError(
        `'${path}' has ${size} bytes, more than the ${maxBytes} that may be read at once. ` +
          'Raise maxBytes or use a reader that streams.',
      )
    }
    const buffer = fs.readFileSync(path)
    // Small files come from Node's pool, unaligned and shared: they get an ArrayBuffer of their own.
    if (buffer.buffer instanceof ArrayBuffer && buffer.buffer.byteLength === buffer.byteLength) {
      return new Uint8Array(buffer.buffer)
    }
    return new Uint8Array(buffer)
  } catch (error) {
    if (error instanceof DataError) throw error
    throw fileError('read', path, error)
  }
}
