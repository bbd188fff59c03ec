/**
 * The dtype of optimizer state.
 */
import type { DType } from '../core/dtype.js'

/** f64 for f64 parameters, else f32: half precision would round small changes of a running average away. */
export const stateDtype = (parameter: { readonly dtype: DType }): DType =>
  parameter.dtype === 'f64' ? 'f64' : 'f32'
