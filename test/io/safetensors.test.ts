/**
 * Safetensors: equal bytes with the Python package (scripts/goldens/safetensors.py), round trips, streaming, and a
 * reader that answers damaged input with a DataError and nothing else.
 */
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type DType, dtypes, viewAs } from '../../src/core/dtype.js'
import { DataError } from '../../src/core/errors.js'
import { bytesOf } from '../../src/io/array-data.js'
import {
  encodeSafetensors,
  iterateSafetensors,
  readSafetensors,
  type SafetensorsEntry,
  safetensorsHeader,
  safetensorsPieces,
} from '../../src/io/safetensors.js'
import { openSafetensors, writeSafetensorsFile } from '../../src/io/safetensors-file.js'

const golden = (name: string) => new Uint8Array(readFileSync(new URL(`goldens/${name}`, import.meta.url)))

const goldenEntries: SafetensorsEntry[] = [
  {
    name: 'half',
    dtype: 'f16',
    shape: [2, 3],
    data: Uint16Array.of(0, 0x3800, 0x3c00, 0x3e00, 0x4000, 0x4100),
  },
  { name: 'layer.weight', dtype: 'f32', shape: [2, 3], data: Float32Array.of(0, 0.25, 0.5, 0.75, 1, 1.25) },
  { name: 'layer.bias', dtype: 'f32', shape: [1], data: Float32Array.of(-1.5) },
  { name: 'double', dtype: 'f64', shape: [2, 3], data: Float64Array.of(0, 1, 2, 3, 4, 5) },
  { name: 'index', dtype: 'i32', shape: [2, 3], data: Int32Array.of(0, 1, 2, 3, 4, 5) },
  {
    name: 'long',
    dtype: 'i64',
    shape: [2, 3],
    data: BigInt64Array.from([0, 1, 2, 3, 4, 5], (n) => BigInt(n) << 40n),
  },
  { name: 'bytes', dtype: 'u8', shape: [2, 3], data: Uint8Array.of(0, 1, 2, 3, 4, 5) },
  { name: 'mask', dtype: 'bool', shape: [2, 3], data: Uint8Array.of(1, 0, 1, 0, 1, 0) },
  { name: 'empty', dtype: 'f32', shape: [0, 4], data: new Float32Array(0) },
  { name: 'scalar', dtype: 'i64', shape: [], data: BigInt64Array.of(7n) },
  { name: 'Ünïcode "name"\n\x7f', dtype: 'f32', shape: [1], data: Float32Array.of(1) },
]

/** A file with the given header object (or text) and data bytes. */
function file(header: unknown, dataLength: number): Uint8Array {
  const json = new TextEncoder().encode(typeof header === 'string' ? header : JSON.stringify(header))
  const bytes = new Uint8Array(8 + json.length + dataLength)
  new DataView(bytes.buffer).setBigUint64(0, BigInt(json.length), true)
  bytes.set(json, 8)
  return bytes
}

describe('the Python package', () => {
  it('reads its file', () => {
    const { metadata, tensors } = readSafetensors(golden('all.safetensors'))
    expect({ ...metadata }).toEqual({ format: 'pt' })
    expect(tensors.size).toBe(goldenEntries.length)
    for (const { name, dtype, shape, data } of goldenEntries) {
      expect(tensors.get(name)).toEqual({ dtype, shape, data })
    }
  })

  it('writes the same bytes', () => {
    expect(encodeSafetensors(goldenEntries, { format: 'pt' })).toEqual(golden('all.safetensors'))
    expect(encodeSafetensors([...goldenEntries].reverse(), { format: 'pt' })).toEqual(
      golden('all.safetensors'),
    )
  })

  it('names a dtype that Chainrule does not have, and reads past it', () => {
    const bytes = golden('short.safetensors')
    expect(() => readSafetensors(bytes)).toThrow(/Tensor 'a'.*got I16/)
    expect(safetensorsHeader(bytes).tensors.map((t) => [t.name, t.fileDtype])).toEqual([
      ['b', 'F32'],
      ['a', 'I16'],
    ])
  })
})

