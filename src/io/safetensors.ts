/**
 * The safetensors format on bytes: what PyTorch and Hugging Face exchange weights in. Reading treats the bytes as
 * untrusted; writing gives the same bytes as the Python package (largest alignment first, then by name).
 */
import { byteSize, type DType, type TypedArray } from '../core/dtype.js'
import { DataError } from '../core/errors.js'
import { type ArrayData, arrayFromBytes, bytesOf, checkArrayData } from './array-data.js'

/** A tensor as the header describes it. */
export interface SafetensorsInfo {
  readonly name: string
  /** The format's name of the dtype, for example `F32`. */
  readonly fileDtype: string
  /** Chainrule's dtype; null where Chainrule has none, and reading that tensor is an error. */
  readonly dtype: DType | null
  readonly shape: readonly number[]
  /** First byte and the byte after the last, counted from the end of the header. */
  readonly begin: number
  readonly end: number
}

export interface SafetensorsHeader {
  readonly metadata: Record<string, string>
  /** In the order of their bytes. */
  readonly tensors: readonly SafetensorsInfo[]
  /** Where the data starts in the file. */
  readonly dataOffset: number
}

/** The header may not be longer than this; the same limit as the reference implementation's. */
export const maxHeaderBytes = 100_000_000

const fileDtypes: Partial<Record<string, { dtype: DType | null; size: number }>> = {
  BOOL: { dtype: 'bool', size: 1 },
  U8: { dtype: 'u8', size: 1 },
  I8: { dtype: null, size: 1 },
  F8_E5M2: { dtype: null, size: 1 },
  F8_E4M3: { dtype: null, size: 1 },
  I16: { dtype: null, size: 2 },
  U16: { dtype: null, size: 2 },
  F16: { dtype: 'f16', size: 2 },
  BF16: { dtype: 'bf16', size: 2 },
  I32: { dtype: 'i32', size: 4 },
  U32: { dtype: null, size: 4 },
  F32: { dtype: 'f32', size: 4 },
  F64: { dtype: 'f64', size: 8 },
  I64: { dtype: 'i64', size: 8 },
  U64: { dtype: null, size: 8 },
}
Object.setPrototypeOf(fileDtypes, null)

/** Rank of a dtype in the reference implementation's order, by which tensors are sorted in a file. */
const dtypeOrder: Record<DType, number> = { bool: 0, u8: 1, f16: 2, bf16: 3, i32: 4, f32: 5, f64: 6, i64: 7 }

const fileNames: Record<DType, string> = {
  bool: 'BOOL',
  u8: 'U8',
  f16: 'F16',
  bf16: 'BF16',
  i32: 'I32',
  f32: 'F32',
  f64: 'F64',
  i64: 'I64',
}

/** The header's length in bytes, from the first eight bytes of a file of `fileSize` bytes. */
export function headerLength(prefix: Uint8Array, fileSize: number): number {
  if (prefix.length < 8 || fileSize < 8) {
    throw new DataError(
      `Expected a safetensors file (8 bytes of header length first), got ${fileSize} bytes. The file is empty or cut off.`,
    )
  }
  const length = Number(new DataView(prefix.buffer, prefix.byteOffset, 8).getBigUint64(0, true))
  if (length > maxHeaderBytes || length > fileSize - 8) {
    throw new DataError(
      `Expected a safetensors header of at most ${Math.min(maxHeaderBytes, fileSize - 8)} bytes, got a length of ${length}. ` +
        'The file is cut off, or it is not a safetensors file (a PyTorch .pt or .bin file has to be converted first).',
    )
  }
  return length
}

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

const show = (value: unknown): string => {
  const text = JSON.stringify(value) ?? String(value)
  return text.length > 80 ? `${text.slice(0, 77)}…` : text
}

/**
 * Reads the header from its JSON bytes (without the 8 bytes of length) and checks it against the `dataLength` bytes that
 * follow: known dtypes, sizes that agree with shapes, no overlap, no hole, nothing left over.
 */
