/**
 * How the losses of the elements become one number.
 */
import { ValueError } from '../core/errors.js'
import type { Tensor } from '../tensor/tensor.js'

/** 'mean' (default), 'sum', or 'none' for the losses of the elements. */
export type Reduction = 'mean' | 'sum' | 'none'

export interface LossOptions {
  /** Default 'mean'. */
  readonly reduction?: Reduction
}

/** Applies a reduction to the losses of the elements. */
export function reduce(losses: Tensor, reduction: Reduction, loss: string): Tensor {
  switch (reduction) {
    case 'mean':
      return losses.mean()
    case 'sum':
      return losses.sum()
    case 'none':
      return losses
    default:
      throw new ValueError(`${loss}: expected reduction 'mean', 'sum' or 'none', got '${reduction}'.`)
  }
}
