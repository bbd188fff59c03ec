/**
 * NumPy's .npz format on bytes: a zip archive with one .npy file an array, as `numpy.savez` writes and `numpy.load`
 * reads.
 */
import { DataError } from '../core/errors.js'
import type { ArrayData } from './array-data.js'
import { encodeNpy, readNpy } from './npy.js'
import { encodeZip, readZip } from './zip.js'

/** One array after the other, so that only the one in hand is decompressed. */
export function* iterateNpz(bytes: Uint8Array, name = 'npz data'): Generator<[string, ArrayData]> {
  for (const [entry, content] of readZip(bytes, name)) {
    if (entry.endsWith('/')) continue
    if (!entry.endsWith('.npy')) {
      throw new DataError(
        `${name}: expected .npy entries only, got '${entry}'. It is a zip archive of something else.`,
      )
    }
    yield [entry.slice(0, -4), readNpy(content, `${name}, '${entry}'`)]
  }
}

/** All arrays of an archive. */
export const readNpz = (bytes: Uint8Array, name?: string): Map<string, ArrayData> =>
  new Map(iterateNpz(bytes, name))

/** The bytes of an archive; `compress` as `numpy.savez_compressed`. */
export function encodeNpz(
  arrays: Iterable<readonly [string, ArrayData]>,
  options: { compress?: boolean } = {},
): Uint8Array<ArrayBuffer> {
  const seen = new Set<string>()
  const entries = [...arrays].map(([name, value]) => {
    if (seen.has(name)) throw new DataError(`Expected distinct array names, got '${name}' twice.`)
    seen.add(name)
    return [`${name}.npy`, encodeNpy(value, `Array '${name}'`)] as const
  })
  return encodeZip(entries, options)
}
