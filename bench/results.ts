// bench/RESULTS.md: the table of all measurements, and where the time of our own steps goes. Generated, never edited.
import { cpus } from 'node:os'
import { row as line } from './markdown.js'
import { aimLines, type SmallResult, sectionLines } from './sections.js'
import type { BenchRow } from './table.js'

/** Peer's time / ours that the project wants to reach at least, by model; the peer is PyTorch 1.13 unless named. */
export const targets: Readonly<Record<string, Readonly<Record<string, number>>>> = {
  mlp: { pytorch: 1.5 },
  lenet5: { pytorch: 3 },
  'resnet18-cifar': { pytorch: 2 },
  'mobilenetv2-cifar': { pytorch: 2 },
  lstm: { pytorch: 1.6 },
  'transformer-encoder': { pytorch: 1.3 },
  gpt: { pytorch: 1.3 },
  gcn: { pytorch: 3 },
  'resnet18-inference': { pytorch: 1.5, onnxruntime: 1.2 },
}

/** What `bench/profile.ts --json` prints of a model, as far as it is used here. */
export interface ModelProfile {
  readonly model: string
  readonly programs: readonly {
    readonly device: string
    readonly threads: number
    readonly seconds: Readonly<
      Record<'total' | 'kernels' | 'between' | 'leastBetween' | 'call' | 'javascript', number>
    >
    readonly flops: number
    readonly bytes: number
    readonly limitSeconds: number | null
    readonly kernels: readonly {
      readonly name: string
      readonly calls: number
      readonly seconds: number
      readonly bestSeconds: number
      readonly share: number
      readonly balance: number
      readonly gflops: number
      readonly gigabytes: number
      readonly ofLimit: number | null
      readonly limit: string | null
    }[]
  }[]
}

export interface ResultsInput {
  readonly command: string
  readonly rows: readonly BenchRow[]
  /** A profile, or why there is none, by model. */
  readonly profiles: readonly (ModelProfile | { readonly model: string; readonly problem: string })[]
  /** What the small benchmarks gave. */
  readonly small: readonly SmallResult[]
  readonly descriptions: ReadonlyMap<string, string>
}

const number = (value: number | null, digits = 2): string => (value === null ? '–' : value.toFixed(digits))
const milliseconds = (value: number | null): string =>
  value === null ? '–' : value >= 100 ? value.toFixed(0) : value >= 10 ? value.toFixed(1) : value.toFixed(3)
const percent = (share: number | null): string => (share === null ? '–' : `${(100 * share).toFixed(0)} %`)
const megabytes = (value: number | null): string => (value === null ? '–' : value.toFixed(0))

/** Whether a row reaches what is wanted of it; null where nothing is. */
function reachesTarget({ name, peer, ratio }: BenchRow): boolean | null {
  const target = peer === null ? undefined : targets[name]?.[peer]
  return target === undefined || ratio === null ? null : ratio >= target
}

function table(rows: readonly BenchRow[]): string[] {
  const out = [
    line([
      'model',
      'ours, ms',
      'peer',
      'version',
      'configuration',
      'peer, ms',
      'ratio',
      'wanted',
      '',
      'ours, MB',
      'peer, MB',
    ]),
    '|---|---:|---|---|---|---:|---:|---:|---|---:|---:|',
  ]
  // Peers that cannot take part are told below the table, once.
  for (const row of rows.filter(({ reason, error }) => reason === undefined || error !== undefined)) {
    const target = row.peer === null ? undefined : targets[row.name]?.[row.peer]
    const reached = reachesTarget(row)
    const verdict =
      row.error !== undefined ? `FAILED: ${row.error}` : reached === null ? '' : reached ? 'reached' : 'short'
    out.push(
      line([
        `\`${row.name}\``,
        milliseconds(row.ms),
        row.peer ?? '–',
        row.peerVersion ?? '–',
        row.peerConfig ?? '–',
        milliseconds(row.peerMs),
        number(row.ratio),
        target === undefined ? '' : number(target, 1),
        verdict,
        megabytes(row.mb),
        megabytes(row.peerMb),
      ]),
    )
  }
  return out
}

