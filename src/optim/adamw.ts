/**
 * Adam with decoupled weight decay.
 */
import { checkOptions } from '../core/check-options.js'
import type { Tensor } from '../tensor/tensor.js'
import { AdamBase, type AdamOptions, type AdamSlots } from './adam-base.js'
import type { ParamsOrGroups, State, UpdateContext, Updated } from './optimizer.js'

/**
 * θ ← θ - lr · weightDecay · θ, then the step of Adam without a penalty in the gradient (weightDecay 1e-2 by default).
 * Loshchilov and Hutter, "Decoupled Weight Decay Regularization" (2019).
 */
export class AdamW extends AdamBase {
  constructor(params: ParamsOrGroups<Partial<Record<AdamSlots, number>>>, options: AdamOptions = {}) {
    checkOptions<AdamOptions>('AdamW', options, {
      lr: true,
      betas: true,
      eps: true,
      weightDecay: true,
      amsgrad: true,
      maximize: true,
    })
    super(params, options, options.weightDecay ?? 1e-2)
  }

  protected override update(
    value: Tensor,
    gradient: Tensor,
    state: State,
    context: UpdateContext<AdamSlots>,
  ): Updated {
    const keep = context.slot('lr').mul(context.slot('weightDecay')).neg().add(1)
    return this.move(value.mul(keep), this.maximize ? gradient.neg() : gradient, state, context)
  }
}
