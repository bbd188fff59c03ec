// Writes and reads the file that carries a model's parameters and inputs to every contender. The format is
// safetensors (an 8-byte little-endian header length, a JSON header, raw little-endian data), F32 and I32 only.
import { readFileSync, writeFileSync } from 'node:fs'
import type { NamedArrays } from './named-array.js'

/** What a contender starts from. */
export interface ModelArrays {
  readonly parameters: NamedArrays
  readonly inputs: NamedArrays
}

interface HeaderEntry {
  readonly dtype: 'F32' | 'I32'
  readonly shape: readonly number[]
  readonly data_offsets: readonly [number, number]
}

/** Writes `arrays` to `path`; names in the file are `parameters/NAME` and `inputs/NAME`. */
export function writeArrayFile(path: string, arrays: ModelArrays): void {
  const header: Record<string, HeaderEntry> = {}
  const chunks: Uint8Array[] = []
  let offset = 0
  for (const group of ['parameters', 'inputs'] as const) {
    for (const [name, { shape, data }] of Object.entries(arrays[group])) {
      const dtype = data instanceof Float32Array ? 'F32' : 'I32'
      header[`${group}/${name}`] = { dtype, shape, data_offsets: [offset, offset + data.byteLength] }
      chunks.push(new Uint8Array(data.buffer, data.byteOffset, data.byteLength))
      offset += data.byteLength
    }
  }
  const json = JSON.stringify(header)
  const text = Buffer.from(json.padEnd(Math.ceil(json.length / 8) * 8))
  const length = Buffer.alloc(8)
  length.writeBigUInt64LE(BigInt(text.length))
  writeFileSync(path, Buffer.concat([length, text, ...chunks]))
}

/** Reads what `writeArrayFile` wrote. */
export function readArrayFile(path: string): ModelArrays {
  // Its header ends at a multiple of 8, where arrays of numbers may begin; Node lays its buffers so too.
  const file = readFileSync(path)
  const headerLength = Number(file.readBigUInt64LE(0))
  const header = JSON.parse(file.toString('utf8', 8, 8 + headerLength)) as Record<string, HeaderEntry>
  const bodyStart = file.byteOffset + 8 + headerLength
  const arrays: { parameters: NamedArrays; inputs: NamedArrays } = { parameters: {}, inputs: {} }
  for (const [key, { dtype, shape, data_offsets }] of Object.entries(header)) {
    const slash = key.indexOf('/')
    const group = key.slice(0, slash) === 'parameters' ? arrays.parameters : arrays.inputs
    const [start, end] = data_offsets
    const data =
      dtype === 'F32'
        ? new Float32Array(file.buffer, bodyStart + start, (end - start) / 4)
        : new Int32Array(file.buffer, bodyStart + start, (end - start) / 4)
    group[key.slice(slash + 1)] = { shape, data }
  }
  return arrays
}
