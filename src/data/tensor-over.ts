/**
 * A tensor over an array that nobody else holds: a batch was just made for it, so there is nothing to copy.
 */
import { dtypeOfArray, type TypedArray } from '../core/dtype.js'
import type { Shape } from '../core/shape.js'
import { Storage } from '../core/storage.js'
import { buffer } from '../ir/build.js'
import { countLeafBytes } from '../runtime/state.js'
import { leafTensor } from '../tensor/creation.js'
import type { Tensor } from '../tensor/tensor.js'

/** The caller gives `array` away: it must be the whole of its ArrayBuffer and may not be written to afterwards. */
export function tensorOver(array: TypedArray, shape: Shape): Tensor {
  const storage = new Storage(dtypeOfArray(array), array.length, array.buffer as ArrayBuffer)
  countLeafBytes(storage.byteLength)
  return leafTensor(buffer(storage, [...shape]))
}
