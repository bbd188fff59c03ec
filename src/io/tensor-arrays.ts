/**
 * Between tensors and the plain arrays that file formats read and write.
 */
import type { TypedArray } from '../core/dtype.js'
import { Storage } from '../core/storage.js'
import { buffer } from '../ir/build.js'
import { storageOf } from '../ir/node.js'
import { realize } from '../runtime/realize.js'
import { countLeafBytes } from '../runtime/state.js'
import { leafTensor } from '../tensor/creation.js'
import type { Tensor } from '../tensor/tensor.js'
import type { ArrayData } from './array-data.js'

/** A tensor of the array's values, bit for bit. They are copied unless the array fills an ArrayBuffer of its own. */
export function tensorOfArray({ dtype, shape, data }: ArrayData): Tensor {
  const whole = data.byteLength === data.buffer.byteLength && data.buffer instanceof ArrayBuffer
  const own = (whole ? data : data.slice()) as TypedArray
  const storage = new Storage(dtype, own.length, own.buffer as ArrayBuffer)
  countLeafBytes(storage.byteLength)
  return leafTensor(buffer(storage, [...shape]))
}

/** Computes all of the tensors in one go. */
export const computeAll = (tensors: Iterable<Tensor>): void => realize([...tensors].map((t) => t.node))

/** The stored values of a tensor, bit for bit (f16 and bf16 as patterns). Read only, valid until the next write. */
export function arrayOfTensor(t: Tensor): ArrayData {
  const { node } = t
  realize([node])
  return { dtype: t.dtype, shape: t.shape, data: storageOf(node).array() }
}
