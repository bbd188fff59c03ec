/**
 * NumPy's .npy format (versions 1, 2 and 3) on bytes: C and Fortran order, little and big endian. Object arrays are
 * pickles, which can run code, and are refused.
 */
import { type DType, type TypedArray, viewAs } from '../core/dtype.js'
import { DataError } from '../core/errors.js'
import { formatShape, sizeOf } from '../core/shape.js'
import { type ArrayData, arrayFromBytes, bytesOf, checkArrayData } from './array-data.js'

/** NumPy's kind and size to the dtype it becomes; narrow and unsigned integers widen to one that holds every value. */
const kinds: Partial<Record<string, DType>> = {
  f4: 'f32',
  f8: 'f64',
  f2: 'f16',
  i4: 'i32',
  i8: 'i64',
  u1: 'u8',
  b1: 'bool',
  i1: 'i32',
  i2: 'i32',
  u2: 'i32',
  u4: 'i64',
}

const descriptors: Partial<Record<DType, string>> = {
  f32: '<f4',
  f64: '<f8',
  f16: '<f2',
  i32: '<i4',
  i64: '<i8',
  u8: '|u1',
  bool: '|b1',
}

const magic = [0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59]

/** Reads one array. `name` is used in messages. */
export function readNpy(bytes: Uint8Array, name = 'npy data'): ArrayData {
  if (bytes.length < 10 || !magic.every((byte, i) => bytes[i] === byte)) {
    throw new DataError(
      `${name}: expected a .npy file (\\x93NUMPY first), got ${bytes.length} other bytes. ` +
        'A .npz file is a zip of several: read it with readNpz.',
    )
  }
  const major = bytes[6]
  if (major < 1 || major > 3) throw new DataError(`${name}: expected .npy version 1, 2 or 3, got ${major}.`)
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const start = major === 1 ? 10 : 12
  const headerSize =
    bytes.length < start ? Infinity : major === 1 ? view.getUint16(8, true) : view.getUint32(8, true)
  if (headerSize > bytes.length - start) {
    throw new DataError(
      `${name}: expected a header of ${headerSize} bytes, got ${bytes.length - start}. It is cut off.`,
    )
  }
  const decoder = new TextDecoder(major === 3 ? 'utf-8' : 'latin1')
  const text = decoder.decode(bytes.subarray(start, start + headerSize))
  const { descr, fortranOrder, shape } = parseHeader(text, name)
  const dtype = kinds[descr.slice(1)]
  if (dtype === undefined || !'<>|='.includes(descr[0])) {
    const object = descr.includes('O')
      ? ' Object arrays are pickles, which can run code: save plain numbers instead.'
      : ''
    throw new DataError(
      `${name}: expected a dtype of ${Object.keys(kinds).join(', ')} with its byte order, got '${descr}'.` +
        `${object || ' Convert it with array.astype before saving.'}`,
    )
  }
  const width = Number(descr.slice(2))
  const size = sizeOf(shape)
  const body = bytes.subarray(start + headerSize)
  if (body.length !== size * width) {
    throw new DataError(
      `${name}: expected ${size * width} bytes for '${descr}' of shape ${formatShape(shape)}, got ${body.length}. ` +
        (body.length < size * width ? 'The file is cut off.' : 'Something follows the array.'),
    )
  }
  const ordered = descr[0] === '>' && width > 1 ? swapped(body, width) : body
  const stored = widen(descr.slice(1), ordered, size)
  const data = stored ?? arrayFromBytes(dtype, ordered, name)
  return { dtype, shape, data: fortranOrder && shape.length > 1 ? fromFortran(dtype, data, shape) : data }
}

function swapped(bytes: Uint8Array, width: number): Uint8Array {
  const out = new Uint8Array(bytes.length)
  for (let i = 0; i < bytes.length; i += width) {
    for (let b = 0; b < width; b++) out[i + b] = bytes[i + width - 1 - b]
  }
  return out
}

/** Integers that no dtype holds as they are; null for those that need nothing. */
function widen(kind: string, bytes: Uint8Array, size: number): TypedArray | null {
  const { buffer, byteOffset } = bytes.byteOffset % 4 === 0 ? bytes : bytes.slice()
  switch (kind) {
    case 'i1':
      return Int32Array.from(new Int8Array(buffer, byteOffset, size))
    case 'i2':
      return Int32Array.from(new Int16Array(buffer, byteOffset, size))
    case 'u2':
      return Int32Array.from(new Uint16Array(buffer, byteOffset, size))
    case 'u4':
      return BigInt64Array.from(new Uint32Array(buffer, byteOffset, size), (value) => BigInt(value))
    default:
      return null
  }
}

