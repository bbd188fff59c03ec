/**
 * The part of the zip format that .npz files use: stored and deflated entries, zip64 sizes. The archive is untrusted:
 * what is allocated is bounded by what deflate can yield from the bytes at hand.
 */
import { deflateSync, inflateSync } from 'fflate'
import { DataError } from '../core/errors.js'
import { crc32 } from './crc32.js'

/** Deflate cannot expand by more than this. */
const maxExpansion = 1032

interface ZipRecord {
  name: string
  method: number
  flags: number
  crc: number
  packed: number
  size: number
  offset: number
}

/** The entries of an archive, decompressed one at a time, in the order of its directory. */
export function* readZip(bytes: Uint8Array, what = 'zip archive'): Generator<[string, Uint8Array]> {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  for (const record of readDirectory(bytes, view, what)) {
    const where = `${what}, entry '${record.name}'`
    if (record.flags & 1) throw new DataError(`${where}: expected an entry that is not encrypted.`)
    const { offset } = record
    if (offset + 30 > bytes.length || view.getUint32(offset, true) !== 0x04034b50) {
      throw new DataError(
        `${where}: expected a local header at byte ${offset}, got something else. It is damaged.`,
      )
    }
    const start = offset + 30 + view.getUint16(offset + 26, true) + view.getUint16(offset + 28, true)
    const packed = bytes.subarray(start, start + record.packed)
    if (packed.length !== record.packed) {
      throw new DataError(
        `${where}: expected ${record.packed} bytes, got ${packed.length}. The archive is cut off.`,
      )
    }
    const content = unpack(record, packed, where)
    const crc = crc32(content)
    if (crc !== record.crc) {
      throw new DataError(
        `${where}: expected checksum ${record.crc.toString(16)}, got ${crc.toString(16)}. The archive is damaged.`,
      )
    }
    yield [record.name, content]
  }
}

function unpack(record: ZipRecord, packed: Uint8Array, where: string): Uint8Array {
  if (record.method === 0) {
    if (record.size !== record.packed)
      throw new DataError(`${where}: expected equal sizes of a stored entry.`)
    return packed
  }
  if (record.method !== 8) {
    throw new DataError(
      `${where}: expected an entry that is stored or deflated, got method ${record.method}.`,
    )
  }
  if (record.size > packed.length * maxExpansion) {
    throw new DataError(
      `${where}: expected at most ${packed.length * maxExpansion} bytes from ${packed.length}, got a size of ${record.size}.`,
    )
  }
  let content: Uint8Array
  try {
    content = inflateSync(packed, { out: new Uint8Array(record.size) })
  } catch (error) {
    throw new DataError(`${where}: expected deflated data, got damaged bytes.`, { cause: error })
  }
  if (content.length !== record.size) {
    throw new DataError(`${where}: expected ${record.size} bytes after decompression, got ${content.length}.`)
  }
  return content
}

function readDirectory(bytes: Uint8Array, view: DataView, what: string): ZipRecord[] {
  const fail = (reason: string): never => {
    throw new DataError(
      `${what}: expected a zip archive, ${reason}. It is cut off, damaged or another kind of file.`,
    )
  }
  let end = bytes.length - 22
  const lowest = Math.max(0, end - 65535)
  while (end >= lowest && view.getUint32(end, true) !== 0x06054b50) end -= 1
  if (end < lowest) fail(`found no directory in ${bytes.length} bytes`)
  let count = view.getUint16(end + 10, true)
  let directorySize = view.getUint32(end + 12, true)
  let position = view.getUint32(end + 16, true)
  if (count === 0xffff || position === 0xffffffff || directorySize === 0xffffffff) {
    const locator = end - 20
    if (locator < 0 || view.getUint32(locator, true) !== 0x07064b50) fail('found no zip64 directory')
    const record = Number(view.getBigUint64(locator + 8, true))
    if (!(record + 56 <= bytes.length) || view.getUint32(record, true) !== 0x06064b50)
      fail('found no zip64 directory')
    count = Number(view.getBigUint64(record + 32, true))
    directorySize = Number(view.getBigUint64(record + 40, true))
    position = Number(view.getBigUint64(record + 48, true))
  }
  // Each record takes 46 bytes or more, so a count beyond that cannot be true.
  if (!(position + directorySize <= bytes.length) || count * 46 > directorySize)
    fail('its directory does not fit')
  const records: ZipRecord[] = []
  const decoder = new TextDecoder()
  for (let i = 0; i < count; i++) {
    if (position + 46 > bytes.length || view.getUint32(position, true) !== 0x02014b50)
      fail('its directory is damaged')
    const nameLength = view.getUint16(position + 28, true)
    const extraLength = view.getUint16(position + 30, true)
    const next = position + 46 + nameLength + extraLength + view.getUint16(position + 32, true)
    if (next > bytes.length) fail('its directory is cut off')
    const record: ZipRecord = {
      name: decoder.decode(bytes.subarray(position + 46, position + 46 + nameLength)),
      flags: view.getUint16(position + 8, true),
      method: view.getUint16(position + 10, true),
      crc: view.getUint32(position + 16, true),
      packed: view.getUint32(position + 20, true),
      size: view.getUint32(position + 24, true),
      offset: view.getUint32(position + 42, true),
    }
    readZip64Extra(record, view, position + 46 + nameLength, extraLength)
    records.push(record)
    position = next
  }
  return records
}

