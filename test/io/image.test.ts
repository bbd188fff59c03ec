/**
 * Pictures: decoded, greyed and resized as Pillow does (scripts/goldens/images.py), and hostile files refused.
 */
import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { DataError } from '../../src/core/errors.js'
import { decodeImage, toChannelsFirst, toGray, toRgb } from '../../src/io/image.js'
import { encodePng } from '../../src/io/png.js'
import { resizeImage } from '../../src/io/resize-image.js'

interface Golden {
  decoded: Record<string, { width: number; height: number; channels: number; data: string; gray: string }>
  resized: Record<string, string>
}
const url = (name: string) => new URL(`goldens/${name}`, import.meta.url)
const golden = (name: string) => new Uint8Array(readFileSync(url(name)))
const { decoded, resized } = JSON.parse(readFileSync(url('images.json'), 'utf8')) as Golden
const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex')

/** Largest and mean difference. */
function difference(a: Uint8Array, b: Uint8Array): [number, number] {
  let [most, sum] = [0, 0]
  for (let i = 0; i < b.length; i++) {
    most = Math.max(most, Math.abs(a[i] - b[i]))
    sum += Math.abs(a[i] - b[i])
  }
  return [most, sum / b.length]
}

describe('PNG as Pillow', () => {
  it.each(Object.keys(decoded).filter((name) => name.endsWith('.png')))('%s', (name) => {
    const image = decodeImage(golden(name))
    const { width, height, channels, data, gray } = decoded[name]
    expect([image.width, image.height, image.channels]).toEqual([width, height, channels])
    expect(hex(image.data)).toBe(data)
    expect(hex(toGray(image).data)).toBe(gray)
  })
})

describe('JPEG as Pillow', () => {
  // The inverse cosine transform may differ by rounding; 4:2:0 also by how colour is interpolated.
  it.each(Object.keys(decoded).filter((name) => name.endsWith('.jpg')))('%s', (name) => {
    const image = decodeImage(golden(name))
    const { width, height, channels, data } = decoded[name]
    expect([image.width, image.height, image.channels]).toEqual([width, height, channels])
    expect(image.data.length).toBe(width * height * channels)
    const [most, mean] = difference(image.data, Buffer.from(data, 'hex'))
    expect(most).toBeLessThanOrEqual(name.includes('420') ? 24 : 4)
    expect(mean).toBeLessThan(name.includes('420') ? 4 : 1)
  })
})

it.each(Object.keys(resized))('resizes to %s as Pillow', (size) => {
  const [width, height] = size.split('x').map(Number)
  expect(hex(resizeImage(decodeImage(golden('rgb.png')), width, height).data)).toBe(resized[size])
})

it('round-trips its own PNG', () => {
  const picture = fc
    .tuple(fc.integer({ min: 1, max: 9 }), fc.integer({ min: 1, max: 9 }), fc.integer({ min: 1, max: 4 }))
    .chain(([width, height, channels]) =>
      fc
        .uint8Array({ minLength: width * height * channels, maxLength: width * height * channels })
        .map((data) => ({ width, height, channels, data })),
    )
  fc.assert(
    fc.property(picture, (image) => {
      const back = decodeImage(encodePng(image))
      expect(back).toEqual(image)
    }),
    { numRuns: 200, seed: 1 },
  )
})

it('lays channels first', () => {
  const image = { width: 2, height: 1, channels: 3, data: Uint8Array.of(1, 2, 3, 4, 5, 6) }
  expect([...toChannelsFirst(image)]).toEqual([1, 4, 2, 5, 3, 6])
  expect([...toRgb({ width: 2, height: 1, channels: 2, data: Uint8Array.of(1, 9, 2, 9) }).data]).toEqual([
    1, 1, 1, 2, 2, 2,
  ])
})

