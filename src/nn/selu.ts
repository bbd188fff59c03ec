/**
 * The self-normalising exponential unit.
 */
import { selu } from '../tensor/functional.js'
import type { Tensor } from '../tensor/tensor.js'
import { Module } from './module.js'

/** y = s · (x for x > 0, else α (exp(x) - 1)), s ≈ 1.0507, α ≈ 1.6733. Klambauer et al. (2017). */
export class SELU extends Module {
  override forward(x: Tensor): Tensor {
    return selu(x)
  }
}
