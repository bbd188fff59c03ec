/**
 * The softsign activation.
 */
import { softsign } from '../tensor/functional.js'
import type { Tensor } from '../tensor/tensor.js'
import { Module } from './module.js'

/** y = x / (1 + |x|). */
export class Softsign extends Module {
  override forward(x: Tensor): Tensor {
    return softsign(x)
  }
}
