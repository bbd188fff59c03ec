/**
 * The CRC-32 of zip, gzip and PNG, by the `crc-32` library, as the unsigned number that the formats store.
 */
import crc from 'crc-32'

/** CRC-32 of `bytes` as an unsigned number; pass an earlier result as `seed` to continue it. */
export const crc32 = (bytes: Uint8Array, seed = 0): number => crc.buf(bytes, seed | 0) >>> 0
