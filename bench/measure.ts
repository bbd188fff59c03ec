// The measuring loop of the contenders that run in Node: losses first, then timed steps, then the reply.
import { existsSync, readFileSync } from 'node:fs'
import { performance } from 'node:perf_hooks'
import { type ModelArrays, readArrayFile } from './data/array-file.js'
import type { BenchReply, BenchRequest } from './protocol.js'

/** One whole training step: forward, backward, update. It resolves to the loss before the update. */
export type TrainingStep = () => Promise<number>

/** What a contender has to bring. */
export interface Contender {
  readonly version: string
  readonly config: string
  /** The models that it has, where it has not all. */
  readonly models?: readonly string[]
  /** Prepares model and optimizer outside the timed part. */
  readonly prepare: (request: BenchRequest, arrays: ModelArrays) => Promise<TrainingStep>
  /** Turns an error that means "this library cannot train this model" into its reason; null for any other error. */
  readonly reasonOf: (error: unknown) => string | null
}

/** The most memory that this process has had resident. Linux' VmHWM: `maxRSS` starts with the parent's. */
export function peakBytes(): number {
  const file = '/proc/self/status'
  const found = existsSync(file) ? /^VmHWM:\s*(\d+) kB/m.exec(readFileSync(file, 'utf8')) : null
  return 1024 * (found === null ? process.resourceUsage().maxRSS : Number(found[1]))
}

/** What a peer says that has no version of a model. */
const notWritten = 'no version of this model is written'

async function measure(contender: Contender, request: BenchRequest): Promise<BenchReply> {
  const { version, config } = contender
  try {
    if (contender.models !== undefined && !contender.models.includes(request.model))
      return { kind: 'unsupported', version, reason: notWritten }
    const step = await contender.prepare(request, readArrayFile(request.arrays))
    const losses: number[] = []
    const times: number[] = []
    let begin = performance.now()
    const goesOn = (done: number, least: number, most: number, budgetMs: number): boolean =>
      done < most && (done < least || performance.now() - begin < budgetMs)
    while (goesOn(losses.length, 3, request.lossSteps, request.lossBudgetMs)) losses.push(await step())
    begin = performance.now()
    while (goesOn(times.length, request.minSteps, request.maxSteps, request.budgetMs)) {
      const start = performance.now()
      await step()
      times.push(performance.now() - start)
    }
    return { kind: 'measured', version, config, losses, times, peakBytes: peakBytes() }
  } catch (error) {
    const reason = contender.reasonOf(error)
    if (reason === null) throw error
    return { kind: 'unsupported', version, reason }
  }
}

/** Reads the request from standard input, measures, writes the reply and ends the process. */
export async function serve(start: (request: BenchRequest) => Promise<Contender>): Promise<void> {
  let text = ''
  for await (const chunk of process.stdin) text += chunk
  const request = JSON.parse(text) as BenchRequest
  const reply = await measure(await start(request), request)
  process.stdout.write(`\n${JSON.stringify(reply)}\n`, () => process.exit(0))
}
