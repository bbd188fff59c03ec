/**
 * The mish activation.
 */
import { mish } from '../tensor/functional.js'
import type { Tensor } from '../tensor/tensor.js'
import { Module } from './module.js'

/** y = x · tanh(log(1 + exp(x))). Misra (2019). */
export class Mish extends Module {
  override forward(x: Tensor): Tensor {
    return mish(x)
  }
}
