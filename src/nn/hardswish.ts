/**
 * A cheap swish.
 */
import { hardswish } from '../tensor/functional.js'
import type { Tensor } from '../tensor/tensor.js'
import { Module } from './module.js'

/** y = x · min(max(x + 3, 0), 6) / 6. Howard et al. (2019). */
export class Hardswish extends Module {
  override forward(x: Tensor): Tensor {
    return hardswish(x)
  }
}
