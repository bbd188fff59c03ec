/**
 * Glorot initialisation from a uniform distribution.
 */
import type { Tensor } from '../tensor/tensor.js'
import { calculateFan } from './fan.js'
import { type RandomOptions, uniform } from './uniform.js'

/**
 * Sets the weight (out, in, …) to samples of U(-r, r), r = gain · √(6 / (fanIn + fanOut)), and returns it. Glorot and
 * Bengio, "Understanding the difficulty of training deep feedforward neural networks" (2010).
 */
export function xavierUniform<T extends Tensor>(tensor: T, gain = 1, options: RandomOptions = {}): T {
  const { fanIn, fanOut } = calculateFan(tensor.shape)
  const bound = gain * Math.sqrt(6 / (fanIn + fanOut))
  return uniform(tensor, -bound, bound, options)
}
