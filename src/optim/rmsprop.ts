/**
 * RMSprop.
 */
import { checkOptions } from '../core/check-options.js'
import { zeros } from '../tensor/creation.js'
import type { Parameter } from '../tensor/parameter.js'
import type { Tensor } from '../tensor/tensor.js'
import { Optimizer, type ParamsOrGroups, type State, type UpdateContext, type Updated } from './optimizer.js'
import { slotRules } from './slot.js'
import { stateDtype } from './state-dtype.js'

type Slots = 'lr' | 'alpha' | 'eps' | 'weightDecay' | 'momentum'

export interface RMSpropOptions {
  /** Learning rate (default 1e-2). */
  readonly lr?: number
  /** Decay rate of the mean square (default 0.99). */
  readonly alpha?: number
  /** Added to the denominator (default 1e-8). */
  readonly eps?: number
  /** L2 penalty, added to the gradient (default 0). */
  readonly weightDecay?: number
  /** Share of the last step that is kept (default 0). Whether there is momentum at all is fixed at construction. */
  readonly momentum?: number
  /** Divide by the deviation and not by the mean square (default false). */
  readonly centered?: boolean
  /** Climb instead of descend (default false). */
  readonly maximize?: boolean
}

const { nonNegative, rate } = slotRules

/**
 * g ← g + weightDecay · θ; s ← α s + (1 - α) g²; d = g / (√s + eps), with `centered` g / (√(s - ḡ²) + eps);
 * θ ← θ - lr · d, with momentum b ← momentum · b + d and θ ← θ - lr · b. Tieleman and Hinton (2012); centered:
 * Graves (2013).
 */
export class RMSprop extends Optimizer<Slots> {
  readonly centered: boolean
  readonly maximize: boolean
  readonly #momentum: boolean

  constructor(params: ParamsOrGroups<Partial<Record<Slots, number>>>, options: RMSpropOptions = {}) {
    checkOptions<RMSpropOptions>('RMSprop', options, {
      lr: true,
      alpha: true,
      eps: true,
      weightDecay: true,
      momentum: true,
      centered: true,
      maximize: true,
    })
    const { lr = 1e-2, alpha = 0.99, eps = 1e-8, weightDecay = 0, momentum = 0 } = options
    super(
      { lr: nonNegative, alpha: rate, eps: nonNegative, weightDecay: nonNegative, momentum: nonNegative },
      { lr, alpha, eps, weightDecay, momentum },
    )
    this.centered = options.centered ?? false
    this.maximize = options.maximize ?? false
    this.#momentum = momentum !== 0
    this.addAll(params)
  }

  protected override flags(): Record<string, boolean> {
    return { centered: this.centered, maximize: this.maximize }
  }

  protected override initialState(parameter: Parameter): State {
    const blank = (): Tensor => zeros(parameter.shape, { dtype: stateDtype(parameter) })
    const state: State = { squareAvg: blank() }
    if (this.#momentum) state.momentumBuffer = blank()
    if (this.centered) state.gradAvg = blank()
    return state
  }

  protected override update(
    value: Tensor,
    gradient: Tensor,
    state: State,
    context: UpdateContext<Slots>,
  ): Updated {
    const signed = this.maximize ? gradient.neg() : gradient
    const g = signed.add(value.mul(context.slot('weightDecay')))
    const alpha = context.slot('alpha')
    const fresh = context.derived('alpha', 'complement')
    const next: State = { squareAvg: state.squareAvg.mul(alpha).add(g.mul(g).mul(fresh)) }
    let square = next.squareAvg
    if (this.centered) {
      next.gradAvg = state.gradAvg.mul(alpha).add(g.mul(fresh))
      square = square.sub(next.gradAvg.mul(next.gradAvg))
    }
    let direction = g.div(square.sqrt().add(context.slot('eps')))
    if (this.#momentum) {
      direction = state.momentumBuffer.mul(context.slot('momentum')).add(direction)
      next.momentumBuffer = direction
    }
    return { value: value.sub(direction.mul(context.slot('lr'))), state: next }
  }
}
