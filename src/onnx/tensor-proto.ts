/**
 * Tensors of ONNX files as plain arrays of the carrying dtype, and back. Sizes are checked against the bytes that are
 * there before anything is allocated.
 */
import { type TypedArray, viewAs } from '../core/dtype.js'
import { DataError } from '../core/errors.js'
import { formatShape, type Shape } from '../core/shape.js'
import { type ElementType, elementTypeOf, elementTypes } from './element-type.js'
import type { SparseTensorProto, TensorProto } from './schema.js'

/** Values as a file holds them, in the dtype that carries the type. */
export interface OnnxArray {
  readonly type: ElementType
  readonly shape: Shape
  readonly data: TypedArray
}

/** The bytes of a file beside the model, by the name that the model gives. */
export type ExternalData = (location: string) => Uint8Array

const maxRank = 64

/** Elements of a shape; throws where it is no shape or larger than an array can be. */
export function checkedSize(dims: readonly number[], what: string): number {
  if (dims.length > maxRank) {
    throw new DataError(`${what}: expected at most ${maxRank} axes, got ${dims.length}.`)
  }
  let size = 1
  for (const n of dims) {
    if (!Number.isSafeInteger(n) || n < 0) {
      throw new DataError(`${what}: expected sizes of 0 or more, got ${formatShape(dims)}.`)
    }
    size *= n
  }
  // A product over a size of 0 may pass through infinity first.
  if (dims.includes(0)) return 0
  if (size > 2 ** 33) throw new DataError(`${what}: a tensor of shape ${formatShape(dims)} is too large.`)
  return size
}

/** The values of a TensorProto. */
export function readTensor(proto: TensorProto, external: ExternalData | null): OnnxArray {
  const what = `Tensor '${proto.name ?? ''}'`
  const type = elementTypeOf(proto.dataType, what)
  if (proto.segment !== undefined) throw new DataError(`${what}: segmented tensors are not supported.`)
  const size = checkedSize(proto.dims, what)
  const shape = proto.dims
  const raw = proto.dataLocation === 1 ? externalBytes(proto, external, what) : proto.rawData
  const data = raw !== undefined ? fromRaw(type, raw, size, what) : fromLists(type, proto, size, what)
  return { type, shape, data }
}

function externalBytes(proto: TensorProto, external: ExternalData | null, what: string): Uint8Array {
  const entries = new Map(proto.externalData.map(({ key = '', value = '' }) => [key, value]))
  const location = entries.get('location')
  if (location === undefined)
    throw new DataError(`${what}: expected a 'location' of its external data, got none.`)
  if (external === null) {
    throw new DataError(
      `${what}: its values are in the file '${location}' beside the model. Open the model with openOnnx(path), or pass ` +
        '{ externalData } with the bytes.',
    )
  }
  const bytes = external(location)
  const offset = Number(entries.get('offset') ?? 0)
  const length = entries.has('length') ? Number(entries.get('length')) : bytes.length - offset
  const fits = Number.isSafeInteger(offset) && Number.isSafeInteger(length) && offset >= 0 && length >= 0
  if (!fits || offset + length > bytes.length) {
    throw new DataError(
      `${what}: expected ${entries.get('length') ?? 'some'} bytes from ${entries.get('offset') ?? 0} in '${location}', ` +
        `which has ${bytes.length}.`,
    )
  }
  return bytes.subarray(offset, offset + length)
}

function wrongCount(what: string, size: number, got: number, unit: string): DataError {
  return new DataError(
    `${what}: expected ${size} ${unit} for its shape, got ${got}. The file is damaged or cut off.`,
  )
}

function fromRaw(type: ElementType, raw: Uint8Array, size: number, what: string): TypedArray {
  const { dtype, bytes } = elementTypes[type]
  const expected = bytes === 0 ? Math.ceil(size / 2) : size * bytes
  if (raw.length !== expected) throw wrongCount(what, expected, raw.length, 'bytes')
  const view = new DataView(raw.buffer, raw.byteOffset, raw.byteLength)
  switch (type) {
    case 'int8':
      return Int32Array.from({ length: size }, (_, i) => view.getInt8(i))
    case 'int16':
      return Int32Array.from({ length: size }, (_, i) => view.getInt16(2 * i, true))
    case 'uint16':
      return Int32Array.from({ length: size }, (_, i) => view.getUint16(2 * i, true))
    case 'uint32':
      return BigInt64Array.from({ length: size }, (_, i) => BigInt(view.getUint32(4 * i, true)))
    case 'uint4':
      return Uint8Array.from({ length: size }, (_, i) => nibble(raw, i))
    case 'int4':
      return Int32Array.from({ length: size }, (_, i) => (nibble(raw, i) ^ 8) - 8)
    case 'bool':
      return Uint8Array.from(raw, (value) => (value === 0 ? 0 : 1))
    default: {
      // A copy of its own: the file's bytes may be unaligned, and must not be kept alive by one small tensor.
      const own = raw.slice()
      return viewAs(dtype, own.buffer, 0, size)
    }
  }
}

