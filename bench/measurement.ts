// One contender on one model: every configuration, several rounds, the best configuration's median.
import type { Contender } from './contenders.js'
import { type LaunchOptions, launch } from './launch.js'
import type { BenchRequest, Measured } from './protocol.js'

/** What a contender reached; `ms` is null when it could not, and then `reason` or `error` says why. */
export interface Measurement {
  readonly ms: number | null
  readonly version: string | null
  readonly config: string | null
  readonly losses: readonly number[]
  readonly reason?: string
  readonly error?: string
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b)
  const middle = sorted.length >> 1
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2
}

/**
 * Measures one process after the other. The losses come from the first round; later rounds only warm up. A
 * configuration that is 1.5 times slower than the best one after the first round is not run again.
 */
export async function measureContender(
  contender: Contender,
  request: BenchRequest,
  rounds: number,
  options: LaunchOptions,
): Promise<Measurement> {
  const runs = contender.configurations.map((configuration) => ({
    configuration,
    replies: [] as Measured[],
    medians: [] as number[],
  }))
  try {
    for (let round = 0; round < rounds; round++) {
      const best = Math.min(...runs.map(({ medians }) => median(medians)).filter(Number.isFinite))
      for (const { configuration, replies, medians } of runs) {
        if (round > 0 && median(medians) > 1.5 * best) continue
        const asked = round === 0 ? request : { ...request, lossSteps: 3 }
        const reply = await launch(contender, configuration, asked, options)
        if (reply.kind === 'unsupported') {
          return { ms: null, version: reply.version, config: null, losses: [], reason: reply.reason }
        }
        replies.push(reply)
        medians.push(median(reply.times))
      }
    }
  } catch (error) {
    return { ms: null, version: null, config: null, losses: [], error: (error as Error).message }
  }
  const fastest = runs.reduce((best, run) => (median(run.medians) < median(best.medians) ? run : best))
  const [first] = fastest.replies
  return {
    ms: median(fastest.medians),
    version: first.version,
    config: fastest.configuration.label ?? first.config ?? null,
    losses: first.losses,
  }
}
