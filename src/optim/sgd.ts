/**
 * Stochastic gradient descent.
 */
import { checkOptions } from '../core/check-options.js'
import { ValueError } from '../core/errors.js'
import { zeros } from '../tensor/creation.js'
import type { Parameter } from '../tensor/parameter.js'
import type { Tensor } from '../tensor/tensor.js'
import { where } from '../tensor/tensor-functions.js'
import { Optimizer, type ParamsOrGroups, type State, type UpdateContext, type Updated } from './optimizer.js'
import { type SlotRule, slotRules } from './slot.js'
import { stateDtype } from './state-dtype.js'

type Slots = 'lr' | 'momentum' | 'dampening' | 'weightDecay'

export interface SGDOptions {
  /** Learning rate (default 1e-3). */
  readonly lr?: number
  /** Share of the last step that is kept (default 0). Made without any, the optimizer keeps no buffer, and it stays 0. */
  readonly momentum?: number
  /** Share of the gradient that does not enter the momentum (default 0). */
  readonly dampening?: number
  /** L2 penalty, added to the gradient (default 0). */
  readonly weightDecay?: number
  /** Look ahead: step along gradient + momentum · buffer (default false). */
  readonly nesterov?: boolean
  /** Climb instead of descend (default false). */
  readonly maximize?: boolean
}

const { nonNegative, rate } = slotRules

const noMomentum: SlotRule = {
  check: (value) => value === 0,
  expected: '0, as the SGD was made without momentum and keeps no buffer for it',
}

/**
 * g ← g + weightDecay · θ; with momentum b ← momentum · b + (1 - dampening) · g (b ← g at the first step) and g ← b,
 * or g ← g + momentum · b with `nesterov`; θ ← θ - lr · g. Robbins and Monro (1951); Polyak (1964); Nesterov (1983).
 */
export class SGD extends Optimizer<Slots> {
  readonly nesterov: boolean
  readonly maximize: boolean
  readonly #momentum: boolean
  protected override readonly countsSteps: boolean

  constructor(params: ParamsOrGroups<Partial<Record<Slots, number>>>, options: SGDOptions = {}) {
    checkOptions<SGDOptions>('SGD', options, {
      lr: true,
      momentum: true,
      dampening: true,
      weightDecay: true,
      nesterov: true,
      maximize: true,
    })
    const {
      lr = 1e-3,
      momentum = 0,
      dampening = 0,
      weightDecay = 0,
      nesterov = false,
      maximize = false,
    } = options
    const groups = Array.isArray(params) ? (params as readonly { readonly momentum?: number }[]) : []
    const hasMomentum = momentum !== 0 || groups.some((group) => (group?.momentum ?? 0) !== 0)
    super(
      {
        lr: nonNegative,
        momentum: hasMomentum ? nonNegative : noMomentum,
        dampening: rate,
        weightDecay: nonNegative,
      },
      { lr, momentum, dampening, weightDecay },
    )
    if (nesterov && (momentum <= 0 || dampening !== 0)) {
      throw new ValueError(
        `SGD: nesterov expects a momentum above 0 and no dampening, got momentum ${momentum}, dampening ${dampening}.`,
      )
    }
    this.nesterov = nesterov
    this.maximize = maximize
    this.#momentum = hasMomentum
    this.countsSteps = this.#momentum && dampening !== 0
    this.addAll(params)
  }

  protected override flags(): Record<string, boolean> {
    return { nesterov: this.nesterov, maximize: this.maximize }
  }

  protected override initialState(parameter: Parameter): State {
    return this.#momentum ? { momentumBuffer: zeros(parameter.shape, { dtype: stateDtype(parameter) }) } : {}
  }

  protected override shared(steps: Tensor): State {
    return { first: steps.eq(1) }
  }

  protected override update(
    value: Tensor,
    gradient: Tensor,
    state: State,
    context: UpdateContext<Slots>,
  ): Updated {
    const signed = this.maximize ? gradient.neg() : gradient
    const g = signed.add(value.mul(context.slot('weightDecay')))
    const lr = context.slot('lr')
    if (!this.#momentum) return { value: value.sub(g.mul(lr)), state: {} }
    const momentum = context.slot('momentum')
    const kept = state.momentumBuffer.mul(momentum)
    const buffer = this.countsSteps
      ? where(context.shared.first, g, kept.add(g.mul(context.derived('dampening', 'complement'))))
      : kept.add(g)
    const direction = this.nesterov ? g.add(buffer.mul(momentum)) : buffer
    return { value: value.sub(direction.mul(lr)), state: { momentumBuffer: buffer } }
  }
}
