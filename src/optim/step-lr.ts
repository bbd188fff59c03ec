/**
 * Step decay.
 */
import { checkOptions } from '../core/check-options.js'
import { ValueError } from '../core/errors.js'
import { LRScheduler, type Scheduled } from './lr-scheduler.js'

export interface StepLROptions {
  /** The factor (default 0.1). */
  readonly gamma?: number
}

/** lr = base · gamma^floor(t / stepSize). */
export class StepLR extends LRScheduler {
  readonly stepSize: number
  readonly gamma: number

  constructor(optimizer: Scheduled, stepSize: number, options: StepLROptions = {}) {
    super(optimizer)
    checkOptions<StepLROptions>('StepLR', options, { gamma: true })
    const { gamma = 0.1 } = options
    if (!(stepSize > 0)) throw new ValueError(`StepLR: expected a stepSize above 0, got ${stepSize}.`)
    this.stepSize = stepSize
    this.gamma = gamma
    this.apply()
  }

  protected override lrAt(epoch: number, baseLr: number): number {
    return baseLr * this.gamma ** Math.floor(epoch / this.stepSize)
  }
}
