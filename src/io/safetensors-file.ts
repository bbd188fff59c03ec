/**
 * Safetensors files on disk: read one tensor at a time, write one tensor at a time. A checkpoint larger than memory
 * passes through; writing replaces the old file only when the new one is complete. Node only.
 */
import { DataError } from '../core/errors.js'
import type { ArrayData } from './array-data.js'
import { atomicWrite, fileError } from './atomic-write.js'
import { nodeBuiltin } from './node-builtins.js'
import {
  decodeTensor,
  headerLength,
  parseSafetensorsHeader,
  type SafetensorsEntry,
  type SafetensorsInfo,
  safetensorsPieces,
} from './safetensors.js'

/** An open safetensors file. Close it when done; iterating to the end does not close it. */
export class SafetensorsFile implements Iterable<[string, ArrayData]> {
  readonly path: string
  readonly metadata: Record<string, string>
  /** What the file holds, in the order of its bytes. */
  readonly tensors: ReadonlyMap<string, SafetensorsInfo>
  private readonly dataOffset: number
  private descriptor: number | null

  /** Opens and checks the header; throws `DataError` for a missing, damaged or foreign file. */
  constructor(path: string) {
    const fs = nodeBuiltin('fs', `Reading '${path}'`)
    this.path = path
    try {
      this.descriptor = fs.openSync(path, 'r')
    } catch (error) {
      throw fileError('read', path, error)
    }
    try {
      const size = fs.fstatSync(this.descriptor).size
      const length = headerLength(this.readAt(0, Math.min(8, size)), size)
      const header = parseSafetensorsHeader(this.readAt(8, length), size - 8 - length)
      this.metadata = header.metadata
      this.dataOffset = header.dataOffset
      this.tensors = new Map(header.tensors.map((info) => [info.name, info]))
    } catch (error) {
      this.close()
      if (error instanceof DataError) throw new DataError(`'${path}': ${error.message}`, { cause: error })
      throw fileError('read', path, error)
    }
  }

  /** Reads one tensor. */
  read(name: string): ArrayData {
    const info = this.tensors.get(name)
    if (info === undefined) {
      const some = [...this.tensors.keys()].slice(0, 8).join(', ')
      throw new DataError(
        `'${this.path}': expected a tensor of the file, got '${name}'. The file has: ${some}, …`,
      )
    }
    return decodeTensor(info, this.readAt(this.dataOffset + info.begin, info.end - info.begin))
  }

  /** Reads one tensor after the other; only the one in hand is in memory. */
  *[Symbol.iterator](): Generator<[string, ArrayData]> {
    for (const name of this.tensors.keys()) yield [name, this.read(name)]
  }

  close(): void {
    if (this.descriptor === null) return
    nodeBuiltin('fs', 'Closing a file').closeSync(this.descriptor)
    this.descriptor = null
  }

  private readAt(position: number, length: number): Uint8Array {
    const fs = nodeBuiltin('fs', `Reading '${this.path}'`)
    if (this.descriptor === null) throw new DataError(`'${this.path}' is closed. Open it again to read more.`)
    const bytes = new Uint8Array(length)
    for (let done = 0; done < length; ) {
      const count = fs.readSync(
        this.descriptor,
        bytes,
        done,
        Math.min(length - done, 1 << 30),
        position + done,
      )
      if (count === 0) {
        throw new DataError(
          `'${this.path}': expected ${length} bytes at ${position}, got ${done}. The file was cut off while it was read.`,
        )
      }
      done += count
    }
    return bytes
  }
}

/** Opens a safetensors file for reading tensor by tensor. */
export const openSafetensors = (path: string): SafetensorsFile => new SafetensorsFile(path)

/**
 * Writes a safetensors file atomically, one tensor at a time: entries may give their `data` as a function, which is
 * called when its turn comes.
 */
export function writeSafetensorsFile(
  path: string,
  entries: Iterable<SafetensorsEntry>,
  metadata: Readonly<Record<string, string>> = {},
): void {
  atomicWrite(path, (write) => {
    for (const piece of safetensorsPieces(entries, metadata)) write(piece)
  })
}
