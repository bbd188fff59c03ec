/**
 * Zip archives by the `fflate` library, as .npz files use them. The archive is untrusted: declared sizes are bounded
 * before anything is decompressed, and what comes out is held against the declared sizes and checksums.
 */
import { type UnzipFileInfo, type Unzipped, unzipSync, type Zippable, zipSync } from 'fflate'
import { DataError } from '../core/errors.js'
import { crc32 } from './crc32.js'

/** Deflate cannot expand by more than this. */
const maxExpansion = 1032

/** How many declared bytes are decompressed at a time. */
const groupBytes = 2 ** 26

/** The entries of an archive in the order of its directory, decompressed in groups of about 64 MB. */
export function* readZip(bytes: Uint8Array, what = 'zip archive'): Generator<[string, Uint8Array]> {
  const checksums = readChecksums(bytes, what)
  const entries: UnzipFileInfo[] = []
  let packed = 0
  unzip(bytes, what, (entry) => {
    checkEntry(entry, `${what}, entry '${entry.name}'`)
    entries.push(entry)
    packed += entry.size
    // Entries that share their bytes would multiply what a small archive can hold.
    if (packed > bytes.length) {
      throw new DataError(
        `${what}: expected at most ${bytes.length} bytes in its entries, got ${packed}. It is cut off or damaged.`,
      )
    }
    return false
  })
  if (new Set(entries.map(({ name }) => name)).size !== entries.length) {
    throw new DataError(`${what}: expected distinct names of entries, got one twice.`)
  }
  for (let start = 0; start < entries.length; ) {
    const first = start
    let end = start
    for (let sum = 0; end < entries.length && sum < groupBytes; end++) sum += entries[end].originalSize
    let position = 0
    const group = unzip(bytes, what, () => {
      const at = position++
      return at >= first && at < end
    })
    for (; start < end; start++) {
      const { name, originalSize } = entries[start]
      const content = group[name]
      checkContent(content, originalSize, checksums[start], `${what}, entry '${name}'`)
      yield [name, content]
    }
  }
}

function unzip(bytes: Uint8Array, what: string, filter: (entry: UnzipFileInfo) => boolean): Unzipped {
  try {
    return unzipSync(bytes, { filter })
  } catch (error) {
    if (error instanceof DataError) throw error
    throw new DataError(`${what}: expected a zip archive with deflated data, got damaged bytes.`, {
      cause: error,
    })
  }
}

/** Refuses sizes that the entry cannot have, before memory for them is taken. */
function checkEntry({ size, originalSize, compression }: UnzipFileInfo, where: string): void {
  if (compression !== 0 && compression !== 8) {
    throw new DataError(`${where}: expected an entry that is stored or deflated, got method ${compression}.`)
  }
  if (compression === 0 && originalSize !== size) {
    throw new DataError(`${where}: expected equal sizes of a stored entry, got ${size} and ${originalSize}.`)
  }
  if (originalSize > size * maxExpansion) {
    throw new DataError(
      `${where}: expected at most ${size * maxExpansion} bytes from ${size}, got a size of ${originalSize}.`,
    )
  }
}

function checkContent(content: Uint8Array, size: number, checksum: number, where: string): void {
  if (content.length !== size) {
    throw new DataError(`${where}: expected ${size} bytes, got ${content.length}. The archive is cut off.`)
  }
  const crc = crc32(content)
  if (crc !== checksum) {
    throw new DataError(
      `${where}: expected checksum ${checksum.toString(16)}, got ${crc.toString(16)}. The archive is damaged.`,
    )
  }
}

/**
 * The checksums in the directory, which the library does not look at; the directory is found as the library finds it,
 * and its length bounds the number of entries that the library goes through.
 */
function readChecksums(bytes: Uint8Array, what: string): number[] {
  const fail = (reason: string): never => {
    throw new DataError(
      `${what}: expected a zip archive below 4 GiB, ${reason}. It is cut off, damaged or another kind of file.`,
    )
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  let end = bytes.length - 22
  const lowest = Math.max(0, end - 65535)
  while (end >= lowest && view.getUint32(end, true) !== 0x06054b50) end -= 1
  if (end < lowest) fail(`found no directory in ${bytes.length} bytes`)
  if (bytes.length >= 2 ** 32) fail(`got ${bytes.length} bytes`)
  let count = view.getUint16(end + 8, true)
  let position = view.getUint32(end + 16, true)
  if (end >= 20 && view.getUint32(end - 20, true) === 0x07064b50) {
    const record = view.getUint32(end - 12, true)
    if (record + 56 > bytes.length || view.getUint32(record, true) !== 0x06064b50) {
      fail('found no zip64 directory')
    }
    count = view.getUint32(record + 32, true)
    position = view.getUint32(record + 48, true)
  }
  const checksums: number[] = []
  for (let i = 0; i < count; i++) {
    if (position + 46 > bytes.length || view.getUint32(position, true) !== 0x02014b50) {
      fail('its directory is damaged')
    }
    checksums.push(view.getUint32(position + 16, true))
    const [name, extra, comment] = [28, 30, 32].map((at) => view.getUint16(position + at, true))
    position += 46 + name + extra + comment
  }
  return checksums
}

/** An archive of the entries, deflated where `compress`; equal input gives equal bytes. */
export function encodeZip(
  entries: Iterable<readonly [string, Uint8Array]>,
  options: { compress?: boolean } = {},
): Uint8Array<ArrayBuffer> {
  const files: Zippable = Object.create(null)
  for (const [name, content] of entries) {
    if (name in files) throw new DataError(`Expected distinct names of entries, got '${name}' twice.`)
    files[name] = content
    if (content.length >= 0xffffffff) throw tooLarge()
  }
  const count = Object.keys(files).length
  if (count >= 0xffff) throw new DataError(`Expected fewer than 65535 entries, got ${count}.`)
  // A fixed date, which the library writes as local time: 1 January 1980 wherever it runs.
  const out = zipSync(files, { level: options.compress ? 6 : 0, mtime: new Date(1980, 0, 1) })
  if (out.length >= 0xffffffff) throw tooLarge()
  return out
}

const tooLarge = (): DataError =>
  new DataError('Expected a zip archive below 4 GiB, got more. Write several files.')