it('round-trips every dtype and any bits', () => {
  const tensor = fc.record({
    name: fc
      .string({ unit: 'grapheme' })
      .filter(
        (name) =>
          name !== '__metadata__' && new TextDecoder().decode(new TextEncoder().encode(name)) === name,
      ),
    dtype: fc.constantFrom(...dtypes),
    shape: fc.array(fc.nat(4), { maxLength: 4 }),
    seed: fc.nat(),
  })
  fc.assert(
    fc.property(
      fc.uniqueArray(tensor, { selector: (t) => t.name, maxLength: 6 }),
      fc.dictionary(fc.string(), fc.string()),
      (list, metadata) => {
        const entries = list.map(({ name, dtype, shape, seed }) => {
          const data = viewAs(
            dtype,
            new ArrayBuffer(8 * 256),
            0,
            shape.reduce((a, b) => a * b, 1),
          )
          const raw = bytesOf(data)
          for (let i = 0; i < raw.length; i++)
            raw[i] = dtype === 'bool' ? (seed >> (i % 20)) & 1 : (seed * (i + 1)) >> 3
          return { name, dtype, shape, data }
        })
        const bytes = encodeSafetensors(entries, metadata)
        const read = readSafetensors(bytes)
        expect({ ...read.metadata }).toEqual({ ...metadata })
        expect(read.tensors.size).toBe(entries.length)
        for (const { name, dtype, shape, data } of entries) {
          const got = read.tensors.get(name)!
          expect([got.dtype, got.shape]).toEqual([dtype, shape])
          expect(Buffer.compare(bytesOf(got.data), bytesOf(data))).toBe(0)
        }
        // Also from an address that no dtype is aligned to.
        const shifted = new Uint8Array(bytes.length + 1)
        shifted.set(bytes, 1)
        for (const [name, value] of iterateSafetensors(shifted.subarray(1))) {
          expect(Buffer.compare(bytesOf(value.data), bytesOf(read.tensors.get(name)!.data))).toBe(0)
        }
      },
    ),
    { numRuns: 200 },
  )
})

describe('damaged files', () => {
  const f32 = (shape: unknown, offsets: unknown) => ({ dtype: 'F32', shape, data_offsets: offsets })
  const cases: [string, Uint8Array, RegExp][] = [
    ['empty', new Uint8Array(0), /got 0 bytes/],
    ['seven bytes', new Uint8Array(7), /got 7 bytes/],
    ['length beyond the file', Uint8Array.of(255, 0, 0, 0, 0, 0, 0, 0, 123, 125), /got a length of 255/],
    ['length of 2^63', Uint8Array.of(0, 0, 0, 0, 0, 0, 0, 128, 123, 125), /length of 9223372036854776000/],
    ['no JSON', file('{"a":', 0), /Expected a JSON header/],
    ['not UTF-8', Uint8Array.of(3, 0, 0, 0, 0, 0, 0, 0, 0x22, 0xff, 0x22), /Expected a JSON header/],
    ['an array', file([], 0), /Expected a JSON object/],
    ['deep nesting', file('['.repeat(200_000), 0), /Expected a JSON header/],
    ['an unknown dtype', file({ a: { dtype: 'F12', shape: [], data_offsets: [0, 4] } }, 4), /got "F12"/],
    [
      'a dtype of Object',
      file({ a: { dtype: 'constructor', shape: [], data_offsets: [0, 4] } }, 4),
      /"constructor"/,
    ],
    ['a negative size', file({ a: f32([-1], [0, 4]) }, 4), /non-negative/],
    ['a fractional size', file({ a: f32([1.5], [0, 6]) }, 6), /non-negative/],
    ['a shape of text', file({ a: f32('3', [0, 4]) }, 4), /shape/],
    ['an overflowing shape', file({ a: f32([2 ** 50, 2 ** 50], [0, 4]) }, 4), /data_offsets/],
    ['offsets turned round', file({ a: f32([1], [4, 0]) }, 4), /data_offsets \[4,0\]/],
    ['three offsets', file({ a: f32([1], [0, 4, 8]) }, 4), /data_offsets/],
    ['overlap', file({ a: f32([2], [0, 8]), b: f32([2], [4, 12]) }, 12), /start at 8.*got 4/],
    ['a hole', file({ a: f32([1], [0, 4]), b: f32([1], [8, 12]) }, 12), /start at 4.*got 8/],
    ['cut off', file({ a: f32([2], [0, 8]) }, 7), /Expected 8 bytes.*got 7.*cut off/],
    ['left over', file({ a: f32([2], [0, 8]) }, 9), /Expected 8 bytes.*got 9/],
    ['metadata of numbers', file({ __metadata__: { a: 1 } }, 0), /strings only/],
    ['metadata of text', file({ __metadata__: 'a' }, 0), /object of strings/],
    ['a tensor of null', file({ a: null }, 0), /expected an object/],
  ]
  it.each(cases)('%s', (_, bytes, message) => {
    expect(() => readSafetensors(bytes)).toThrow(DataError)
    expect(() => readSafetensors(bytes)).toThrow(message)
  })

  it('refuses a bool of 2', () => {
    const bytes = file({ a: { dtype: 'BOOL', shape: [1], data_offsets: [0, 1] } }, 1)
    bytes[bytes.length - 1] = 2
    expect(() => readSafetensors(bytes)).toThrow(/byte 0 or 1, got 2/)
  })

  it('keeps __proto__ a name like any other', () => {
    const bytes = file('{"__proto__":{"dtype":"U8","shape":[1],"data_offsets":[0,1]}}', 1)
    expect([...readSafetensors(bytes).tensors.keys()]).toEqual(['__proto__'])
  })

  it('answers any mutation with a tensor or a DataError', () => {
    const original = golden('all.safetensors')
    const mutation = fc.array(fc.tuple(fc.nat(original.length - 1), fc.nat(255)), {
      minLength: 1,
      maxLength: 4,
    })
    let refused = 0
    fc.assert(
      fc.property(mutation, fc.nat(original.length), (changes, keep) => {
        const bytes = original.slice(0, keep % 3 === 0 ? keep : undefined)
        for (const [at, value] of changes) bytes[at] = value
        try {
          readSafetensors(bytes)
        } catch (error) {
          expect(error).toBeInstanceOf(DataError)
          refused += 1
        }
      }),
      { numRuns: 2000, seed: 1 },
    )
    expect(refused).toBeGreaterThan(500)
  })

  it('answers random bytes with a DataError', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        expect(() => readSafetensors(bytes)).toThrow(DataError)
      }),
      { numRuns: 1000, seed: 1 },
    )
  })
})

