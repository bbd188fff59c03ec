/**
 * He initialisation from a uniform distribution.
 */
import type { Tensor } from '../tensor/tensor.js'
import { type KaimingOptions, kaimingStd } from './kaiming.js'
import { uniform } from './uniform.js'

/**
 * Sets the weight (out, in, …) to samples of U(-r, r), r = gain · √(3 / fan), and returns it. He et al., "Delving Deep
 * into Rectifiers" (2015).
 */
export function kaimingUniform<T extends Tensor>(tensor: T, options: KaimingOptions = {}): T {
  const bound = Math.sqrt(3) * kaimingStd(tensor.shape, options)
  return uniform(tensor, -bound, bound, options)
}
