/**
 * NumPy files: what NumPy wrote (scripts/goldens/npy.py) reads back, equal bytes are written, and damaged input gives a
 * DataError.
 */
import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type TypedArray, viewAs } from '../../src/core/dtype.js'
import { DataError } from '../../src/core/errors.js'
import { bytesOf } from '../../src/io/array-data.js'
import { encodeNpy, readNpy } from '../../src/io/npy.js'
import { encodeNpz, iterateNpz, readNpz } from '../../src/io/npz.js'
import { encodeZip, readZip } from '../../src/io/zip.js'

const golden = (name: string) => new Uint8Array(readFileSync(new URL(`goldens/${name}`, import.meta.url)))

const grid = Array.from({ length: 24 }, (_, i) => i)
const f32 = Float32Array.from(grid, (i) => i / 8 - 1)
const i64 = BigInt64Array.from(grid, (i) => BigInt(i) << 40n)
/** The halves i/4 for i below 24, by their definition. */
const halves = Uint16Array.from(grid, (i) => {
  if (i === 0) return 0
  const exponent = Math.floor(Math.log2(i / 4))
  return ((exponent + 15) << 10) | ((i / 4 / 2 ** exponent - 1) * 1024)
})

const files: [string, string, number[], TypedArray][] = [
  ['f32', 'f32', [2, 3, 4], f32],
  ['f64', 'f64', [2, 3, 4], Float64Array.from(grid, (i) => i / 3)],
  ['f16', 'f16', [2, 3, 4], halves],
  ['i32', 'i32', [2, 3, 4], Int32Array.from(grid, (i) => i - 12)],
  ['i64', 'i64', [2, 3, 4], i64],
  ['u8', 'u8', [2, 3, 4], Uint8Array.from(grid, (i) => i * 10)],
  ['bool', 'bool', [2, 3, 4], Uint8Array.from(grid, (i) => (i % 3 === 0 ? 1 : 0))],
  ['scalar', 'f32', [], Float32Array.of(2.5)],
  ['vector', 'f32', [5], Float32Array.of(0, 1, 2, 3, 4)],
  ['empty', 'f32', [0, 3], new Float32Array(0)],
]
const others: typeof files = [
  ['i8', 'i32', [2, 3, 4], Int32Array.from(grid, (i) => i - 12)],
  ['i16', 'i32', [2, 3, 4], Int32Array.from(grid, (i) => i * 100 - 1200)],
  ['u16', 'i32', [2, 3, 4], Int32Array.from(grid, (i) => i * 2800)],
  ['u32', 'i64', [2, 3, 4], BigInt64Array.from(grid, (i) => BigInt(i * 178956970))],
  ['fortran', 'f32', [2, 3, 4], f32],
  ['big-f32', 'f32', [2, 3, 4], f32],
  ['big-i64', 'i64', [2, 3, 4], i64],
  ['big-i16', 'i32', [2, 3, 4], Int32Array.from(grid, (i) => i * 100 - 1200)],
  ['version2', 'f32', [2, 3, 4], f32],
  ['version3', 'f32', [2, 3, 4], f32],
]

describe('.npy', () => {
  it.each([...files, ...others])('reads %s', (name, dtype, shape, data) => {
    expect(readNpy(golden(`${name}.npy`))).toEqual({ dtype, shape, data })
    const shifted = new Uint8Array(golden(`${name}.npy`).length + 1)
    shifted.set(golden(`${name}.npy`), 1)
    expect(readNpy(shifted.subarray(1)).data).toEqual(data)
  })

  it.each(files)('writes %s as NumPy does', (name) => {
    expect(encodeNpy(readNpy(golden(`${name}.npy`)))).toEqual(golden(`${name}.npy`))
  })

  it.each([
    ['object', /Object arrays are pickles/],
    ['structured', /Structured arrays are not read/],
    ['complex', /got '<c8'/],
    ['u64', /got '<u8'/],
    ['stored.npz', /read it with readNpz/],
  ])('refuses %s', (name, message) => {
    const bytes = golden(name.includes('.') ? name : `${name}.npy`)
    expect(() => readNpy(bytes)).toThrow(DataError)
    expect(() => readNpy(bytes)).toThrow(message)
  })

  it('says what a cut-off or longer file lacks', () => {
    const bytes = golden('f32.npy')
    expect(() => readNpy(bytes.subarray(0, 100))).toThrow(/header of 118 bytes, got 90/)
    expect(() => readNpy(bytes.subarray(0, 200))).toThrow(/expected 96 bytes.*got 72. The file is cut off/)
    expect(() => readNpy(Uint8Array.of(...bytes, 0))).toThrow(/got 97. Something follows/)
    expect(() => readNpy(new Uint8Array(0))).toThrow(/got 0 other bytes/)
  })

  it('refuses a shape far larger than the file', () => {
    const text = "{'descr': '<f4', 'fortran_order': True, 'shape': (1000000, 1000000), }\n"
    const bytes = new Uint8Array(10 + text.length)
    bytes.set([0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59, 1, 0, text.length, 0])
    bytes.set(new TextEncoder().encode(text), 10)
    expect(() => readNpy(bytes)).toThrow(/expected 4000000000000 bytes/)
  })

  it('answers any mutation with an array or a DataError', () => {
    const original = golden('fortran.npy')
    const mutation = fc.array(fc.tuple(fc.nat(127), fc.nat(255)), { minLength: 1, maxLength: 3 })
    fc.assert(
      fc.property(mutation, (changes) => {
        const bytes = original.slice()
        for (const [at, value] of changes) bytes[at] = value
        try {
          readNpy(bytes)
        } catch (error) {
          expect(error).toBeInstanceOf(DataError)
        }
      }),
      { numRuns: 2000, seed: 1 },
    )
  })

  it('reverses Fortran order for any shape', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 4 }), { maxLength: 4 }), (shape) => {
        const size = shape.reduce((a, b) => a * b, 1)
        const data = viewAs('i32', new ArrayBuffer(4 * size)) as Int32Array
        for (let i = 0; i < size; i++) data[i] = i
        const bytes = encodeNpy({ dtype: 'i32', shape, data })
        const text = new TextDecoder('latin1').decode(bytes).replace('False', 'True ')
        const turned = Uint8Array.from(text, (c) => c.charCodeAt(0))
        bytes.set(turned.subarray(0, 128), 0)
        const read = readNpy(bytes)
        for (let at = 0; at < size; at++) {
          let rest = at
          const index = [...shape].reverse().map((n) => {
            const i = rest % n
            rest = Math.floor(rest / n)
            return i
          })
          let from = 0
          index.reverse().reduce((stride, i, axis) => {
            from += i * stride
            return stride * shape[axis]
          }, 1)
          expect(read.data[at]).toBe(from)
        }
      }),
      { numRuns: 100, seed: 1 },
    )
  })
})

