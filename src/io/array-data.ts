/**
 * A plain array as files hold it: dtype, shape and row-major storage, without a device or a graph. Readers return it and
 * writers take it, so that file formats work without the tensor engine.
 */
import { byteSize, type DType, type TypedArray, viewAs } from '../core/dtype.js'
import { DataError } from '../core/errors.js'
import { formatShape, sizeOf } from '../core/shape.js'

export interface ArrayData {
  readonly dtype: DType
  readonly shape: readonly number[]
  /** Row-major elements; f16 and bf16 as raw 16-bit patterns, bool as 0/1 bytes. */
  readonly data: TypedArray
}

/** The bytes of a typed array, shared and not copied. */
export const bytesOf = (array: ArrayBufferView): Uint8Array =>
  new Uint8Array(array.buffer, array.byteOffset, array.byteLength)

/**
 * `bytes` as the storage array of `dtype`: a view where the alignment allows it, else a copy. Throws `DataError` for a
 * bool that is neither 0 nor 1, because compiled code relies on that.
 */
export function arrayFromBytes(dtype: DType, bytes: Uint8Array, what: string): TypedArray {
  const size = byteSize(dtype)
  if (bytes.byteLength % size !== 0) {
    throw new DataError(
      `${what}: expected a multiple of ${size} bytes for ${dtype}, got ${bytes.byteLength}.`,
    )
  }
  const aligned = bytes.byteOffset % size === 0 ? bytes : bytes.slice()
  if (dtype === 'bool') {
    for (let i = 0; i < aligned.length; i++) {
      if (aligned[i] > 1) {
        throw new DataError(
          `${what}: expected every bool to be the byte 0 or 1, got ${aligned[i]} at element ${i}. ` +
            'The file is damaged, or its values are u8.',
        )
      }
    }
  }
  return viewAs(dtype, aligned.buffer, aligned.byteOffset, aligned.byteLength / size)
}

/** Throws unless the array has as many elements, of the right kind, as dtype and shape say. */
export function checkArrayData(value: ArrayData, what: string): void {
  const { dtype, shape, data } = value
  const size = sizeOf(shape)
  if (!shape.every((n) => Number.isSafeInteger(n) && n >= 0) || data.length !== size) {
    throw new DataError(
      `${what}: expected ${size} elements for shape ${formatShape(shape)}, got ${data.length}. ` +
        'Check the shape that goes with the array.',
    )
  }
  if (data.BYTES_PER_ELEMENT !== byteSize(dtype)) {
    throw new DataError(
      `${what}: expected an array of ${byteSize(dtype)}-byte elements for ${dtype}, got ${data.constructor.name}.`,
    )
  }
}