/** What the profile says of the models that fall short of a peer. */
function shortModels(rows: readonly BenchRow[], profiles: ResultsInput['profiles']): string[] {
  const short = rows.filter((row) => row.error === undefined && reachesTarget(row) === false)
  const lines = short.map(({ name, peer, ms }) => {
    const profile = profiles.find(({ model }) => model === name)
    if (profile === undefined || 'problem' in profile || profile.programs.length === 0)
      return `- \`${name}\` beside ${peer}: there is no profile that tells.`
    const [{ kernels, limitSeconds }] = profile.programs
    const best = kernels.reduce((sum, k) => sum + k.bestSeconds, 0)
    const far = kernels.filter(({ limit }) => limit === 'L3' || limit === 'memory')
    const share = far.reduce((sum, k) => sum + k.bestSeconds, 0) / (best || 1)
    const limit =
      limitSeconds === null ? '' : ` (${milliseconds(1000 * limitSeconds)} at the machine's limits)`
    return (
      `- \`${name}\` beside ${peer}: a step took ${milliseconds(ms)} ms, and would take ${milliseconds(1000 * best)} if each kernel were ` +
      `always as fast as in its fastest round${limit}; ${percent(share)} of that in kernels bound by the L3 cache or memory, ` +
      'which this machine shares with others.'
    )
  })
  return lines.length === 0 ? [] : ['', 'Why models fall short:', '', ...lines]
}

/** Why peers have no row of some models, one line a peer and reason. */
function absences(rows: readonly BenchRow[]): string[] {
  const groups = new Map<string, string[]>()
  for (const { name, peer, reason, error } of rows) {
    if (reason === undefined || error !== undefined) continue
    const key = `${peer}: ${reason.replaceAll('\n', ' ')}`
    groups.set(key, [...(groups.get(key) ?? []), `\`${name}\``])
  }
  if (groups.size === 0) return []
  return ['', 'Without a row:', '', ...[...groups].map(([key, names]) => `- ${key} (${names.join(', ')})`)]
}

/** A line of the table of aims, and why it is short where it is. */
interface Judged {
  readonly line: string
  readonly why: string | null
}

/** Whether a training of ours holds no more memory than PyTorch's. */
function memoryLine(rows: readonly BenchRow[]): Judged {
  const aim = 'peak resident memory of `resnet18-cifar`, MB'
  const row = rows.find(({ name, peer }) => name === 'resnet18-cifar' && peer === 'pytorch')
  if (row === undefined || row.mb === null || row.peerMb === null)
    return {
      line: line([aim, "≤ PyTorch's", '–', '–', row?.error ?? row?.reason ?? 'not measured']),
      why: null,
    }
  const good = row.mb <= row.peerMb
  return {
    line: line([
      aim,
      `≤ ${megabytes(row.peerMb)} (PyTorch's)`,
      megabytes(row.mb),
      `${good ? 1 : 0} of 1`,
      good ? 'reached' : 'short',
    ]),
    why: good
      ? null
      : `${aim}: what the program itself holds is less; the rest is the heap of a process that compiled it, which the garbage collector gives back when it likes (runs differ by 100 MB).`,
  }
}

/** What the profiles say of the time beside the kernels of the models' steps. */
function overheadLines(profiles: ResultsInput['profiles']): Judged[] {
  const found = profiles.flatMap((profile) => {
    if ('problem' in profile || profile.programs.length === 0) return []
    const [{ kernels, seconds }] = profile.programs
    const calls = kernels.reduce((sum, k) => sum + k.calls, 0)
    return [
      {
        model: profile.model,
        between: (1e9 * seconds.leastBetween) / calls,
        javascript: 1e6 * seconds.javascript,
      },
    ]
  })
  const judge = (aim: string, limit: number, key: 'between' | 'javascript', why: string): Judged => {
    if (found.length === 0) return { line: line([aim, `≤ ${limit}`, '–', '–', 'not profiled']), why: null }
    const worst = found.reduce((most, one) => (one[key] > most[key] ? one : most))
    const good = found.filter((one) => one[key] <= limit).length
    return {
      line: line([
        aim,
        `≤ ${limit}`,
        `${worst[key].toFixed(0)} (${worst.model})`,
        `${good} of ${found.length}`,
        good === found.length ? 'reached' : 'short',
      ]),
      why: good === found.length ? null : `${aim}: ${why}.`,
    }
  }
  return [
    judge(
      "between kernels of the models' steps, on the thread that waits least, in the quietest step, ns",
      1000,
      'between',
      'threads that share a kernel do not end it at once, and take turns at waiting; the barrier itself and what else stands between kernels is in “Overheads of small steps”',
    ),
    judge(
      "JavaScript of the models' steps, µs",
      50,
      'javascript',
      'it is the same code that takes a few microseconds in a small step, for some hundred parameters, and after milliseconds of kernels neither it nor what it reads is in the caches',
    ),
  ]
}

