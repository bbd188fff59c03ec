/**
 * IDX files: every element type, gzip, and damaged input.
 */
import { gzipSync } from 'node:zlib'
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { DataError } from '../../src/core/errors.js'
import { parseIdx, readIdx } from '../../src/data/idx.js'

const file = (type: number, shape: number[], values: number[]) =>
  Uint8Array.of(
    0,
    0,
    type,
    shape.length,
    ...shape.flatMap((n) => [n >>> 24, (n >> 16) & 255, (n >> 8) & 255, n & 255]),
    ...values,
  )

it('reads every element type', () => {
  expect(parseIdx(file(8, [2, 2], [1, 2, 3, 255]))).toEqual({
    shape: [2, 2],
    data: Uint8Array.of(1, 2, 3, 255),
  })
  expect(parseIdx(file(9, [2], [255, 127])).data).toEqual(Int32Array.of(-1, 127))
  expect(parseIdx(file(11, [2], [255, 254, 1, 0])).data).toEqual(Int32Array.of(-2, 256))
  expect(parseIdx(file(12, [1], [255, 255, 255, 253])).data).toEqual(Int32Array.of(-3))
  expect(parseIdx(file(13, [1], [0x3f, 0xc0, 0, 0])).data).toEqual(Float32Array.of(1.5))
  expect(parseIdx(file(14, [1], [0xbf, 0xf8, 0, 0, 0, 0, 0, 0])).data).toEqual(Float64Array.of(-1.5))
  expect(parseIdx(file(8, [0, 28, 28], [])).data.length).toBe(0)
})

it('reads gzip', async () => {
  const bytes = file(8, [3], [7, 8, 9])
  expect((await readIdx(new Uint8Array(gzipSync(bytes)))).data).toEqual(Uint8Array.of(7, 8, 9))
  expect((await readIdx(bytes)).data).toEqual(Uint8Array.of(7, 8, 9))
  const cut = new Uint8Array(gzipSync(bytes)).subarray(0, 20)
  await expect(readIdx(cut, 'labels')).rejects.toThrow(/labels: Expected a whole gzip file/)
})

it.each([
  ['empty', new Uint8Array(0), /got 0 bytes/],
  ['another kind', new TextEncoder().encode('<html>'), /got 3c 68 74 6d/],
  ['no axes', file(8, [], []), /got 00 00 08 00/],
  ['a cut header', file(8, [3, 3], []).subarray(0, 9), /header of 12 bytes for 2 axes, got 9/],
  [
    'cut off',
    file(8, [2, 3], [1, 2, 3, 4, 5]),
    /expected 6 bytes of values for shape \[2, 3\], got 5.*cut off/,
  ],
  ['too long', file(8, [2], [1, 2, 3]), /expected 2 bytes.*got 3. Something follows/],
  ['a huge size', file(8, [0xffffffff, 0xffffffff, 0xffffffff], [1]), /got 1. The file is cut off/],
])('refuses %s', (_, bytes, message) => {
  expect(() => parseIdx(bytes, 'it')).toThrow(DataError)
  expect(() => parseIdx(bytes, 'it')).toThrow(message)
})

it('answers any bytes with an array or a DataError', () => {
  const start = fc.tuple(fc.constantFrom(0, 0, 0, 1), fc.constantFrom(8, 9, 11, 12, 13, 14, 10), fc.nat(9))
  fc.assert(
    fc.property(start, fc.uint8Array({ maxLength: 60 }), ([zero, type, rank], rest) => {
      try {
        const { shape, data } = parseIdx(Uint8Array.of(zero, 0, type, rank, ...rest))
        expect(data.length).toBe(shape.reduce((a, b) => a * b, 1))
      } catch (error) {
        expect(error).toBeInstanceOf(DataError)
      }
    }),
    { numRuns: 2000, seed: 1 },
  )
})