describe('what is not a picture', () => {
  it.each([
    ['', /an empty file/],
    ['GIF89a......', /a GIF/],
    ['RIFF....WEBPVP8 ', /a WebP/],
    ['BM..........', /a BMP/],
    ['<svg xmlns=""></svg>', /a text file/],
    ['hello', /5 bytes of something else/],
  ])('%s', (text, message) => {
    expect(() => decodeImage(new TextEncoder().encode(text))).toThrow(DataError)
    expect(() => decodeImage(new TextEncoder().encode(text))).toThrow(message)
  })

  it('refuses absurd sizes before taking memory', () => {
    expect(() => decodeImage(golden('rgb.png'), { maxPixels: 600 })).toThrow(/got 29×21. Raise maxPixels/)
    expect(() => decodeImage(golden('rgb.jpg'), { maxPixels: 600 })).toThrow(/got 29×21. Raise maxPixels/)
    const jpeg = golden('rgb.jpg')
    const at = jpeg.findIndex((byte, i) => byte === 0xff && jpeg[i + 1] === 0xc0)
    jpeg.set([0xff, 0xff, 0xff, 0xff], at + 5)
    expect(() => decodeImage(jpeg)).toThrow(/got 65535×65535/)
  })

  it('refuses compressed data that yields more, or less, than the header says', () => {
    // The pixels of a 300×300 picture under the header of a 30×30 one, and the other way round.
    const chunksOf = (size: number) =>
      encodePng({ width: size, height: size, channels: 1, data: new Uint8Array(size * size).fill(7) })
    const [small, large] = [chunksOf(30), chunksOf(300)]
    const bomb = Uint8Array.of(...small.subarray(0, 33), ...large.subarray(33))
    expect(() => decodeImage(bomb)).toThrow(/expected 930 bytes of pixels, got more/)
    const hollow = Uint8Array.of(...large.subarray(0, 33), ...small.subarray(33))
    expect(() => decodeImage(hollow)).toThrow(DataError)
  })

  it('refuses a bomb that says it is interlaced, and a second header', () => {
    const size = 300
    const large = encodePng({ width: size, height: size, channels: 1, data: new Uint8Array(size * size) })
    const small = golden('gray4-adam7.png')
    const ends = (bytes: Uint8Array) => [...bytes.subarray(33)]
    expect(() => decodeImage(Uint8Array.of(...small.subarray(0, 33), ...ends(large)))).toThrow(/got more/)
    const twice = Uint8Array.of(...small.subarray(0, 33), ...small.subarray(8, 33), ...ends(small))
    expect(() => decodeImage(twice)).toThrow(/IHDR first and once/)
  })

  it('counts the scans of a JPEG', () => {
    const jpeg = golden('progressive.jpg')
    const scans = Array.from({ length: 200 }, () => [0xff, 0xda]).flat()
    expect(() => decodeImage(Uint8Array.of(...jpeg, ...scans))).toThrow(/1 to 100 scans/)
  })

  it.each(Object.keys(decoded))('%s cut off anywhere', (name) => {
    const whole = golden(name)
    for (let keep = 0; keep < whole.length - 2; keep += 1 + (whole.length >> 7)) {
      expect(() => decodeImage(whole.subarray(0, keep))).toThrow(DataError)
    }
  })

  it('answers any mutation with pixels or a DataError', () => {
    const originals = Object.keys(decoded).map(golden)
    fc.assert(
      fc.property(
        fc.constantFrom(...originals),
        fc.array(fc.tuple(fc.nat(), fc.nat(255)), {
          minLength: 1,
          maxLength: 3,
        }),
        (original, changes) => {
          const bytes = original.slice()
          for (const [at, value] of changes) bytes[at % bytes.length] = value
          try {
            const { width, height, channels, data } = decodeImage(bytes, { maxPixels: 100_000 })
            expect(data.length).toBe(width * height * channels)
          } catch (error) {
            if (!(error instanceof DataError)) throw error
          }
        },
      ),
      { numRuns: 1500, seed: 1 },
    )
  })
})
