/**
 * Fills a tensor from a uniform distribution.
 */

import { noGrad } from '../tensor/grad-mode.js'
import type { Generator } from '../tensor/random.js'
import { rand } from '../tensor/random-tensors.js'
import type { Tensor } from '../tensor/tensor.js'

export interface RandomOptions {
  /** Where the random numbers come from; default: the global generator that `manualSeed` seeds. */
  readonly generator?: Generator
}

/** Sets every element to a sample of U[low, high) and returns the tensor. Defaults 0 and 1. */
export function uniform<T extends Tensor>(tensor: T, low = 0, high = 1, options: RandomOptions = {}): T {
  noGrad(() => {
    const unit = rand(tensor.shape, { generator: options.generator })
    tensor.assign(
      unit
        .mul(high - low)
        .add(low)
        .to(tensor.dtype),
    )
  })
  return tensor
}
