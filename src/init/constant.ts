/**
 * Fills a tensor with one value.
 */
import { fullLike } from '../tensor/creation.js'
import { noGrad } from '../tensor/grad-mode.js'
import type { Tensor } from '../tensor/tensor.js'

/** Sets every element to `value` and returns the tensor. */
export function constant<T extends Tensor>(tensor: T, value: number): T {
  noGrad(() => tensor.assign(fullLike(tensor, value)))
  return tensor
}