export function parseSafetensorsHeader(json: Uint8Array, dataLength: number): SafetensorsHeader {
  let root: unknown
  try {
    root = JSON.parse(new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(json))
  } catch (error) {
    throw new DataError(
      'Expected a JSON header in a safetensors file, got something else. The file is damaged.',
      {
        cause: error,
      },
    )
  }
  if (!isRecord(root)) throw new DataError(`Expected a JSON object as safetensors header, got ${show(root)}.`)
  const metadata: Record<string, string> = Object.create(null)
  const tensors: SafetensorsInfo[] = []
  for (const name of Object.keys(root)) {
    if (name === '__metadata__') readMetadata(root[name], metadata)
    else tensors.push(readInfo(name, root[name]))
  }
  tensors.sort((a, b) => a.begin - b.begin || a.end - b.end)
  let position = 0
  for (const { name, begin, end } of tensors) {
    if (begin !== position) {
      throw new DataError(
        `Tensor '${name}': expected its bytes to start at ${position}, where the one before it ends, got ${begin}. ` +
          'Tensors of a safetensors file may neither overlap nor leave a hole: the file is damaged.',
      )
    }
    position = end
  }
  if (position !== dataLength) {
    throw new DataError(
      `Expected ${position} bytes of tensors after the safetensors header, got ${dataLength}. ` +
        (dataLength < position ? 'The file is cut off: copy or download it again.' : 'The file is damaged.'),
    )
  }
  return { metadata, tensors, dataOffset: 8 + json.length }
}

function readMetadata(value: unknown, into: Record<string, string>): void {
  if (!isRecord(value))
    throw new DataError(`Expected __metadata__ to be an object of strings, got ${show(value)}.`)
  for (const key of Object.keys(value)) {
    const text = value[key]
    if (typeof text !== 'string') {
      throw new DataError(`Expected __metadata__ to hold strings only, got ${show(text)} for '${key}'.`)
    }
    into[key] = text
  }
}

function readInfo(name: string, value: unknown): SafetensorsInfo {
  if (!isRecord(value)) throw new DataError(`Tensor '${name}': expected an object, got ${show(value)}.`)
  const { dtype: fileDtype, shape, data_offsets: offsets } = value
  const known = typeof fileDtype === 'string' ? fileDtypes[fileDtype] : undefined
  if (typeof fileDtype !== 'string' || known === undefined) {
    throw new DataError(
      `Tensor '${name}': expected a dtype of safetensors (${Object.keys(fileDtypes).join(', ')}), got ${show(fileDtype)}.`,
    )
  }
  const isSize = (n: unknown): n is number => Number.isSafeInteger(n) && (n as number) >= 0
  if (!Array.isArray(shape) || !shape.every(isSize) || shape.length > 64) {
    throw new DataError(`Tensor '${name}': expected a shape of non-negative integers, got ${show(shape)}.`)
  }
  if (!Array.isArray(offsets) || offsets.length !== 2 || !offsets.every(isSize)) {
    throw new DataError(`Tensor '${name}': expected data_offsets [begin, end], got ${show(offsets)}.`)
  }
  const [begin, end] = offsets as [number, number]
  // A product beyond 2^53 is inexact but still far from any byte count that a file can have.
  const expected = (shape as number[]).reduce((product, n) => product * n, known.size)
  if (end - begin !== expected) {
    throw new DataError(
      `Tensor '${name}': expected ${expected} bytes for ${fileDtype} of shape [${shape.join(', ')}], ` +
        `got data_offsets ${show(offsets)}. The file is damaged.`,
    )
  }
  return { name, fileDtype, dtype: known.dtype, shape: shape as number[], begin, end }
}

/** Reads and checks the header of a whole file in memory. */
export function safetensorsHeader(bytes: Uint8Array): SafetensorsHeader {
  const length = headerLength(bytes.subarray(0, 8), bytes.length)
  return parseSafetensorsHeader(bytes.subarray(8, 8 + length), bytes.length - 8 - length)
}

/** The array of one tensor from its bytes. Throws for a dtype that Chainrule does not have, naming it. */
export function decodeTensor(info: SafetensorsInfo, bytes: Uint8Array): ArrayData {
  if (info.dtype === null) {
    throw new DataError(
      `Tensor '${info.name}': expected one of ${Object.values(fileNames).join(', ')}, got ${info.fileDtype}, ` +
        'which Chainrule does not have. Convert it (for example to F32) before saving, or skip this tensor.',
    )
  }
  return {
    dtype: info.dtype,
    shape: info.shape,
    data: arrayFromBytes(info.dtype, bytes, `Tensor '${info.name}'`),
  }
}