/** Sizes of 0xffffffff stand in an extra field with 64 bits, in a fixed order. */
function readZip64Extra(record: ZipRecord, view: DataView, start: number, length: number): void {
  for (let at = start; at + 4 <= start + length; ) {
    const id = view.getUint16(at, true)
    const end = Math.min(at + 4 + view.getUint16(at + 2, true), start + length)
    if (id === 1) {
      let field = at + 4
      for (const key of ['size', 'packed', 'offset'] as const) {
        if (record[key] !== 0xffffffff || field + 8 > end) continue
        record[key] = Number(view.getBigUint64(field, true))
        field += 8
      }
      return
    }
    at = end
  }
}

/** An archive of the entries, deflated where `compress` and that is smaller; equal input gives equal bytes. */
export function encodeZip(
  entries: Iterable<readonly [string, Uint8Array]>,
  options: { compress?: boolean } = {},
): Uint8Array<ArrayBuffer> {
  const pieces: Uint8Array[] = []
  const directory: Uint8Array[] = []
  let position = 0
  const push = (list: Uint8Array[], piece: Uint8Array): void => {
    list.push(piece)
    position += piece.length
  }
  for (const [name, content] of entries) {
    const deflated = options.compress ? deflateSync(content) : content
    const method = deflated.length < content.length ? 8 : 0
    const packed = method === 8 ? deflated : content
    if (content.length >= 0xffffffff || position + packed.length >= 0xffffffff) {
      throw new DataError(
        `Expected a zip archive below 4 GiB, got more at entry '${name}'. Write several files.`,
      )
    }
    const encodedName = new TextEncoder().encode(name)
    const central = new Uint8Array(46 + encodedName.length)
    const c = new DataView(central.buffer)
    c.setUint32(0, 0x02014b50, true)
    c.setUint16(4, 20, true)
    c.setUint16(6, 20, true)
    c.setUint16(8, 0x800, true) // the name is UTF-8
    c.setUint16(10, method, true)
    c.setUint16(14, 0x21, true) // 1 January 1980
    c.setUint32(16, crc32(content), true)
    c.setUint32(20, packed.length, true)
    c.setUint32(24, content.length, true)
    c.setUint16(28, encodedName.length, true)
    c.setUint32(42, position, true)
    central.set(encodedName, 46)
    // The local header is the directory record without its first and last fields.
    const local = new Uint8Array(30 + encodedName.length)
    local.set(central.subarray(6, 32), 4)
    new DataView(local.buffer).setUint32(0, 0x04034b50, true)
    new DataView(local.buffer).setUint16(28, 0, true)
    local.set(encodedName, 30)
    push(pieces, local)
    push(pieces, packed)
    directory.push(central)
  }
  const directoryStart = position
  for (const record of directory) push(pieces, record)
  const end = new Uint8Array(22)
  const e = new DataView(end.buffer)
  e.setUint32(0, 0x06054b50, true)
  if (directory.length >= 0xffff)
    throw new DataError(`Expected fewer than 65535 entries, got ${directory.length}.`)
  e.setUint16(8, directory.length, true)
  e.setUint16(10, directory.length, true)
  e.setUint32(12, position - directoryStart, true)
  e.setUint32(16, directoryStart, true)
  push(pieces, end)
  const out = new Uint8Array(position)
  let at = 0
  for (const piece of pieces) {
    out.set(piece, at)
    at += piece.length
  }
  return out
}
