/**
 * The rectifier cut off at 6.
 */
import { relu6 } from '../tensor/functional.js'
import type { Tensor } from '../tensor/tensor.js'
import { Module } from './module.js'

/** y = min(max(x, 0), 6). Krizhevsky (2010). */
export class ReLU6 extends Module {
  override forward(x: Tensor): Tensor {
    return relu6(x)
  }
}
