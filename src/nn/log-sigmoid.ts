/**
 * The logarithm of the sigmoid.
 */
import { logSigmoid } from '../tensor/functional.js'
import type { Tensor } from '../tensor/tensor.js'
import { Module } from './module.js'

/** y = log(1 / (1 + exp(-x))), without overflow. */
export class LogSigmoid extends Module {
  override forward(x: Tensor): Tensor {
    return logSigmoid(x)
  }
}
