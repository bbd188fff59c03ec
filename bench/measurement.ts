// One contender on one model: every configuration, several rounds, the best configuration's median.
import { lossDifference } from './compare.js'
import { type Contender, configurationsOf } from './contenders.js'
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

/**
 * Measures one process after the other. The losses come from the first configuration's first round; the other processes
 * only warm up, with losses that must agree with them. A configuration that is 1.5 times slower than the best one after
 * the first round is not run again.
 */
export async function measureContender(
  contender: Contender,
  request: BenchRequest,
  rounds: number,
  options: LaunchOptions,
): Promise<Measurement> {
  const runs = configurationsOf(contender, request.model).map((configuration) => ({
    configuration,
    replies: [] as Measured[],
    medians: [] as number[],
  }))
  let losses: readonly number[] = []
  try {
    for (let round = 0; round < rounds; round++) {
      const best = Math.min(...runs.map(({ medians }) => median(medians)).filter(Number.isFinite))
      for (const { configuration, replies, medians } of runs) {
        if (round > 0 && median(medians) > 1.5 * best) continue
        const asked = losses.length === 0 ? request : { ...request, lossSteps: warmUpSteps }
        const reply = await launch(contender, configuration, asked, options)
        if (reply.kind === 'unsupported') {
          return { ...nothing, version: reply.version, reason: reply.reason }
        }
        if (losses.length === 0) losses = reply.losses
        const label = configuration.label ?? 'another process'
        const problem = lossDifference(losses, reply.losses, label, contender.name)
        if (problem !== null) throw new Error(problem)
        replies.push(reply)
        medians.push(median(reply.times))
      }
    }
  } catch (error) {
    return { ...nothing, error: (error as Error).message }
  }
  const fastest = runs.reduce((best, run) => (median(run.medians) < median(best.medians) ? run : best))
  const [first] = fastest.replies
  return {
    ms: median(fastest.medians),
    version: first.version,
    config: fastest.configuration.label ?? first.config ?? null,
    losses,
    peakBytes: Math.max(...fastest.replies.map((reply) => reply.peakBytes)),
  }
}
