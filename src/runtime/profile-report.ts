/** Where the time of a compiled step went: its kernels with their work and the machine's limits, as table and trace. */
import type { CacheLevel, MachineLimits, ProfiledCommand, ProgramProfile } from '../backend/profile.js'
import { columns } from './profile-table.js'
import { chromeTraceOf, type TraceEvent } from './profile-trace.js'

/** One kernel, copy or host call of a step; all its rounds together. */
export interface ProfiledKernel {
  readonly name: string
  readonly kind: 'kernel' | 'copy' | 'call'
  /** Rounds a call of the step. */
  readonly calls: number
  /** Seconds a call of the step: on the thread that took longest. */
  readonly seconds: number
  /** The same if every round were as fast as the fastest: what a quiet machine would show. Rates are of this time. */
  readonly bestSeconds: number
  /** Share of the step's time. */
  readonly share: number
  /** Mean over the threads divided by the longest: 1 is even, 1/threads is one thread alone. */
  readonly balance: number
  /** Operations on floats, and bytes read and written, a call of the step. */
  readonly flops: number
  readonly bytes: number
  readonly gflops: number
  readonly gigabytes: number
  /** The time that the machine's limits would allow, divided by the best time; null where limits are not known. */
  readonly ofLimit: number | null
  /** What limits it: arithmetic, or the level of memory that its bytes fit in. */
  readonly limit: string | null
}

/** One program: a step has one a signature. */
export interface ProfiledProgram {
  readonly device: string
  readonly threads: number
  readonly runs: number
  /** Seconds a call: all of it, and its parts, which add up to it without those that are `best` or `least`. */
  readonly seconds: {
    readonly total: number
    readonly kernels: number
    /** What the kernels would take if every round were as fast as the fastest. */
    readonly bestKernels: number
    /** Threads waiting for each other, and the code between kernels. */
    readonly between: number
    /** The same of the thread that waits least, in the run that had the least of it. */
    readonly leastBetween: number
    /** From JavaScript into the program and back, the threads' start included. */
    readonly call: number
    /** Arguments, guards and results in JavaScript. */
    readonly javascript: number
  }
  /** Barriers a call, and seconds in them on the calling thread (they are part of `between` or of uneven kernels). */
  readonly barriers: { readonly count: number; readonly seconds: number }
  readonly flops: number
  readonly bytes: number
  readonly limits: MachineLimits | null
  /** The time that the limits would allow, a call; null where they are not known. */
  readonly limitSeconds: number | null
  /** The longest first. */
  readonly kernels: readonly ProfiledKernel[]
}

/** What a step's executable measured, and the time of its calls in JavaScript. */
export interface MeasuredProgram {
  readonly profile: ProgramProfile
  readonly totalSeconds: number
}

export class ProfileReport {
  /** One a signature of the step, the one that took longest first. */
  readonly programs: readonly ProfiledProgram[]
  private readonly measured: readonly MeasuredProgram[]

  constructor(measured: readonly MeasuredProgram[]) {
    this.measured = [...measured]
      .filter(({ profile }) => profile.runs > 0)
      .sort((a, b) => b.totalSeconds - a.totalSeconds)
    this.programs = this.measured.map(summarise)
  }

  /** A table of the kernels, the longest first, with totals. `limit`: rows at most (default all). */
  toString({ limit = Number.POSITIVE_INFINITY }: { readonly limit?: number } = {}): string {
    if (this.programs.length === 0) return 'The step has not run since it was profiled.\n'
    return this.programs.map((program) => tableOf(program, limit)).join('\n')
  }

  /** The last run of each program in Chrome's trace format: open the JSON text of it in chrome://tracing or Perfetto. */
  chromeTrace(): { traceEvents: TraceEvent[]; displayTimeUnit: 'ms' } {
    return chromeTraceOf(this.measured.map(({ profile }) => profile))
  }

  toJSON(): { programs: readonly ProfiledProgram[] } {
    return { programs: this.programs }
  }
}

const longest = ({ seconds }: ProfiledCommand): number => Math.max(...seconds)

function summarise({ profile, totalSeconds }: MeasuredProgram): ProfiledProgram {
  const { runs, limits, threads } = profile
  const groups = new Map<string, ProfiledCommand[]>()
  for (const command of profile.commands) {
    const { kind, kernel, name } = command
    if (kind !== 'kernel' && kind !== 'copy' && kind !== 'call') continue
    const key = kernel === null ? name : `${name} ${kernel}`
    const group = groups.get(key)
    if (group === undefined) groups.set(key, [command])
    else group.push(command)
  }
  const total = totalSeconds / runs
  const kernels = [...groups.values()]
    .map((group) => kernelRow(group, runs, total, limits))
    .sort((a, b) => b.seconds - a.seconds)
  const barriers = profile.commands.filter(({ kind }) => kind === 'barrier')
  const inKernels = sum(kernels.map(({ seconds }) => seconds))
  const inProgram = profile.programSeconds / runs
  const inCall = profile.callSeconds / runs
  return {
    device: profile.device,
    threads,
    runs,
    seconds: {
      total,
      kernels: inKernels,
      bestKernels: sum(kernels.map(({ bestSeconds }) => bestSeconds)),
      between: Math.max(0, inProgram - inKernels),
      leastBetween: profile.leastBetweenSeconds,
      call: Math.max(0, inCall - inProgram),
      javascript: Math.max(0, total - inCall),
    },
    barriers: {
      count: sum(barriers.map(({ calls }) => calls)) / runs,
      seconds: sum(barriers.map(({ seconds }) => seconds[0])) / runs,
    },
    flops: sum(kernels.map(({ flops }) => flops)),
    bytes: sum(kernels.map(({ bytes }) => bytes)),
    limits,
    limitSeconds:
      limits === null ? null : sum(kernels.map(({ bestSeconds, ofLimit }) => bestSeconds * (ofLimit ?? 0))),
    kernels,
  }
}

