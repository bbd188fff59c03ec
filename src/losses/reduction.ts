/**
 * How the losses of the elements become one number.
 */
import type { Reduction } from '../ops/loss-reduction.js'

export type { Reduction }

export interface LossOptions {
  /** 'mean' (default), 'sum', or 'none' for the losses of the elements. */
  readonly reduction?: Reduction
}
