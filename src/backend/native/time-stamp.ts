/** The processor's time-stamp counter, and how long one of its ticks is. */
import { Assembler } from '../../codegen/emit/x86/assembler.js'
import { mem, rax, rdi, rdx } from '../../codegen/emit/x86/registers.js'
import type { OperatingSystem } from './os/os.js'

/** Shorter than this, the comparison with the system's clock is not exact enough. */
const leastMilliseconds = 20

export class TimeStamp {
  private readonly read: () => number
  private readonly firstTicks: number
  private readonly firstMilliseconds: number

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
    // Once for practice.
    this.read()
    this.firstMilliseconds = performance.now()
    this.firstTicks = this.read()
  }

  /** Waits until enough time has passed since this was made. */
  secondsPerTick(): number {
    let milliseconds = performance.now() - this.firstMilliseconds
    while (milliseconds < leastMilliseconds) milliseconds = performance.now() - this.firstMilliseconds
    return milliseconds / 1000 / (this.read() - this.firstTicks)
  }
}
