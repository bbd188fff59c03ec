/**
 * SHA-256 through the platform's Web Crypto.
 */
import { DataError } from '../core/errors.js'

/** The digest in hexadecimal. */
export async function sha256(bytes: Uint8Array<ArrayBuffer>): Promise<string> {
  const subtle = globalThis.crypto?.subtle
  if (subtle === undefined) {
    throw new DataError(
      'Checking a download needs Web Crypto, which browsers have on https and localhost only. Serve the page from there.',
    )
  }
  const digest = new Uint8Array(await subtle.digest('SHA-256', bytes))
  return Array.from(digest, (byte) => byte.toString(16).padStart(2, '0')).join('')
}
