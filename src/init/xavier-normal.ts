/**
 * Glorot initialisation from a normal distribution.
 */
import type { Tensor } from '../tensor/tensor.js'
import { calculateFan } from './fan.js'
import { normal } from './normal.js'
import type { RandomOptions } from './uniform.js'

/**
 * Sets the weight (out, in, …) to samples of N(0, 2 · gain² / (fanIn + fanOut)) and returns it. Glorot and Bengio
 * (2010).
 */
export function xavierNormal<T extends Tensor>(tensor: T, gain = 1, options: RandomOptions = {}): T {
  const { fanIn, fanOut } = calculateFan(tensor.shape)
  return normal(tensor, 0, gain * Math.sqrt(2 / (fanIn + fanOut)), options)
}