describe('files on disk', () => {
  let folder = ''
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'chainrule-safetensors-'))
  })
  afterAll(() => rmSync(folder, { recursive: true }))

  it('writes and reads tensor by tensor', () => {
    const path = join(folder, 'model.safetensors')
    let asked = 0
    const lazy = goldenEntries.map((entry) => ({
      ...entry,
      data: () => {
        asked += 1
        return entry.data as Float32Array
      },
    }))
    const pieces = safetensorsPieces(lazy, { format: 'pt' })
    pieces.next()
    expect(asked).toBe(0)
    pieces.next()
    expect(asked).toBe(1)
    writeSafetensorsFile(path, lazy, { format: 'pt' })
    expect(new Uint8Array(readFileSync(path))).toEqual(golden('all.safetensors'))
    const open = openSafetensors(path)
    expect({ ...open.metadata }).toEqual({ format: 'pt' })
    expect(new Map(open)).toEqual(readSafetensors(golden('all.safetensors')).tensors)
    expect(open.read('scalar').data).toEqual(BigInt64Array.of(7n))
    expect(() => open.read('nothing')).toThrow(/got 'nothing'. The file has: /)
    open.close()
    expect(() => open.read('scalar')).toThrow(/closed/)
  })

  it('leaves the old file when a tensor fails half-way', () => {
    const path = join(folder, 'kept.safetensors')
    writeFileSync(path, 'old')
    const broken: SafetensorsEntry[] = [
      { name: 'a', dtype: 'f32', shape: [2], data: Float32Array.of(1, 2) },
      { name: 'b', dtype: 'f32', shape: [2], data: () => Float32Array.of(1, 2, 3) },
    ]
    expect(() => writeSafetensorsFile(path, broken)).toThrow(/Tensor 'b': expected 2 elements.*got 3/)
    expect(readFileSync(path, 'utf8')).toBe('old')
    expect(readdirSync(folder).filter((name) => name.endsWith('.tmp'))).toEqual([])
  })

  it('names the path of a damaged or missing file', () => {
    const path = join(folder, 'damaged.safetensors')
    writeFileSync(path, golden('all.safetensors').subarray(0, 700))
    expect(() => openSafetensors(path)).toThrow(/damaged.safetensors': .*cut off/)
    expect(() => openSafetensors(join(folder, 'none'))).toThrow(/ENOENT/)
    expect(() => openSafetensors(folder)).toThrow(DataError)
    writeFileSync(path, '')
    expect(() => openSafetensors(path)).toThrow(/got 0 bytes/)
  })
})

it('refuses what cannot be written', () => {
  const entry = (name: string, dtype: DType = 'f32'): SafetensorsEntry => ({
    name,
    dtype,
    shape: [1],
    data: Float32Array.of(1),
  })
  expect(() => encodeSafetensors([entry('a'), entry('a')])).toThrow(/distinct tensor names/)
  expect(() => encodeSafetensors([entry('__metadata__')])).toThrow(/distinct tensor names/)
  expect(() => encodeSafetensors([entry('a', 'f64')])).toThrow(/8-byte elements for f64, got Float32Array/)
})
