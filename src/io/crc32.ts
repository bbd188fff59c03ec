/**
 * The CRC-32 of zip, gzip and PNG (reflected polynomial 0xEDB88320).
 */
let table: Uint32Array | undefined

function makeTable(): Uint32Array {
  const entries = new Uint32Array(256)
  for (let i = 0; i < 256; i++) {
    let value = i
    for (let bit = 0; bit < 8; bit++) value = value & 1 ? (value >>> 1) ^ 0xedb88320 : value >>> 1
    entries[i] = value
  }
  return entries
}

/** CRC-32 of `bytes` as an unsigned number; pass an earlier result as `seed` to continue it. */
export function crc32(bytes: Uint8Array, seed = 0): number {
  table ??= makeTable()
  let crc = ~seed
  for (let i = 0; i < bytes.length; i++) crc = table[(crc ^ bytes[i]) & 255] ^ (crc >>> 8)
  return ~crc >>> 0
}
