/**
 * Gzip: against Node's own, bombs, cut-off and damaged input.
 */
import { gunzipSync, gzipSync } from 'node:zlib'
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { DataError } from '../../src/core/errors.js'
import { gunzip, gzip, isGzip } from '../../src/io/gzip.js'

it('agrees with zlib in both directions', async () => {
  await fc.assert(
    fc.asyncProperty(fc.uint8Array({ maxLength: 5000 }), async (bytes) => {
      expect(Buffer.compare(await gunzip(new Uint8Array(gzipSync(bytes))), bytes)).toBe(0)
      expect(Buffer.compare(gunzipSync(gzip(bytes)), bytes)).toBe(0)
    }),
    { numRuns: 50, seed: 1 },
  )
})

it('gives equal bytes for equal input', () => {
  expect(gzip(new Uint8Array(100))).toEqual(gzip(new Uint8Array(100)))
})

it('stops a bomb', async () => {
  const bomb = new Uint8Array(gzipSync(new Uint8Array(50_000_000)))
  expect(bomb.length).toBeLessThan(60_000)
  await expect(gunzip(bomb, { maxBytes: 1_000_000 })).rejects.toThrow(/at most 1000000 bytes/)
})

it('refuses what is cut off, damaged or not gzip', async () => {
  const whole = new Uint8Array(gzipSync(new Uint8Array(1000).map((_, i) => i * i)))
  for (let keep = 2; keep < whole.length; keep += 7) {
    await expect(gunzip(whole.subarray(0, keep))).rejects.toThrow(DataError)
  }
  const damaged = whole.slice()
  damaged[damaged.length - 6] ^= 1
  await expect(gunzip(damaged)).rejects.toThrow(/cut off or damaged/)
  await expect(gunzip(new Uint8Array(0))).rejects.toThrow(/got nothing/)
  await expect(gunzip(Uint8Array.of(1, 2, 3))).rejects.toThrow(/got bytes 1 2/)
  expect(isGzip(whole)).toBe(true)
})
