/**
 * Adam.
 */
import { checkOptions } from '../core/check-options.js'
import type { Tensor } from '../tensor/tensor.js'
import { AdamBase, type AdamOptions, type AdamSlots } from './adam-base.js'
import type { ParamsOrGroups, State, UpdateContext, Updated } from './optimizer.js'

/**
 * g ← g + weightDecay · θ; m ← β₁ m + (1 - β₁) g; v ← β₂ v + (1 - β₂) g²;
 * θ ← θ - lr · m̂ / (√v̂ + eps) with m̂ = m / (1 - β₁ᵗ), v̂ = v / (1 - β₂ᵗ).
 * Kingma and Ba, "Adam: A Method for Stochastic Optimization" (2015).
 */
export class Adam extends AdamBase {
  constructor(params: ParamsOrGroups<Partial<Record<AdamSlots, number>>>, options: AdamOptions = {}) {
    checkOptions<AdamOptions>('Adam', options, {
      lr: true,
      betas: true,
      eps: true,
      weightDecay: true,
      amsgrad: true,
      maximize: true,
    })
    super(params, options, options.weightDecay ?? 0)
  }

  protected override update(
    value: Tensor,
    gradient: Tensor,
    state: State,
    context: UpdateContext<AdamSlots>,
  ): Updated {
    const signed = this.maximize ? gradient.neg() : gradient
    return this.move(value, signed.add(value.mul(context.slot('weightDecay'))), state, context)
  }
}
