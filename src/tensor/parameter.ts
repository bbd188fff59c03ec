/** State: tensors that hold a value from step to step. Compiled steps read them by reference at each call. */

import { isFloat } from '../core/dtype.js'
import { DTypeError } from '../core/errors.js'
import type { Shape } from '../core/shape.js'
import { leafCells, stateVersion } from '../runtime/state.js'
import { checkTensor, type TensorBase } from './base.js'
import { Tensor } from './tensor.js'

/** A trainable tensor: a leaf that requires a gradient. Starts with the values of `data`. */
export class Parameter<S extends Shape = Shape> extends Tensor<S> {
  constructor(data: TensorBase<S>, { requiresGrad = true }: { readonly requiresGrad?: boolean } = {}) {
    checkTensor(data)
    if (!isFloat(data.dtype)) {
      throw new DTypeError(
        `Parameter: expected float values, got ${data.dtype}. Use a Buffer for state without gradient.`,
      )
    }
    super(stateVersion(data, requiresGrad), null)
    if (requiresGrad) leafCells.set(this.version, this)
  }

  override toString(): string {
    return `Parameter containing:\n${super.toString()}`
  }

  override get isState(): boolean {
    return true
  }
}

/** State without a gradient: running statistics, optimizer slots, counters. Starts with the values of `data`. */
export class Buffer<S extends Shape = Shape> extends Tensor<S> {
  constructor(data: TensorBase<S>) {
    checkTensor(data)
    super(stateVersion(data, false), null)
  }

  override get isState(): boolean {
    return true
  }
}