function roofline(profile: ResultsInput['profiles'][number]): string[] {
  if ('problem' in profile) return [`Not profiled: ${profile.problem}`]
  const [program] = profile.programs
  if (program === undefined) return ['Not profiled: the step ran no program.']
  const { seconds, kernels, limitSeconds } = program
  const share = (part: number): string => percent(seconds.total > 0 ? part / seconds.total : 0)
  const limit =
    limitSeconds === null
      ? ''
      : ` At the machine's limits its kernels would take ${milliseconds(limitSeconds * 1000)} ms.`
  return [
    `${milliseconds(seconds.total * 1000)} ms a step while profiled (${program.threads} threads): kernels ${share(seconds.kernels)}, ` +
      `between them ${share(seconds.between)}, call ${share(seconds.call)}, JavaScript ${share(seconds.javascript)}. ` +
      `${(program.flops / 1e9).toFixed(2)} Gflop, ${(program.bytes / 1e6).toFixed(0)} MB.${limit}`,
    '',
    line(['kernel', 'calls', 'ms', 'share', 'Gflop/s', 'GB/s', 'balance', 'of limit', 'limit']),
    '|---|---:|---:|---:|---:|---:|---:|---:|---|',
    ...kernels
      .slice(0, 12)
      .map((k) =>
        line([
          `\`${k.name}\``,
          number(k.calls, Number.isInteger(k.calls) ? 0 : 1),
          milliseconds(k.seconds * 1000),
          percent(k.share),
          number(k.gflops, 1),
          number(k.gigabytes, 1),
          percent(k.balance),
          percent(k.ofLimit),
          k.limit ?? '',
        ]),
      ),
  ]
}

/** The text of bench/RESULTS.md. */
export function resultsText({ command, rows, profiles, small, descriptions }: ResultsInput): string {
  const [processor] = cpus()
  const judged = [...overheadLines(profiles), memoryLine(rows)]
  const reasons = judged.flatMap(({ why }) => (why === null ? [] : [`- ${why}`]))
  const lines = [
    '# Benchmark results',
    '',
    'Written by `npm run bench`; do not edit. How it measures: [README.md](README.md).',
    '',
    `- Machine: ${processor?.model ?? 'unknown'}, ${cpus().length} processors, ${process.platform} ${process.arch}`,
    `- Node ${process.versions.node}, ${new Date().toISOString().slice(0, 10)}`,
    `- Command: \`${command}\``,
    '',
    'Milliseconds of a whole step (forward, backward, SGD with momentum; inference only the forward pass), medians. The',
    "ratio is the peer's time divided by ours. A peer is credited with its best configuration.",
    'MB are the peak of resident memory of the process, with what its language brings along.',
    '',
    ...table(rows),
    ...shortModels(rows, profiles),
    ...absences(rows),
    '',
    '## The other aims',
    '',
    'The figure that is furthest from what is wanted, and how many rows reach it; the sections below have them all.',
    '',
    line(['aim', 'wanted', 'worst', 'reached by', '']),
    '|---|---|---|---|---|',
    ...aimLines(small),
    ...judged.map((one) => one.line),
    ...(reasons.length === 0 ? [] : ['', 'Why the last ones fall short:', '', ...reasons]),
    ...small.flatMap(sectionLines),
    '',
    '## Where the time goes',
    '',
    'From the profiler, the longest kernels first. Rates and shares of the limit are those of the fastest round of each kernel;',
    'the limit is the larger of arithmetic at the measured multiply-add peak and bytes at the bandwidth of the cache level',
    'that holds them. Balance is the mean over the threads divided by the longest.',
  ]
  for (const profile of profiles) {
    lines.push(
      '',
      `### ${profile.model}`,
      '',
      descriptions.get(profile.model) ?? '',
      '',
      ...roofline(profile),
    )
  }
  return `${lines.join('\n')}\n`
}
