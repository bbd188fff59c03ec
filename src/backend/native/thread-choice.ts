/**
 * Whether a program's next run takes all threads or one. On a busy machine every meeting of threads waits for one that
 * the system has put aside, and the caller alone is faster; results do not depend on it. The two are compared after the
 * first runs, but for long ones, and again when a run takes much longer than the best one.
 */

/** A shared run this many times as slow as the best one is suspicious. */
const suspicious = 2.5
/** Milliseconds from which threads meet seldom enough to gain by sharing whatever else goes on. */
const longRun = 50
/** Runs alone before shared ones are tried again; doubles while they stay slower. */
const firstPatience = 8
const longestPatience = 256
/** Runs alone end early when they have taken so many times what shared ones lost: long programs lose little by trying. */
const worthAttempts = 10
const worthChance = 2
/** One slow run is chance: of so many shared ones after runs alone, one has to be as fast. */
const mostAttempts = 3

export class ThreadChoice {
  private bestShared = Number.POSITIVE_INFINITY
  private lastAlone = Number.POSITIVE_INFINITY
  private patience = firstPatience
  /** Runs alone that are left; 0: shared. */
  private alone = 0
  /** Milliseconds after which they end before their number does. */
  private aloneMilliseconds = 0
  /** Shared runs that are left to be faster than the last ones alone. */
  private attempts = 0
  /** Milliseconds by which these took longer. */
  private lost = 0
  /** Shared runs until the first comparison. */
  private untilFirst = 4

  /** True: the next run should take one thread. */
  get single(): boolean {
    return this.alone > 0
  }

  /** Records how long a run took with the threads that `single` asked for. */
  ran(milliseconds: number): void {
    if (this.alone > 0) {
      // The first run after a change finds other caches: the best of the last ones counts.
      this.lastAlone = Math.min(milliseconds, this.lastAlone * 1.05)
      this.alone--
      this.aloneMilliseconds -= milliseconds
      if (this.aloneMilliseconds <= 0) this.alone = 0
      if (this.alone === 0) {
        this.attempts = mostAttempts
        this.lost = 0
      }
      return
    }
    const slow = milliseconds > suspicious * this.bestShared
    const over = milliseconds - this.bestShared
    this.bestShared = Math.min(this.bestShared, milliseconds)
    if (this.attempts > 0) {
      this.attempts--
      if (milliseconds <= this.lastAlone) {
        this.attempts = 0
        this.patience = firstPatience
        this.lastAlone = Number.POSITIVE_INFINITY
        return
      }
      this.lost += milliseconds - this.lastAlone
      if (this.attempts > 0) return
      this.patience = Math.min(longestPatience, 2 * this.patience)
      this.stayAlone(this.patience, worthAttempts * this.lost)
    } else if (slow) this.stayAlone(this.patience, worthChance * over)
    else if (this.untilFirst > 0 && --this.untilFirst === 0 && this.bestShared < longRun)
      this.stayAlone(2, Number.POSITIVE_INFINITY)
  }

  private stayAlone(runs: number, milliseconds: number): void {
    this.alone = runs
    this.aloneMilliseconds = milliseconds
  }
}
