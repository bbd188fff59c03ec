/**
 * ONNX's element types and the dtypes that carry them. Chainrule has no 8-bit signed, 16-bit or unsigned 32- and 64-bit
 * integers: they live in a wider dtype (`uint64` in the bits of an i64), and whatever may leave their range is wrapped
 * back by `wrap`.
 */
import type { DType } from '../core/dtype.js'
import { DataError } from '../core/errors.js'
import * as b from '../ir/build.js'
import type { Node } from '../ir/node.js'

export type ElementType =
  | 'float'
  | 'uint8'
  | 'int8'
  | 'uint16'
  | 'int16'
  | 'int32'
  | 'int64'
  | 'bool'
  | 'float16'
  | 'double'
  | 'uint32'
  | 'uint64'
  | 'bfloat16'
  | 'uint4'
  | 'int4'

interface Carried {
  /** TensorProto.DataType. */
  readonly code: number
  /** The dtype whose tensors hold it. */
  readonly dtype: DType
  /** Bytes of an element in `raw_data`; 0 where two share a byte. */
  readonly bytes: number
  /** Bits and sign, where the dtype has more bits than the type; null where they are the same. */
  readonly narrow: { readonly bits: number; readonly signed: boolean } | null
}

const same = (code: number, dtype: DType, bytes: number): Carried => ({ code, dtype, bytes, narrow: null })
const narrow = (code: number, dtype: DType, bits: number, signed: boolean): Carried => ({
  code,
  dtype,
  bytes: Math.floor(bits / 8),
  narrow: { bits, signed },
})

export const elementTypes: Readonly<Record<ElementType, Carried>> = {
  float: same(1, 'f32', 4),
  uint8: same(2, 'u8', 1),
  int8: narrow(3, 'i32', 8, true),
  uint16: narrow(4, 'i32', 16, false),
  int16: narrow(5, 'i32', 16, true),
  int32: same(6, 'i32', 4),
  int64: same(7, 'i64', 8),
  bool: same(9, 'bool', 1),
  float16: same(10, 'f16', 2),
  double: same(11, 'f64', 8),
  uint32: narrow(12, 'i64', 32, false),
  uint64: same(13, 'i64', 8),
  bfloat16: same(16, 'bf16', 2),
  uint4: narrow(21, 'u8', 4, false),
  int4: narrow(22, 'i32', 4, true),
}

const byCode = new Map(Object.entries(elementTypes).map(([name, { code }]) => [code, name as ElementType]))

const unsupported: Readonly<Record<number, string>> = {
  0: 'undefined',
  8: 'string',
  14: 'complex64',
  15: 'complex128',
  17: 'float8e4m3fn',
  18: 'float8e4m3fnuz',
  19: 'float8e5m2',
  20: 'float8e5m2fnuz',
  23: 'float4e2m1',
  24: 'float8e8m0',
}

/** The type of a TensorProto.DataType. Throws `DataError` for those that Chainrule has no values for. */
export function elementTypeOf(code: number | undefined, what: string): ElementType {
  const type = byCode.get(code ?? 0)
  if (type !== undefined) return type
  throw new DataError(
    `${what}: expected numbers (${[...byCode.values()].join(', ')}), got the element type ` +
      `${unsupported[code ?? 0] ?? code}, which is not supported.`,
  )
}

/** The ONNX type that a dtype is by itself. */
export const typeOfDType: Readonly<Record<DType, ElementType>> = {
  f32: 'float',
  f64: 'double',
  f16: 'float16',
  bf16: 'bfloat16',
  i32: 'int32',
  i64: 'int64',
  u8: 'uint8',
  bool: 'bool',
}

export const dtypeOf = (type: ElementType): DType => elementTypes[type].dtype

export const isFloatType = (type: ElementType): boolean =>
  type === 'float' || type === 'double' || type === 'float16' || type === 'bfloat16'

/** Values of the carrying dtype brought back into the range of `type`, modulo its number of values. */
export function wrap(x: Node, type: ElementType): Node {
  const { narrow: range } = elementTypes[type]
  if (range === null) return x
  const mask = b.literal(x, 2 ** range.bits - 1)
  if (!range.signed) return b.and(x, mask)
  const sign = b.literal(x, 2 ** (range.bits - 1))
  return b.sub(b.xor(b.and(x, mask), sign), sign)
}

/** Smallest and largest integer of a type. */
export function rangeOf(type: ElementType): [number, number] {
  switch (type) {
    case 'uint8':
      return [0, 255]
    case 'bool':
      return [0, 1]
    case 'int32':
      return [-(2 ** 31), 2 ** 31 - 1]
    case 'int64':
      return [-(2 ** 63), 2 ** 63]
    case 'uint64':
      return [0, 2 ** 64]
    default: {
      const range = elementTypes[type].narrow
      if (range === null) return [Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY]
      return range.signed ? [-(2 ** (range.bits - 1)), 2 ** (range.bits - 1) - 1] : [0, 2 ** range.bits - 1]
    }
  }
}
