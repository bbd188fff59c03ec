/**
 * The hyperbolic tangent.
 */
import type { Tensor } from '../tensor/tensor.js'
import { Module } from './module.js'

/** y = tanh(x). */
export class Tanh extends Module {
  override forward(x: Tensor): Tensor {
    return x.tanh()
  }
}
