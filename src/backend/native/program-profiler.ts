/** The records that a profiled program's code adds to, and what they say. */
import { type ProfileSite, siteOffsets } from '../../codegen/emit/x86/profile-sites.js'
import { type KernelCost, kernelCost } from '../../codegen/kernel-cost.js'
import { optimise } from '../../codegen/optimise.js'
import type { Program } from '../../codegen/program.js'
import type { MachineMeasurement, ProfiledCommand, ProgramProfile, Span } from '../profile.js'
import type { Address } from './os/os.js'
import type { TimeStamp } from './time-stamp.js'

const wordsPerSite = siteOffsets.bytes / 8
export class ProgramProfiler {
  private readonly program: Program
  private readonly sites: readonly ProfileSite[]
  private readonly clock: TimeStamp
  private readonly records: BigUint64Array<ArrayBuffer>[]
  private readonly addresses: BigUint64Array<ArrayBuffer>
  private costs: readonly KernelCost[] | null = null
  /**
   * When the run before the last one ended, and the last one; threads are awaited between them. The first one's threads may
   * begin a little before the stamp that all are counted from.
   */
  private since = Number.NEGATIVE_INFINITY
  private ended = -(2 ** 33)
  /** When the first thread began the last run. */
  private origin = 0
  /** The first stamp that was read, upper and lower half: all others are counted from it. */
  private zero: readonly [number, number] | null = null
  /** The records in halves of their words. */
  private readonly words: readonly Uint32Array[]
  /** Ticks of each site's fastest round. */
  private readonly fastest: Float64Array
  /** Ticks of each site in all runs, by thread, as they were after the last one. */
  private readonly spent: readonly Float64Array[]
  /** Ticks of the last run in none of its kernels, by thread. */
  private readonly beside: Float64Array
  /** The same of the thread that had the fewest in the run that had the fewest. */
  private leastBetween = Number.POSITIVE_INFINITY
  private callMilliseconds = 0
  /** Of reading the last run's stamps, which a step that is not profiled does not. */
  readingMilliseconds = 0

  constructor(
    program: Program,
    sites: readonly ProfileSite[],
    threads: number,
    clock: TimeStamp,
    locate: (buffer: ArrayBuffer) => Address,
  ) {
    this.program = program
    this.sites = sites
    this.clock = clock
    this.records = Array.from({ length: threads }, () => new BigUint64Array(sites.length * wordsPerSite))
    this.words = this.records.map(({ buffer }) => new Uint32Array(buffer))
    this.fastest = new Float64Array(sites.length)
    this.beside = new Float64Array(threads)
    this.spent = this.records.map(() => new Float64Array(sites.length))
    this.addresses = BigUint64Array.from(this.records, (words) => BigInt(locate(words.buffer)))
    this.reset()
  }

  /** The word that the context points to: one address a thread. */
  get table(): ArrayBuffer {
    return this.addresses.buffer
  }

  /** After each run: reads its stamps. Whole numbers, no BigInts, and its own time is counted apart. */
  addCall(milliseconds: number): void {
    const start = performance.now()
    this.callMilliseconds += milliseconds
    this.readStamps()
    this.readingMilliseconds = performance.now() - start
  }

  private readStamps(): void {
    this.zero ??= [this.words[0][siteOffsets.begin / 4 + 1], this.words[0][siteOffsets.begin / 4]]
    this.since = this.ended
    this.origin = Number.POSITIVE_INFINITY
    for (const words of this.words) {
      const begin = this.ticksAt(words, siteOffsets.begin)
      if (begin <= this.since) continue
      this.origin = Math.min(this.origin, begin)
      this.ended = Math.max(this.ended, this.ticksAt(words, siteOffsets.end))
    }
    this.beside.fill(0)
    for (let i = 0; i < this.sites.length; i++) {
      const at = i * siteOffsets.bytes
      const { kind } = this.sites[i]
      const sign = kind === 'run' ? 1 : kind === 'kernel' || kind === 'copy' || kind === 'call' ? -1 : 0
      let longest = 0
      for (let thread = 0; thread < this.words.length; thread++) {
        const words = this.words[thread]
        const begin = this.ticksAt(words, at + siteOffsets.begin)
        if (begin > this.since) longest = Math.max(longest, this.ticksAt(words, at + siteOffsets.end) - begin)
        const ticks = wordAt(words, at + siteOffsets.cycles)
        this.beside[thread] += sign * (ticks - this.spent[thread][i])
        this.spent[thread][i] = ticks
      }
      if (longest > 0) this.fastest[i] = Math.min(this.fastest[i], longest)
    }
    this.leastBetween = Math.min(this.leastBetween, ...this.beside)
  }

