/**
 * The rectifier.
 */
import type { Tensor } from '../tensor/tensor.js'
import { Module } from './module.js'

/** y = max(x, 0); the gradient at 0 is 0. */
export class ReLU extends Module {
  override forward(x: Tensor): Tensor {
    return x.relu()
  }
}