/** One tensor after the other, as views of `bytes` where their alignment allows. */
export function* iterateSafetensors(bytes: Uint8Array): Generator<[string, ArrayData]> {
  const { tensors, dataOffset } = safetensorsHeader(bytes)
  for (const info of tensors) {
    yield [info.name, decodeTensor(info, bytes.subarray(dataOffset + info.begin, dataOffset + info.end))]
  }
}

/** All tensors of a file in memory. */
export function readSafetensors(bytes: Uint8Array): {
  metadata: Record<string, string>
  tensors: Map<string, ArrayData>
} {
  return { metadata: safetensorsHeader(bytes).metadata, tensors: new Map(iterateSafetensors(bytes)) }
}

/** What a writer needs to know of a tensor before its values: `data` may be a function, called when its turn comes. */
export interface SafetensorsEntry {
  readonly name: string
  readonly dtype: DType
  readonly shape: readonly number[]
  readonly data: TypedArray | (() => TypedArray)
}

/** Compares as UTF-8 bytes do, which is the reference implementation's order of names. */
function compareNames(a: string, b: string): number {
  const encoder = new TextEncoder()
  const [x, y] = [encoder.encode(a), encoder.encode(b)]
  for (let i = 0; i < x.length && i < y.length; i++) if (x[i] !== y[i]) return x[i] - y[i]
  return x.length - y.length
}

/**
 * The file as a sequence of pieces: the header, then each tensor's bytes, in an order that keeps every tensor aligned.
 * A tensor's `data` function is called only when its piece is asked for.
 */
export function* safetensorsPieces(
  entries: Iterable<SafetensorsEntry>,
  metadata: Readonly<Record<string, string>> = {},
): Generator<Uint8Array> {
  const sorted = [...entries].sort(
    (a, b) => dtypeOrder[b.dtype] - dtypeOrder[a.dtype] || compareNames(a.name, b.name),
  )
  const fields: string[] = []
  if (Object.keys(metadata).length > 0) {
    const pairs = Object.keys(metadata).map((key) => {
      if (typeof metadata[key] !== 'string') {
        throw new DataError(`Expected a string as safetensors metadata '${key}', got ${show(metadata[key])}.`)
      }
      return `${JSON.stringify(key)}:${JSON.stringify(metadata[key])}`
    })
    fields.push(`"__metadata__":{${pairs.join(',')}}`)
  }
  const seen = new Set<string>()
  let position = 0
  for (const { name, dtype, shape } of sorted) {
    if (name === '__metadata__' || seen.has(name)) {
      throw new DataError(`Expected distinct tensor names other than '__metadata__', got '${name}'.`)
    }
    seen.add(name)
    const end = position + shape.reduce((product, n) => product * n, byteSize(dtype))
    fields.push(
      `${JSON.stringify(name)}:{"dtype":"${fileNames[dtype]}","shape":[${shape.join(',')}],` +
        `"data_offsets":[${position},${end}]}`,
    )
    position = end
  }
  const json = new TextEncoder().encode(`{${fields.join(',')}}`)
  const length = Math.ceil(json.length / 8) * 8
  if (length > maxHeaderBytes) {
    throw new DataError(`Expected a safetensors header of at most ${maxHeaderBytes} bytes, got ${length}.`)
  }
  const header = new Uint8Array(8 + length).fill(0x20)
  new DataView(header.buffer).setBigUint64(0, BigInt(length), true)
  header.set(json, 8)
  yield header
  for (const { name, dtype, shape, data } of sorted) {
    const value = { dtype, shape, data: typeof data === 'function' ? data() : data }
    checkArrayData(value, `Tensor '${name}'`)
    yield bytesOf(value.data)
  }
}

/** A whole file in memory. */
export function encodeSafetensors(
  entries: Iterable<SafetensorsEntry>,
  metadata: Readonly<Record<string, string>> = {},
): Uint8Array<ArrayBuffer> {
  const pieces = [...safetensorsPieces(entries, metadata)]
  const bytes = new Uint8Array(pieces.reduce((sum, piece) => sum + piece.length, 0))
  let position = 0
  for (const piece of pieces) {
    bytes.set(piece, position)
    position += piece.length
  }
  return bytes
}
