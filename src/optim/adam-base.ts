/**
 * What Adam and AdamW share: moments, bias correction and the step.
 */
import { zeros } from '../tensor/creation.js'
import type { Parameter } from '../tensor/parameter.js'
import type { Tensor } from '../tensor/tensor.js'
import { Optimizer, type ParamsOrGroups, type State, type UpdateContext, type Updated } from './optimizer.js'
import { slotRules } from './slot.js'
import { stateDtype } from './state-dtype.js'

export type AdamSlots = 'lr' | 'beta1' | 'beta2' | 'eps' | 'weightDecay'

export interface AdamOptions {
  /** Learning rate (default 1e-3). */
  readonly lr?: number
  /** Decay rates of the first and second moment (default [0.9, 0.999]). */
  readonly betas?: readonly [number, number]
  /** Added to the denominator (default 1e-8). */
  readonly eps?: number
  /** Weight decay (default 0 for Adam, 1e-2 for AdamW). */
  readonly weightDecay?: number
  /** Divide by the largest second moment so far; Reddi et al. (2018) (default false). */
  readonly amsgrad?: boolean
  /** Climb instead of descend (default false). */
  readonly maximize?: boolean
}

const { nonNegative, decay } = slotRules

export abstract class AdamBase extends Optimizer<AdamSlots> {
  readonly amsgrad: boolean
  readonly maximize: boolean
  protected override readonly countsSteps = true

  constructor(
    params: ParamsOrGroups<Partial<Record<AdamSlots, number>>>,
    { lr = 1e-3, betas = [0.9, 0.999], eps = 1e-8, amsgrad = false, maximize = false }: AdamOptions,
    weightDecay: number,
  ) {
    super(
      { lr: nonNegative, beta1: decay, beta2: decay, eps: nonNegative, weightDecay: nonNegative },
      { lr, beta1: betas[0], beta2: betas[1], eps, weightDecay },
    )
    this.amsgrad = amsgrad
    this.maximize = maximize
    this.addAll(params)
  }

  protected override flags(): Record<string, boolean> {
    return { amsgrad: this.amsgrad, maximize: this.maximize }
  }

  protected override initialState(parameter: Parameter): State {
    const blank = (): Tensor => zeros(parameter.shape, { dtype: stateDtype(parameter) })
    const moments = { expAvg: blank(), expAvgSq: blank() }
    return this.amsgrad ? { ...moments, maxExpAvgSq: blank() } : moments
  }

  /** 1 - βᵗ as -expm1(t log β): exact to the last digits at the first steps, where 1 - βᵗ would cancel. */
  protected override shared(
    steps: Tensor,
    context: Pick<UpdateContext<AdamSlots>, 'slot' | 'derived'>,
  ): State {
    const correction = (name: 'beta1' | 'beta2'): Tensor =>
      steps.mul(context.derived(name, 'log')).expm1().neg()
    return { stepSize: context.slot('lr').div(correction('beta1')), scale: correction('beta2').sqrt() }
  }

  /** The step of Adam along a gradient, from a value that may have decayed. */
  protected move(value: Tensor, g: Tensor, state: State, context: UpdateContext<AdamSlots>): Updated {
    const expAvg = state.expAvg.mul(context.slot('beta1')).add(g.mul(context.derived('beta1', 'complement')))
    const squares = g.mul(g).mul(context.derived('beta2', 'complement'))
    const expAvgSq = state.expAvgSq.mul(context.slot('beta2')).add(squares)
    const next: State = { expAvg, expAvgSq }
    if (this.amsgrad) next.maxExpAvgSq = state.maxExpAvgSq.maximum(expAvgSq)
    const { stepSize, scale } = context.shared
    const root = (next.maxExpAvgSq ?? expAvgSq).sqrt()
    const denominator = root.div(scale).add(context.slot('eps'))
    return { value: value.sub(expAvg.div(denominator).mul(stepSize)), state: next }
  }
}
