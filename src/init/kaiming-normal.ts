/**
 * He initialisation from a normal distribution.
 */
import type { Tensor } from '../tensor/tensor.js'
import { type KaimingOptions, kaimingStd } from './kaiming.js'
import { normal } from './normal.js'

/**
 * Sets the weight (out, in, …) to samples of N(0, gain² / fan) and returns it. He et al., "Delving Deep into
 * Rectifiers" (2015).
 */
export const kaimingNormal = <T extends Tensor>(tensor: T, options: KaimingOptions = {}): T =>
  normal(tensor, 0, kaimingStd(tensor.shape, options), options)
