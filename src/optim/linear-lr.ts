/**
 * A linear change of the learning rate.
 */
import { checkOptions } from '../core/check-options.js'
import { ValueError } from '../core/errors.js'
import { LRScheduler, type Scheduled } from './lr-scheduler.js'

export interface LinearLROptions {
  /** Factor at the start (default 1/3). */
  readonly startFactor?: number
  /** Factor at the end (default 1). */
  readonly endFactor?: number
  /** Steps from start to end (default 5). */
  readonly totalIters?: number
}

/** lr = base · factor, the factor linear from startFactor to endFactor over totalIters steps, then constant. */
export class LinearLR extends LRScheduler {
  readonly startFactor: number
  readonly endFactor: number
  readonly totalIters: number

  constructor(optimizer: Scheduled, options: LinearLROptions = {}) {
    super(optimizer)
    checkOptions<LinearLROptions>('LinearLR', options, {
      startFactor: true,
      endFactor: true,
      totalIters: true,
    })
    const { startFactor = 1 / 3, endFactor = 1, totalIters = 5 } = options
    if (!(totalIters > 0)) throw new ValueError(`LinearLR: expected totalIters above 0, got ${totalIters}.`)
    this.startFactor = startFactor
    this.endFactor = endFactor
    this.totalIters = totalIters
    this.apply()
  }

  protected override lrAt(epoch: number, baseLr: number): number {
    const t = Math.min(epoch, this.totalIters) / this.totalIters
    return baseLr * (this.startFactor + (this.endFactor - this.startFactor) * t)
  }
}
