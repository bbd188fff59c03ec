/**
 * The base of the losses as modules: options given once, `forward(prediction, target)`.
 */
import { Module } from '../nn/module.js'
import type { Tensor } from '../tensor/tensor.js'

/** Calls a loss function with fixed options. Tensors among the options are not part of the state dict. */
export abstract class LossModule<
  O extends object,
  I extends readonly Tensor[] = [Tensor, Tensor],
> extends Module {
  readonly #options: O

  constructor(options: O) {
    super()
    this.#options = options
  }

  protected get options(): O {
    return this.#options
  }

  abstract override forward(...inputs: I): Tensor
}