const nibble = (raw: Uint8Array, i: number): number => (raw[i >> 1] >> (i % 2 === 0 ? 0 : 4)) & 15

function fromLists(type: ElementType, proto: TensorProto, size: number, what: string): TypedArray {
  const expect = <T>(list: readonly T[], count = size): readonly T[] => {
    if (list.length !== count) throw wrongCount(what, count, list.length, 'values')
    return list
  }
  switch (type) {
    case 'float':
      return Float32Array.from(expect(proto.floatData))
    case 'double':
      return Float64Array.from(expect(proto.doubleData))
    case 'int64':
      return BigInt64Array.from(expect(proto.int64Data))
    case 'uint64':
    case 'uint32':
      return BigInt64Array.from(expect(proto.uint64Data), (value) => BigInt.asIntN(64, value))
    case 'float16':
    case 'bfloat16':
      return Uint16Array.from(expect(proto.int32Data))
    case 'bool':
      return Uint8Array.from(expect(proto.int32Data), (value) => (value === 0 ? 0 : 1))
    case 'uint8':
      return Uint8Array.from(expect(proto.int32Data))
    case 'uint4':
    case 'int4': {
      const bytes = Uint8Array.from(expect(proto.int32Data, Math.ceil(size / 2)))
      return fromRaw(type, bytes, size, what)
    }
    default:
      return Int32Array.from(expect(proto.int32Data))
  }
}

/** A sparse tensor made dense: only linear and coordinate indices exist. */
export function readSparse(proto: SparseTensorProto, external: ExternalData | null): OnnxArray {
  if (proto.values === undefined || proto.indices === undefined) {
    throw new DataError('Sparse tensor: expected values and indices.')
  }
  const values = readTensor(proto.values, external)
  const what = `Sparse tensor '${proto.values.name ?? ''}'`
  const size = checkedSize(proto.dims, what)
  if (size > 2 ** 28) throw new DataError(`${what}: too large to be made dense.`)
  const indices = readTensor(proto.indices, external)
  const count = values.data.length
  const rank = indices.shape.length === 2 ? proto.dims.length : 1
  if (indices.data.length !== count * rank) {
    throw wrongCount(what, count * rank, indices.data.length, 'indices')
  }
  const dense = viewAs(
    elementTypes[values.type].dtype,
    new ArrayBuffer(size * values.data.BYTES_PER_ELEMENT),
  ) as Float32Array
  for (let i = 0; i < count; i++) {
    let at = 0
    for (let k = 0; k < rank; k++) {
      const index = Number(indices.data[i * rank + k])
      at = rank === 1 ? index : at * proto.dims[k] + index
    }
    if (at < 0 || at >= size)
      throw new DataError(`${what}: an index lies outside ${formatShape(proto.dims)}.`)
    dense[at] = values.data[i] as number
  }
  return { type: values.type, shape: proto.dims, data: dense }
}

/** A TensorProto of the values. */
export function writeTensor(name: string, { type, shape, data }: OnnxArray): TensorProto {
  return {
    name,
    dims: [...shape],
    dataType: elementTypes[type].code,
    rawData: toRaw(type, data),
    floatData: [],
    int32Data: [],
    stringData: [],
    int64Data: [],
    doubleData: [],
    uint64Data: [],
    externalData: [],
  }
}

function toRaw(type: ElementType, data: TypedArray): Uint8Array {
  const narrow = {
    int8: Int8Array,
    int16: Int16Array,
    uint16: Uint16Array,
    uint32: Uint32Array,
  } as const
  if (type in narrow) {
    const own = new narrow[type as keyof typeof narrow](data.length)
    for (let i = 0; i < data.length; i++) own[i] = Number(data[i])
    return new Uint8Array(own.buffer)
  }
  return new Uint8Array(data.buffer, data.byteOffset, data.byteLength).slice()
}
