/**
 * Damaged files of every format that is read: cut off anywhere, or with bytes changed. Reading one gives values or an
 * error of Chainrule's; it never hangs, crashes or takes memory without bound.
 */
import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { ChainruleError } from '../../src/core/errors.js'
import { gunzip, gzip } from '../../src/io/gzip.js'
import { decodeImage } from '../../src/io/image.js'
import { encodeNpy, readNpy } from '../../src/io/npy.js'
import { encodeNpz, readNpz } from '../../src/io/npz.js'
import { encodePng } from '../../src/io/png.js'
import { encodeSafetensors, readSafetensors } from '../../src/io/safetensors.js'
import { encodeZip, readZip } from '../../src/io/zip.js'
import { damaged } from '../helpers/damaged.js'
import { seeded } from '../helpers/random.js'

const random = seeded(3)
const jpeg = new Uint8Array(readFileSync(new URL('goldens/rgb.jpg', import.meta.url)))
const matrix = {
  dtype: 'f32',
  shape: [8, 5],
  data: Float32Array.from({ length: 40 }, () => random.normal()),
} as const
const flags = { dtype: 'bool', shape: [6], data: Uint8Array.of(0, 1, 1, 0, 1, 0) } as const
const picture = {
  width: 20,
  height: 14,
  channels: 3 as const,
  data: Uint8Array.from({ length: 840 }, () => random.integer(0, 256)),
}
const text = new TextEncoder().encode('the same words again and again, '.repeat(40))

/** Formats: a good file, and how it is read to the end. */
const formats: Record<string, { file: Uint8Array; read: (bytes: Uint8Array) => unknown }> = {
  safetensors: {
    file: encodeSafetensors(
      [
        { name: 'weight', ...matrix },
        { name: 'mask', ...flags },
      ],
      { format: 'pt' },
    ),
    read: (bytes) => readSafetensors(bytes),
  },
  npy: { file: encodeNpy(matrix), read: (bytes) => readNpy(bytes) },
  npz: { file: encodeNpz(Object.entries({ matrix, flags })), read: (bytes) => readNpz(bytes) },
  zip: { file: encodeZip([['a.txt', text]]), read: (bytes) => [...readZip(bytes)] },
  gzip: { file: gzip(text), read: (bytes) => gunzip(bytes) },
  png: { file: encodePng(picture), read: (bytes) => decodeImage(bytes) },
  jpeg: { file: jpeg, read: (bytes) => decodeImage(bytes) },
}

describe('damaged files', () => {
  for (const [name, { file, read }] of Object.entries(formats)) {
    it(name, async () => {
      await read(file)
      const before = process.memoryUsage().rss
      let refused = 0
      for (const [what, bad] of damaged(file, 400, 9)) {
        const start = performance.now()
        try {
          await read(bad)
        } catch (error) {
          if (!(error instanceof ChainruleError)) throw new Error(`${name}, ${what}`, { cause: error })
          refused++
        }
        expect(performance.now() - start, what).toBeLessThan(2000)
      }
      // A changed byte of pixels or numbers is another value; a file that ends early never is one.
      expect(refused).toBeGreaterThan(300)
      expect(process.memoryUsage().rss - before).toBeLessThan(500 * 2 ** 20)
    })
  }
})