const sum = (list: readonly number[]): number => list.reduce((a, b) => a + b, 0)

function kernelRow(
  group: readonly ProfiledCommand[],
  runs: number,
  total: number,
  limits: MachineLimits | null,
): ProfiledKernel {
  const [{ name, kind, flops, doubleFlops, bytes }] = group
  const rounds = sum(group.map(({ calls }) => calls)) / runs
  const seconds = sum(group.map(longest)) / runs
  // Where threads took turns in doing all of the work, the longest in each round is more than either's mean.
  const bestSeconds = Math.min(seconds, sum(group.map((c) => c.fastest * c.calls)) / runs)
  const mean = sum(group.map((c) => sum(c.seconds) / c.seconds.length)) / runs
  let ofLimit: number | null = null
  let limit: string | null = null
  if (limits !== null && bestSeconds > 0) {
    const arithmetic = (flops + doubleFlops) / limits.flops
    const level = levelOf(bytes, limits)
    const memory = bytes / level.bandwidth
    limit = arithmetic >= memory ? 'arithmetic' : level.name
    ofLimit = (Math.max(arithmetic, memory) * rounds) / bestSeconds
  }
  return {
    name,
    kind: kind as ProfiledKernel['kind'],
    calls: rounds,
    seconds,
    bestSeconds,
    share: total > 0 ? seconds / total : 0,
    balance: seconds > 0 ? mean / seconds : 1,
    flops: flops * rounds,
    bytes: sum(group.map((c) => c.bytes * c.calls)) / runs,
    gflops: bestSeconds > 0 ? (flops * rounds) / bestSeconds / 1e9 : 0,
    gigabytes: bestSeconds > 0 ? (bytes * rounds) / bestSeconds / 1e9 : 0,
    ofLimit,
    limit,
  }
}

/** The nearest level that holds what a kernel touches. The first is skipped: another kernel ran in between. */
function levelOf(bytes: number, { levels }: MachineLimits): CacheLevel {
  return levels.slice(1).find((level) => bytes <= level.bytes) ?? levels[levels.length - 1]
}

const milliseconds = (seconds: number): string => (seconds * 1000).toFixed(3)
const percents = (share: number): string => (100 * share).toFixed(1)
const millions = (n: number): string => (n / 1e6).toFixed(n >= 1e8 ? 0 : n >= 1e6 ? 1 : 3)

function tableOf(program: ProfiledProgram, limit: number): string {
  const { seconds, kernels, runs, threads, device, barriers, limitSeconds } = program
  const rows = kernels
    .slice(0, limit)
    .map((k) => [
      k.name,
      Number.isInteger(k.calls) ? String(k.calls) : k.calls.toFixed(1),
      milliseconds(k.seconds),
      percents(k.share),
      milliseconds(k.bestSeconds),
      millions(k.flops),
      millions(k.bytes),
      k.gflops.toFixed(1),
      k.gigabytes.toFixed(1),
      threads === 1 ? '' : percents(k.balance),
      k.ofLimit === null ? '' : percents(k.ofLimit),
      k.limit ?? '',
    ])
  const rest = kernels.slice(limit)
  const part = (name: string, time: number): string[] => [
    name,
    '',
    milliseconds(time),
    percents(seconds.total > 0 ? time / seconds.total : 0),
  ]
  if (rest.length > 0) rows.push(part(`${rest.length} more`, sum(rest.map((k) => k.seconds))))
  const whole: string[][] = [
    [
      ...part(`all ${kernels.length} kernels`, seconds.kernels),
      milliseconds(seconds.bestKernels),
      millions(program.flops),
      millions(program.bytes),
      (program.flops / (seconds.bestKernels || 1) / 1e9).toFixed(1),
      (program.bytes / (seconds.bestKernels || 1) / 1e9).toFixed(1),
      '',
      limitSeconds === null ? '' : percents(limitSeconds / (seconds.bestKernels || 1)),
    ],
    part('between kernels', seconds.between),
    part('call of the program', seconds.call),
    part('JavaScript', seconds.javascript),
    part('step', seconds.total),
  ]
  const head = [
    'kernel',
    'calls',
    'ms',
    '% of step',
    'best ms',
    'Mflop',
    'MB',
    'Gflop/s',
    'GB/s',
    threads === 1 ? '' : '% balance',
    program.limits === null ? '' : '% of limit',
    program.limits === null ? '' : 'limit',
  ]
  const notes = [`${device}. ${runs} runs; figures are a run's, rates those of each kernel's fastest round.`]
  if (threads > 1) {
    notes.push(
      `${barriers.count.toFixed(0)} barriers, ${milliseconds(barriers.seconds)} ms in them on the calling thread, ` +
        'waiting for uneven kernels included.',
    )
  }
  return `${notes.join('\n')}\n${columns([head, ...rows], whole)}`
}
