/**
 * Element types: their names, sizes, storage arrays and PyTorch's promotion lattice.
 */
import { DTypeError } from './errors.js'

export type DType = 'f32' | 'f64' | 'f16' | 'bf16' | 'i32' | 'i64' | 'u8' | 'bool'

/** Typed array that stores a dtype: f16 and bf16 as raw 16-bit patterns, bool as 0/1 bytes. */
export type TypedArray = Float32Array | Float64Array | Uint16Array | Int32Array | BigInt64Array | Uint8Array

export const dtypes: readonly DType[] = ['f32', 'f64', 'f16', 'bf16', 'i32', 'i64', 'u8', 'bool']

const byteSizes: Record<DType, number> = { f32: 4, f64: 8, f16: 2, bf16: 2, i32: 4, i64: 8, u8: 1, bool: 1 }

/** Bytes of one element. */
export const byteSize = (dtype: DType): number => byteSizes[dtype]

export const isFloat = (dtype: DType): boolean =>
  dtype === 'f32' || dtype === 'f64' || dtype === 'f16' || dtype === 'bf16'

export const isInteger = (dtype: DType): boolean => dtype === 'i32' || dtype === 'i64' || dtype === 'u8'

/** Category order of promotion: bool < integer < float. */
const category = (dtype: DType): number => (dtype === 'bool' ? 0 : isInteger(dtype) ? 1 : 2)

/** The dtype that holds both, as PyTorch's `torch.promote_types`. */
export function promote(a: DType, b: DType): DType {
  if (a === b) return a
  const [ca, cb] = [category(a), category(b)]
  if (ca !== cb) return ca > cb ? a : b
  if (ca === 1) return a === 'i64' || b === 'i64' ? 'i64' : 'i32'
  if (a === 'f64' || b === 'f64') return 'f64'
  return 'f32' // f16 with bf16, or either with f32
}

/** The dtype of `tensor ∘ number`: JavaScript numbers are weakly typed and only raise the category. */
export function promoteWithNumber(dtype: DType, value: number | boolean): DType {
  if (typeof value === 'boolean' || isFloat(dtype)) return dtype
  if (!Number.isInteger(value)) return 'f32'
  return dtype === 'bool' ? 'i64' : dtype
}

/** A view of `buffer` as the storage array of `dtype`. */
export function viewAs(dtype: DType, buffer: ArrayBufferLike, byteOffset = 0, length?: number): TypedArray {
  switch (dtype) {
    case 'f32':
      return new Float32Array(buffer, byteOffset, length)
    case 'f64':
      return new Float64Array(buffer, byteOffset, length)
    case 'i32':
      return new Int32Array(buffer, byteOffset, length)
    case 'i64':
      return new BigInt64Array(buffer, byteOffset, length)
    case 'f16':
    case 'bf16':
      return new Uint16Array(buffer, byteOffset, length)
    case 'u8':
    case 'bool':
      return new Uint8Array(buffer, byteOffset, length)
  }
}

const f32Scratch = new Float32Array(1)
const u32Scratch = new Uint32Array(f32Scratch.buffer)

/** The bits of `value` rounded to bfloat16 (nearest, ties to even). */
export function toBf16Bits(value: number): number {
  f32Scratch[0] = value
  const bits = u32Scratch[0]
  if ((bits & 0x7fffffff) > 0x7f800000) return (bits >>> 16) | 0x40
  return ((bits + 0x7fff + ((bits >>> 16) & 1)) >>> 16) & 0xffff
}

export function fromBf16Bits(bits: number): number {
  u32Scratch[0] = bits << 16
  return f32Scratch[0]
}

/** The bits of `value` rounded once to IEEE half precision (nearest, ties to even). */
export function toF16Bits(value: number): number {
  const sign = value < 0 || Object.is(value, -0) ? 0x8000 : 0
  const a = Math.abs(value)
  if (Number.isNaN(a)) return 0x7e00
  if (a >= 65520) return sign | 0x7c00
  // The spacing of halves at `a`: 2^(exponent-10), and 2^-24 among subnormals.
  const exponent = a < 2 ** -14 ? -14 : Math.floor(Math.log2(a))
  const unit = 2 ** (exponent - 10)
  let steps = Math.floor(a / unit)
  const rest = a / unit - steps
  if (rest > 0.5 || (rest === 0.5 && steps & 1)) steps += 1
  // Carries into the next exponent by plain addition of bit patterns.
  return sign | (a < 2 ** -14 ? steps : ((exponent + 15) << 10) + steps - 1024)
}

export function fromF16Bits(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1
  const exponent = (bits >> 10) & 31
  const fraction = bits & 1023
  if (exponent === 31) return fraction ? Number.NaN : sign * Number.POSITIVE_INFINITY
  return sign * (exponent ? 2 ** (exponent - 25) * (1024 + fraction) : fraction * 2 ** -24)
}

/** Element `i` of a storage array as a JavaScript number. i64 beyond 2^53 loses precision. */
export function readElement(dtype: DType, array: TypedArray, i: number): number {
  const raw = array[i]
  switch (dtype) {
    case 'f16':
      return fromF16Bits(raw as number)
    case 'bf16':
      return fromBf16Bits(raw as number)
    case 'i64':
      return Number(raw)
    default:
      return raw as number
  }
}

/** Stores a number (or boolean) as element `i`: floats round to nearest, integers wrap, bool is `value !== 0`. */
export function writeElement(dtype: DType, array: TypedArray, i: number, value: number): void {
  switch (dtype) {
    case 'f16':
      array[i] = toF16Bits(value)
      return
    case 'bf16':
      array[i] = toBf16Bits(value)
      return
    case 'i64':
      ;(array as BigInt64Array)[i] = BigInt.asIntN(64, BigInt(Number.isFinite(value) ? Math.trunc(value) : 0))
      return
    case 'bool':
      array[i] = value !== 0 ? 1 : 0
      return
    default:
      array[i] = value
  }
}

/** The dtype of a typed array's elements. Raw `Uint16Array` patterns need an explicit dtype. */
export function dtypeOfArray(array: ArrayBufferView): DType {
  if (array instanceof Float32Array) return 'f32'
  if (array instanceof Float64Array) return 'f64'
  if (array instanceof Int32Array) return 'i32'
  if (array instanceof BigInt64Array) return 'i64'
  if (array instanceof Uint8Array || array instanceof Uint8ClampedArray) return 'u8'
  throw new DTypeError(
    `Expected a Float32Array, Float64Array, Int32Array, BigInt64Array or Uint8Array, got ${array.constructor.name}. ` +
      'Convert it first, for example with Float32Array.from(array).',
  )
}

/** Throws unless `dtype` is one of Chainrule's. */
export function checkDType(dtype: string): asserts dtype is DType {
  if (!Object.hasOwn(byteSizes, dtype)) {
    throw new DTypeError(`Expected a dtype (${dtypes.join(', ')}), got '${dtype}'.`)
  }
}
