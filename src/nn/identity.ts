/**
 * The layer that does nothing.
 */
import type { Tensor } from '../tensor/tensor.js'
import { Module } from './module.js'

/** y = x: a place holder, or what replaces a layer that is not wanted. */
export class Identity extends Module {
  override forward(x: Tensor): Tensor {
    return x
  }
}
