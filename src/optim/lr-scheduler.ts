/**
 * The base of the learning-rate schedules: a formula of the step number that sets the slots of an optimizer.
 */
import { ValueError } from '../core/errors.js'

/** What a schedule needs of an optimizer. */
export interface Scheduled {
  readonly paramGroups: readonly { lr: number }[]
}

/**
 * Sets the learning rate when made and at each `step()`. Call `step()` after `optimizer.step()`, outside of compiled
 * steps (once a step or once an epoch, as the schedule counts). Setting a learning rate compiles nothing.
 */
export abstract class LRScheduler {
  readonly optimizer: Scheduled
  /** Number of `step()` calls so far. */
  lastEpoch = 0
  /** The learning rates that the optimizer had. */
  protected baseLrs: number[]

  constructor(optimizer: Scheduled) {
    this.optimizer = optimizer
    this.baseLrs = optimizer.paramGroups.map((group) => group.lr)
  }

  /** The learning rate after `epoch` steps for a group that began with `baseLr`. */
  protected abstract lrAt(epoch: number, baseLr: number): number

  /** Moves on by one. */
  step(): void {
    this.lastEpoch++
    this.apply()
  }

  /** Sets the learning rates of the present step. Subclasses call it at the end of their constructors. */
  protected apply(): void {
    this.optimizer.paramGroups.forEach((group, i) => {
      group.lr = this.lrAt(this.lastEpoch, this.baseLrs[i])
    })
  }

  /** The learning rates now, one a group. */
  get lastLr(): number[] {
    return this.baseLrs.map((base) => this.lrAt(this.lastEpoch, base))
  }

  /** Where the schedule is. */
  stateDict(): { lastEpoch: number; baseLrs: number[] } {
    return { lastEpoch: this.lastEpoch, baseLrs: [...this.baseLrs] }
  }

  /** Goes on where `stateDict` was taken, and sets the learning rates. */
  loadStateDict({ lastEpoch, baseLrs }: { lastEpoch: number; baseLrs: readonly number[] }): void {
    if (baseLrs.length !== this.baseLrs.length) {
      throw new ValueError(
        `loadStateDict of ${this.constructor.name}: expected ${this.baseLrs.length} parameter groups, got ${baseLrs.length}.`,
      )
    }
    this.lastEpoch = lastEpoch
    this.baseLrs = [...baseLrs]
    this.apply()
  }
}
