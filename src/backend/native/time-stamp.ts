/** The processor's time-stamp counter, and how long one of its ticks is. */
import { Assembler } from '../../codegen/emit/x86/assembler.js'
import { mem, rax, rdi, rdx } from '../../codegen/emit/x86/registers.js'
import type { OperatingSystem } from './os/os.js'

/** Shorter than this, the comparison with the system's clock is not exact enough. */
const leastMilliseconds = 20

/** Readings of both clocks, of which the closest one counts. */
const readings = 20

/** What both clocks show at about the same moment. */
export interface Moment {
  readonly ticks: number
  readonly milliseconds: number
}

/**
 * A moment on both clocks. The system may put the thread aside between the two readings, for longer than is measured
 * with them: of several, the one counts around which the least time passed.
 */
export function momentOf(ticks: () => number, milliseconds: () => number): Moment {
  let best: Moment = { ticks: 0, milliseconds: 0 }
  let least = Number.POSITIVE_INFINITY
  for (let i = 0; i < readings; i++) {
    const before = milliseconds()
    const between = ticks()
    const passed = milliseconds() - before
    if (passed >= least) continue
    least = passed
    best = { ticks: between, milliseconds: before + passed / 2 }
  }
  return best
}

export class TimeStamp {
  private readonly read: () => number
  private readonly first: Moment

  constructor(os: OperatingSystem) {
    const a = new Assembler({ avx512: false })
    a.emit('rdtscp', [])
    a.emit('shl', [rdx, 32])
    a.emit('or', [rax, rdx])
    a.emit('mov', [mem(rdi), rax])
    a.emit('ret', [])
    const stamp = os.callable(os.mapCode(a.finish()).address)
    const word = new BigUint64Array(1)
    const address = os.addressOf(word.buffer as ArrayBuffer)
    this.read = () => {
      stamp(address)
      return Number(word[0])
    }
    this.first = this.now()
  }

  /** Waits until enough time has passed since this was made. */
  secondsPerTick(): number {
    const { first } = this
    let last = this.now()
    while (last.milliseconds - first.milliseconds < leastMilliseconds) last = this.now()
    return (last.milliseconds - first.milliseconds) / 1000 / (last.ticks - first.ticks)
  }

  private now(): Moment {
    return momentOf(this.read, () => performance.now())
  }
}
