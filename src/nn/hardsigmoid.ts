/**
 * A cheap sigmoid.
 */
import { hardsigmoid } from '../tensor/functional.js'
import type { Tensor } from '../tensor/tensor.js'
import { Module } from './module.js'

/** y = min(max(x + 3, 0), 6) / 6. */
export class Hardsigmoid extends Module {
  override forward(x: Tensor): Tensor {
    return hardsigmoid(x)
  }
}
