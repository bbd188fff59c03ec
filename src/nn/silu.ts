/**
 * The sigmoid-weighted unit, also called swish.
 */
import type { Tensor } from '../tensor/tensor.js'
import { Module } from './module.js'

/** y = x · σ(x). Hendrycks and Gimpel (2016); Ramachandran et al. (2017). */
export class SiLU extends Module {
  override forward(x: Tensor): Tensor {
    return x.silu()
  }
}
