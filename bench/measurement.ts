// One contender on one model: every configuration, several rounds, the best configuration's median.
import { lossDifference } from './compare.js'
import { type Configuration, type Contender, configurationsOf } from './contenders.js'
import { type LaunchOptions, launch } from './launch.js'
import type { BenchRequest, Measured } from './protocol.js'

/** What a contender reached; `ms` is null when it could not, and then `reason` or `error` says why. */
export interface Measurement {
  readonly ms: number | null
  readonly version: string | null
  readonly config: string | null
  readonly losses: readonly number[]
  /** The largest peak of resident memory of the best configuration's processes. */
  readonly peakBytes: number | null
  readonly reason?: string
  readonly error?: string
}

/** What processes after the first one do before steps are timed. */
const warmUpSteps = 5

/** Of a contender without a time. */
export const nothing: Measurement = { ms: null, version: null, config: null, losses: [], peakBytes: null }

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b)
  const middle = sorted.length >> 1
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2
}

/** The processes of one configuration. */
interface Runs {
  readonly configuration: Configuration
  readonly replies: Measured[]
  readonly medians: number[]
}

/**
 * A contender's processes, one after the other. The losses come from the first configuration's first round; the other
 * processes only warm up, with losses that must agree with them.
 */
export class ContenderRuns {
  private readonly contender: Contender
  private readonly request: BenchRequest
  private readonly options: LaunchOptions
  private readonly runs: readonly Runs[]
  private losses: readonly number[] = []
  /** Why there is no time, and nothing more is run. */
  private failed: Measurement | null = null

  constructor(contender: Contender, request: BenchRequest, options: LaunchOptions) {
    this.contender = contender
    this.request = request
    this.options = options
    this.runs = configurationsOf(contender, request.model).map((configuration) => ({
      configuration,
      replies: [],
      medians: [],
    }))
  }

  /** One process of every configuration but those that were 1.5 times slower than the best one in the rounds before. */
  async round(): Promise<void> {
    const best = Math.min(...this.runs.map(({ medians }) => median(medians)).filter(Number.isFinite))
    for (const run of this.runs) {
      if (this.failed !== null) return
      if (run.medians.length > 0 && median(run.medians) > 1.5 * best) continue
      await this.measure(run).catch((error: Error) => {
        this.failed = { ...nothing, error: error.message }
      })
    }
  }

  /** The best configuration's median over its rounds. */
  get result(): Measurement {
    if (this.failed !== null) return this.failed
    const fastest = this.runs.reduce((best, run) => (median(run.medians) < median(best.medians) ? run : best))
    const [first] = fastest.replies
    return {
      ms: median(fastest.medians),
      version: first.version,
      config: fastest.configuration.label ?? first.config ?? null,
      losses: this.losses,
      peakBytes: Math.max(...fastest.replies.map((reply) => reply.peakBytes)),
    }
  }

  private async measure({ configuration, replies, medians }: Runs): Promise<void> {
    const { contender, request, losses } = this
    const asked = losses.length === 0 ? request : { ...request, lossSteps: warmUpSteps }
    const reply = await launch(contender, configuration, asked, this.options)
    if (reply.kind === 'unsupported') {
      this.failed = { ...nothing, version: reply.version, reason: reply.reason }
      return
    }
    if (losses.length === 0) this.losses = reply.losses
    const label = configuration.label ?? 'another process'
    const problem = lossDifference(this.losses, reply.losses, label, contender.name)
    if (problem !== null) throw new Error(problem)
    replies.push(reply)
    medians.push(median(reply.times))
  }
}
