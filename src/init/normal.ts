/**
 * Fills a tensor from a normal distribution.
 */

import { noGrad } from '../tensor/grad-mode.js'
import { randn } from '../tensor/random-tensors.js'
import type { Tensor } from '../tensor/tensor.js'
import type { RandomOptions } from './uniform.js'

/** Sets every element to a sample of N(mean, std²) and returns the tensor. Defaults 0 and 1. */
export function normal<T extends Tensor>(tensor: T, mean = 0, std = 1, options: RandomOptions = {}): T {
  noGrad(() => {
    const unit = randn(tensor.shape, { generator: options.generator })
    tensor.assign(unit.mul(std).add(mean).to(tensor.dtype))
  })
  return tensor
}
