/**
 * Fills a tensor with ones.
 */
import type { Tensor } from '../tensor/tensor.js'
import { constant } from './constant.js'

/** Sets every element to 1 and returns the tensor. */
export const ones = <T extends Tensor>(tensor: T): T => constant(tensor, 1)
