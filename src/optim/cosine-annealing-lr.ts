/**
 * Cosine annealing.
 */
import { checkOptions } from '../core/check-options.js'
import { ValueError } from '../core/errors.js'
import { LRScheduler, type Scheduled } from './lr-scheduler.js'

export interface CosineAnnealingLROptions {
  /** The smallest learning rate (default 0). */
  readonly etaMin?: number
}

/**
 * lr = etaMin + (base - etaMin) · (1 + cos(π t / tMax)) / 2: half a wave in tMax steps, then up again.
 * Loshchilov and Hutter, "SGDR" (2017), without restarts.
 */
export class CosineAnnealingLR extends LRScheduler {
  readonly tMax: number
  readonly etaMin: number

  constructor(optimizer: Scheduled, tMax: number, options: CosineAnnealingLROptions = {}) {
    super(optimizer)
    checkOptions<CosineAnnealingLROptions>('CosineAnnealingLR', options, { etaMin: true })
    const { etaMin = 0 } = options
    if (!(tMax > 0)) throw new ValueError(`CosineAnnealingLR: expected tMax above 0, got ${tMax}.`)
    this.tMax = tMax
    this.etaMin = etaMin
    this.apply()
  }

  protected override lrAt(epoch: number, baseLr: number): number {
    return this.etaMin + ((baseLr - this.etaMin) * (1 + Math.cos((Math.PI * epoch) / this.tMax))) / 2
  }
}