describe('.npz', () => {
  it('reads what NumPy stores and deflates', () => {
    const stored = readNpz(golden('stored.npz'))
    expect([...stored.keys()]).toEqual(['a', 'b'])
    expect(stored.get('a')).toEqual({ dtype: 'f32', shape: [2, 3, 4], data: f32 })
    expect(stored.get('b')!.data).toEqual(i64)
    const deflated = readNpz(golden('deflated.npz'))
    expect(deflated.get('a')).toEqual({ dtype: 'f32', shape: [100, 100], data: new Float32Array(10000) })
    expect(deflated.get('b')!.data).toEqual(Uint8Array.from(grid, (i) => i * 10))
  })

  it.each([false, true])('round-trips with compress %s', (compress) => {
    const arrays = files.map(([name, , , data]) => {
      const value = readNpy(golden(`${name}.npy`))
      expect(value.data).toEqual(data)
      return [name, value] as const
    })
    expect(readNpz(encodeNpz(arrays, { compress }))).toEqual(new Map(arrays))
  })

  it('refuses damage', () => {
    const bytes = golden('deflated.npz')
    expect(() => readNpz(bytes.subarray(0, 300))).toThrow(/found no directory/)
    expect(() => readNpz(new Uint8Array(0))).toThrow(/found no directory in 0 bytes/)
    const stored = golden('stored.npz')
    stored[250] ^= 1
    expect(() => readNpz(stored)).toThrow(/'a.npy': expected checksum/)
    const foreign = encodeZip([['readme.txt', new Uint8Array(3)]])
    expect(() => readNpz(foreign)).toThrow(/got 'readme.txt'/)
  })

  it('takes no memory for a size that the entry cannot have', () => {
    const bytes = encodeZip([['a.npy', new Uint8Array(1000)]], { compress: true })
    const view = new DataView(bytes.buffer)
    const directory = view.getUint32(bytes.length - 6, true)
    view.setUint32(directory + 24, 0xfffffff0, true)
    expect(() => [...readZip(bytes)]).toThrow(/expected at most \d+ bytes from \d+, got a size of 4294967280/)
  })

  it('refuses archives that name an entry, or its bytes, twice', () => {
    const bytes = encodeZip([
      ['a.npy', new Uint8Array(400)],
      ['b.npy', new Uint8Array(400)],
    ])
    const name = bytes.lastIndexOf('b'.charCodeAt(0))
    bytes[name] = 'a'.charCodeAt(0)
    expect(() => [...readZip(bytes)]).toThrow(/distinct names/)
    bytes[name] = 'b'.charCodeAt(0)
    const view = new DataView(bytes.buffer)
    const directory = view.getUint32(bytes.length - 6, true)
    for (const field of [20, 24]) view.setUint32(directory + field, 800, true)
    expect(() => [...readZip(bytes)]).toThrow(/at most \d+ bytes in its entries/)
    const distinct = (): [string, Uint8Array][] => [
      ['a', new Uint8Array(1)],
      ['a', new Uint8Array(1)],
    ]
    expect(() => encodeZip(distinct())).toThrow(/'a' twice/)
  })

  it('answers any mutation with arrays or a DataError', () => {
    const originals = [golden('stored.npz'), golden('deflated.npz')]
    let refused = 0
    fc.assert(
      fc.property(
        fc.constantFrom(...originals),
        fc.array(fc.tuple(fc.nat(), fc.nat(255)), {
          minLength: 1,
          maxLength: 4,
        }),
        (original, changes) => {
          const bytes = original.slice()
          for (const [at, value] of changes) bytes[at % bytes.length] = value
          try {
            for (const [, value] of iterateNpz(bytes)) bytesOf(value.data)
          } catch (error) {
            expect(error).toBeInstanceOf(DataError)
            refused += 1
          }
        },
      ),
      { numRuns: 2000, seed: 1 },
    )
    expect(refused).toBeGreaterThan(500)
  })
})
