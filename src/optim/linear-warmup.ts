/**
 * Linear warm-up, and linear decay to zero after it.
 */
import { checkOptions } from '../core/check-options.js'
import { ValueError } from '../core/errors.js'
import { LRScheduler, type Scheduled } from './lr-scheduler.js'

export interface LinearWarmupOptions {
  /** The step at which the learning rate has come down to 0; by default it stays at its base after the warm-up. */
  readonly totalSteps?: number
}

/** lr = base · t / warmupSteps up to warmupSteps, then base, or base · (totalSteps - t) / (totalSteps - warmupSteps). */
export class LinearWarmup extends LRScheduler {
  readonly warmupSteps: number
  readonly totalSteps: number | null

  constructor(optimizer: Scheduled, warmupSteps: number, options: LinearWarmupOptions = {}) {
    super(optimizer)
    checkOptions<LinearWarmupOptions>('LinearWarmup', options, { totalSteps: true })
    const { totalSteps } = options
    if (!(warmupSteps >= 0) || (totalSteps !== undefined && totalSteps <= warmupSteps)) {
      throw new ValueError(
        `LinearWarmup: expected 0 ≤ warmupSteps < totalSteps, got ${warmupSteps} and ${totalSteps ?? 'none'}.`,
      )
    }
    this.warmupSteps = warmupSteps
    this.totalSteps = totalSteps ?? null
    this.apply()
  }

  protected override lrAt(epoch: number, baseLr: number): number {
    if (epoch < this.warmupSteps) return (baseLr * epoch) / this.warmupSteps
    if (this.totalSteps === null) return baseLr
    return (baseLr * Math.max(0, this.totalSteps - epoch)) / (this.totalSteps - this.warmupSteps)
  }
}