/** Column-major elements put in row-major order. */
function fromFortran(dtype: DType, data: TypedArray, shape: readonly number[]): TypedArray {
  const out = viewAs(dtype, new ArrayBuffer(data.byteLength))
  const strides: number[] = []
  let stride = 1
  for (const n of shape) {
    strides.push(stride)
    stride *= n
  }
  const index = new Array<number>(shape.length).fill(0)
  let from = 0
  for (let to = 0; to < out.length; to++) {
    out[to] = data[from]
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      index[axis] += 1
      from += strides[axis]
      if (index[axis] < shape[axis]) break
      from -= strides[axis] * shape[axis]
      index[axis] = 0
    }
  }
  return out
}

/** The three entries of the header, which is a Python dictionary. Nothing is evaluated. */
function parseHeader(text: string, name: string): { descr: string; fortranOrder: boolean; shape: number[] } {
  const fail = (): never => {
    throw new DataError(
      `${name}: expected a header {'descr': …, 'fortran_order': …, 'shape': …}, got ${JSON.stringify(text.slice(0, 120))}. ` +
        (/'descr'\s*:\s*\[/.test(text)
          ? 'Structured arrays are not read: save each field as its own array.'
          : ''),
    )
  }
  // Any one order of the three keys; a descr is a short string and never has a quote in it.
  const entry =
    /\s*'(descr|fortran_order|shape)'\s*:\s*(?:'([^'\\]{1,32})'|(True|False)|\(([\d,\sL]{0,1024})\))\s*(,|(?=\s*\}))/y
  const open = /^\s*\{/.exec(text)
  if (open === null) return fail()
  entry.lastIndex = open[0].length
  let descr: string | undefined
  let fortranOrder: boolean | undefined
  let shape: number[] | undefined
  let end = entry.lastIndex
  for (let match = entry.exec(text); match !== null; match = entry.exec(text)) {
    end = entry.lastIndex
    if (match[1] === 'descr') descr = match[2]
    else if (match[1] === 'fortran_order')
      fortranOrder = match[3] === undefined ? undefined : match[3] === 'True'
    else shape = match[4] === undefined ? undefined : parseShape(match[4])
  }
  if (!/^\s*\}\s*$/.test(text.slice(end))) return fail()
  if (descr === undefined || fortranOrder === undefined || shape === undefined) return fail()
  return { descr, fortranOrder, shape }
}

function parseShape(text: string): number[] | undefined {
  const parts = text.split(',').map((part) => part.trim().replace(/L$/, ''))
  if (parts.at(-1) === '') parts.pop()
  if (parts.length > 64 || !parts.every((part) => /^\d+$/.test(part))) return undefined
  const shape = parts.map(Number)
  return shape.every((n) => Number.isSafeInteger(n)) && Number.isSafeInteger(sizeOf(shape))
    ? shape
    : undefined
}

/** The bytes of a .npy file, equal to what `numpy.save` writes. NumPy has no bfloat16: convert that first. */
export function encodeNpy(value: ArrayData, name = 'npy data'): Uint8Array<ArrayBuffer> {
  checkArrayData(value, name)
  const descr = descriptors[value.dtype]
  if (descr === undefined) {
    throw new DataError(
      `${name}: expected a dtype that NumPy has, got ${value.dtype}. Convert it to f32 first.`,
    )
  }
  const { shape } = value
  const tuple = shape.length === 1 ? `(${shape[0]},)` : `(${shape.join(', ')})`
  const text = `{'descr': '${descr}', 'fortran_order': False, 'shape': ${tuple}, }`
  // NumPy leaves room for the first axis to grow to 21 digits, then pads to a multiple of 64 bytes.
  const growth = shape.length > 0 ? ' '.repeat(21 - String(shape[0]).length) : ''
  const header = text + growth
  const version = header.length + 1 + 64 > 65535 ? 2 : 1
  const start = version === 1 ? 10 : 12
  const total = Math.ceil((start + header.length + 1) / 64) * 64
  const bytes = new Uint8Array(total + value.data.byteLength).fill(0x20, 0, total)
  bytes.set([...magic, version, 0])
  const view = new DataView(bytes.buffer)
  if (version === 1) view.setUint16(8, total - start, true)
  else view.setUint32(8, total - start, true)
  for (let i = 0; i < header.length; i++) bytes[start + i] = header.charCodeAt(i)
  bytes[total - 1] = 0x0a
  bytes.set(bytesOf(value.data), total)
  return bytes
}
