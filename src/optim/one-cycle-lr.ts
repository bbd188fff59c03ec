/**
 * The one-cycle policy.
 */
import { checkOptions } from '../core/check-options.js'
import { ValueError } from '../core/errors.js'
import { LRScheduler, type Scheduled } from './lr-scheduler.js'

export interface OneCycleLROptions {
  /** Number of steps of the whole cycle. */
  readonly totalSteps: number
  /** Share of the steps that go up (default 0.3). */
  readonly pctStart?: number
  /** 'cos' (default) or 'linear'. */
  readonly annealStrategy?: 'cos' | 'linear'
  /** The start is maxLr / divFactor (default 25). */
  readonly divFactor?: number
  /** The end is start / finalDivFactor (default 1e4). */
  readonly finalDivFactor?: number
}

/**
 * From maxLr / divFactor up to maxLr, then down to maxLr / (divFactor · finalDivFactor). The momentum is left alone
 * (PyTorch's `cycle_momentum=False`). Smith and Topin, "Super-Convergence" (2018).
 */
export class OneCycleLR extends LRScheduler {
  readonly maxLr: number
  readonly options: Required<OneCycleLROptions>

  constructor(optimizer: Scheduled, maxLr: number, options: OneCycleLROptions) {
    super(optimizer)
    checkOptions<OneCycleLROptions>('OneCycleLR', options, {
      totalSteps: true,
      pctStart: true,
      annealStrategy: true,
      divFactor: true,
      finalDivFactor: true,
    })
    const {
      totalSteps,
      pctStart = 0.3,
      annealStrategy = 'cos',
      divFactor = 25,
      finalDivFactor = 1e4,
    } = options
    if (!Number.isInteger(totalSteps) || totalSteps < 1 || !(pctStart >= 0 && pctStart <= 1)) {
      throw new ValueError(
        `OneCycleLR: expected an integer totalSteps above 0 and pctStart from 0 to 1, got ${totalSteps} and ${pctStart}.`,
      )
    }
    this.maxLr = maxLr
    this.options = { totalSteps, pctStart, annealStrategy, divFactor, finalDivFactor }
    this.apply()
  }

  protected override lrAt(epoch: number): number {
    const { totalSteps, pctStart, annealStrategy, divFactor, finalDivFactor } = this.options
    if (epoch > totalSteps) {
      throw new ValueError(
        `OneCycleLR: expected at most totalSteps = ${totalSteps} steps, got step ${epoch}.`,
      )
    }
    const low = this.maxLr / divFactor
    const peak = pctStart * totalSteps - 1
    const end = totalSteps - 1
    const anneal = (from: number, to: number, share: number): number =>
      annealStrategy === 'linear'
        ? from + (to - from) * share
        : to + ((from - to) / 2) * (1 + Math.cos(Math.PI * share))
    if (epoch <= peak) return anneal(low, this.maxLr, epoch / peak)
    return anneal(this.maxLr, low / finalDivFactor, Math.min(1, (epoch - peak) / (end - peak)))
  }
}