  /** A stamp as ticks since the first one that was read; a number far below zero where there is none yet. */
  private ticksAt(words: Uint32Array, offset: number): number {
    const [high, low] = this.zero!
    return (words[offset / 4 + 1] - high) * 2 ** 32 + (words[offset / 4] - low)
  }

  /** Ticks from the begin of the last run to the stamps of its last round; null where the thread took no part in it. */
  private stampsOf(words: Uint32Array, number: number): Span | null {
    const at = number * siteOffsets.bytes
    const begin = this.zero === null ? this.since : this.ticksAt(words, at + siteOffsets.begin)
    if (begin <= this.since) return null
    return { begin: begin - this.origin, end: this.ticksAt(words, at + siteOffsets.end) - this.origin }
  }

  reset(): void {
    for (const words of this.records) words.fill(0n)
    this.fastest.fill(Number.POSITIVE_INFINITY)
    for (const ticks of this.spent) ticks.fill(0)
    this.leastBetween = Number.POSITIVE_INFINITY
    this.callMilliseconds = 0
  }

  read(device: string, machine: MachineMeasurement): ProgramProfile {
    const tick = this.clock.secondsPerTick()
    this.costs ??= this.program.kernels.map((kernel) => kernelCost(optimise(kernel)))
    const [main] = this.records
    const runs = Number(main[siteOffsets.count / 8])
    return {
      device,
      threads: this.records.length,
      runs,
      programSeconds: Number(main[siteOffsets.cycles / 8]) * tick,
      leastBetweenSeconds: runs === 0 ? 0 : this.leastBetween * tick,
      callSeconds: this.callMilliseconds / 1000,
      commands: this.sites.map((site, i) => this.command(site, i, tick)),
      limits: this.records.length === 1 ? machine.one : machine.all,
    }
  }

  private command(site: ProfileSite, number: number, tick: number): ProfiledCommand {
    const at = (words: BigUint64Array, offset: number): bigint => words[number * wordsPerSite + offset / 8]
    const spanOf = (words: Uint32Array): Span | null => {
      const span = this.stampsOf(words, number)
      return span === null ? null : { begin: span.begin * tick, end: span.end * tick }
    }
    const ticks = this.fastest[number]
    return {
      kind: site.kind,
      ...this.describe(site),
      calls: Math.max(...this.records.map((words) => Number(at(words, siteOffsets.count)))),
      seconds: this.records.map((words) => Number(at(words, siteOffsets.cycles)) * tick),
      fastest: ticks === Number.POSITIVE_INFINITY ? 0 : ticks * tick,
      last: this.words.map(spanOf),
    }
  }

  private describe(
    site: ProfileSite,
  ): Pick<ProfiledCommand, 'name' | 'kernel' | 'flops' | 'doubleFlops' | 'bytes'> {
    const nothing = { kernel: null, flops: 0, doubleFlops: 0, bytes: 0 }
    switch (site.kind) {
      case 'kernel': {
        const { flops, doubleFlops, bytesRead, bytesWritten } = this.costs![site.kernel]
        return {
          name: this.program.kernels[site.kernel].name,
          kernel: site.kernel,
          flops,
          doubleFlops,
          bytes: bytesRead + bytesWritten,
        }
      }
      case 'copy':
        return { ...nothing, name: 'copy', bytes: 2 * site.bytes }
      case 'call':
        return { ...nothing, name: 'host call' }
      default:
        return { ...nothing, name: site.kind }
    }
  }
}

/** A word of a record as a number. */
const wordAt = (words: Uint32Array, offset: number): number =>
  words[offset / 4 + 1] * 2 ** 32 + words[offset / 4]
