/**
 * The logistic function.
 */
import type { Tensor } from '../tensor/tensor.js'
import { Module } from './module.js'

/** y = 1 / (1 + exp(-x)). */
export class Sigmoid extends Module {
  override forward(x: Tensor): Tensor {
    return x.sigmoid()
  }
}
