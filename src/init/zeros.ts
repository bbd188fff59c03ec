/**
 * Fills a tensor with zeros.
 */
import type { Tensor } from '../tensor/tensor.js'
import { constant } from './constant.js'

/** Sets every element to 0 and returns the tensor. */
export const zeros = <T extends Tensor>(tensor: T): T => constant(tensor, 0)
