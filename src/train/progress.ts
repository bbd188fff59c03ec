/**
 * Speed and remaining time of a training, from the times at which samples were finished.
 */

interface Mark {
  readonly time: number
  readonly samples: number
}

/** Rates over the last few seconds: the compilation of the first step does not count for long. */
export class ProgressMeter {
  private readonly total: number
  private readonly window: number
  private readonly marks: Mark[] = []

  /** `total` samples are to be done; the rate is that of the last `windowSeconds` (default 10). */
  constructor(total: number, done = 0, windowSeconds = 10) {
    this.total = total
    this.window = windowSeconds * 1000
    this.marks.push({ time: performance.now(), samples: done })
  }

  /** Notes that `samples` of the total are done, at `time` in milliseconds. */
  update(samples: number, time = performance.now()): void {
    this.marks.push({ time, samples })
    while (this.marks.length > 2 && time - this.marks[1].time > this.window) this.marks.shift()
  }

  /** Samples a second; 0 before anything was done. */
  get rate(): number {
    const first = this.marks[0]
    const last = this.marks[this.marks.length - 1]
    const elapsed = last.time - first.time
    return elapsed > 0 ? ((last.samples - first.samples) * 1000) / elapsed : 0
  }

  /** Seconds until the total is done, at the present rate; null while that is unknown. */
  get remainingSeconds(): number | null {
    const { rate } = this
    return rate > 0 ? (this.total - this.marks[this.marks.length - 1].samples) / rate : null
  }
}

/** Seconds as people read them: 42 s, 3:07, 1:02:09. */
export function formatSeconds(seconds: number): string {
  const whole = Math.max(0, Math.round(seconds))
  if (whole < 60) return `${whole} s`
  const two = (n: number): string => String(n).padStart(2, '0')
  const hours = Math.floor(whole / 3600)
  const minutes = Math.floor(whole / 60) % 60
  return hours > 0 ? `${hours}:${two(minutes)}:${two(whole % 60)}` : `${minutes}:${two(whole % 60)}`
}
