// The benchmark: measures Chainrule and its peers on the same models, weights and data, and prints how they compare.
import { spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { smallBenchmarks } from './aims.js'
import { ArgumentError, type BenchArguments, parseArguments, usage } from './arguments.js'
import { lossDifference } from './compare.js'
import { type Contender, chainrule, peers } from './contenders.js'
import { writeArrayFile } from './data/array-file.js'
import { Random } from './data/random.js'
import { ContenderRuns, type Measurement, nothing } from './measurement.js'
import type { BenchRequest } from './protocol.js'
import { type ModelProfile, resultsText } from './results.js'
import type { SmallResult } from './sections.js'
import { runChild, runSmall } from './small.js'
import type { ModelSpec } from './specs/spec.js'
import { specs } from './specs/specs.js'
import { type BenchRow, formatJson, formatTable } from './table.js'

/** The peers that run in Node have their own lock file, so that the library's installation stays small. */
function installPeers(): void {
  const folder = fileURLToPath(new URL('.', import.meta.url))
  if (
    existsSync(join(folder, 'node_modules', '@jax-js')) &&
    existsSync(join(folder, 'node_modules', '@tensorflow'))
  )
    return
  console.error('Installing the peers in bench/node_modules (about 310 MB, once) with npm ci …')
  const { status } = spawnSync('npm', ['ci', '--ignore-scripts', '--no-audit', '--no-fund'], {
    cwd: folder,
    stdio: ['ignore', 2, 2],
    shell: process.platform === 'win32',
  })
  if (status !== 0) throw new Error('npm ci in bench/ failed; leave these peers out with --peers pytorch')
}

function requestFor(spec: ModelSpec, arrays: string, options: BenchArguments): BenchRequest {
  return {
    model: spec.name,
    arrays,
    learningRate: spec.learningRate,
    momentum: 0.9,
    inference: spec.inference === true,
    threads: options.threads,
    lossSteps: 20,
    lossBudgetMs: 30_000,
    minSteps: 3,
    maxSteps: 3000,
    budgetMs: options.budgetMs,
  }
}

const megabytes = ({ peakBytes }: Measurement): number | null =>
  peakBytes === null ? null : peakBytes / 2 ** 20

/** The row of a model beside one peer, or alone. `reference` is what the peer's losses must agree with. */
function rowOf(
  name: string,
  ours: Measurement,
  peer?: { name: string; measurement: Measurement; reference: { name: string; losses: readonly number[] } },
): BenchRow {
  const base = { name, ms: ours.ms }
  if (peer === undefined) {
    const none = {
      peer: null,
      peerVersion: null,
      peerConfig: null,
      peerMs: null,
      ratio: null,
      mb: megabytes(ours),
      peerMb: null,
    }
    return { ...base, ...none, ...(ours.error === undefined ? {} : { error: ours.error }) }
  }
  const { measurement: theirs, reference } = peer
  const problems = [
    ours.error,
    theirs.error,
    ...(reference.name === peer.name
      ? []
      : [lossDifference(reference.losses, theirs.losses, peer.name, reference.name)]),
  ].filter((problem): problem is string => typeof problem === 'string')
  const agree = problems.length === 0
  return {
    ...base,
    peer: peer.name,
    peerVersion: theirs.version,
    peerConfig: theirs.config,
    peerMs: theirs.ms,
    ratio: agree && ours.ms !== null && theirs.ms !== null ? theirs.ms / ours.ms : null,
    mb: megabytes(ours),
    peerMb: megabytes(theirs),
    ...(theirs.reason === undefined ? {} : { reason: theirs.reason }),
    ...(agree ? {} : { error: problems.join('; ') }),
  }
}

/** Says what is done and how long it took. */
async function timed<T>(label: string, work: () => Promise<T>): Promise<T> {
  process.stderr.write(`${label} … `)
  const begin = performance.now()
  const result = await work()
  console.error(`${((performance.now() - begin) / 1000).toFixed(0)} s`)
  return result
}

/** Variables of our own processes; machine code and measurements of the machine are kept in `folder` only. */
function ownEnvironment(folder: string, { device, threads }: BenchArguments): Record<string, string> {
  const own: Record<string, string> = { CHAINRULE_CACHE: join(folder, 'cache') }
  if (device !== null) own.CHAINRULE_DEVICE = device
  if (threads !== null) own.CHAINRULE_THREADS = String(threads)
  return own
}

async function benchModel(
  spec: ModelSpec,
  folder: string,
  environment: Readonly<Record<string, string>>,
  options: BenchArguments,
): Promise<BenchRow[]> {
  const file = join(folder, `${spec.name}.safetensors`)
  writeArrayFile(file, spec.arrays(new Random(1)))
  const request = requestFor(spec, file, options)
  const { python, newPython, rounds } = options
  const runsOf = (contender: Contender, own: Readonly<Record<string, string>>) => ({
    name: contender.name,
    runs: new ContenderRuns(contender, request, { python, newPython, environment: own }),
  })
  const ours = runsOf(chainrule, environment)
  const theirs = peers.filter(({ name }) => options.peers.includes(name)).map((peer) => runsOf(peer, {}))
  // In turns, so that what else the machine does meets all of them.
  for (let round = 1; round <= rounds; round++) {
    for (const { name, runs } of [ours, ...theirs]) {
      const label = `${spec.name}: ${name}${rounds > 1 ? `, round ${round}` : ''}`
      await timed(label, () => runs.round())
    }
  }
  const own = ours.runs.result
  // Where ours failed, the peers are still held against each other.
  let reference = { name: ours.name, losses: own.losses }
  const rows: BenchRow[] = []
  for (const { name, runs } of theirs) {
    const measurement = runs.result
    if (reference.losses.length === 0) reference = { name, losses: measurement.losses }
    rows.push(rowOf(spec.name, own, { name, measurement, reference }))
  }
  rmSync(file)
  return rows.length > 0 ? rows : [rowOf(spec.name, own)]
}

/** A process of its own, as every measurement. */
async function profileOf(
  model: string,
  environment: Readonly<Record<string, string>>,
  { device, threads }: BenchArguments,
): Promise<ModelProfile | { model: string; problem: string }> {
  const program = fileURLToPath(new URL('profile.ts', import.meta.url))
  const list = [program, model, '--json', '--device', device ?? 'native', '--steps', '20', '--seconds', '2']
  if (threads !== null) list.push('--threads', String(threads))
  try {
    const { output, problem } = await runChild(list, environment)
    return problem === null ? (JSON.parse(output) as ModelProfile) : { model, problem }
  } catch (error) {
    return { model, problem: (error as Error).message }
  }
}

async function writeResults(
  file: string,
  rows: readonly BenchRow[],
  environment: Readonly<Record<string, string>>,
  options: BenchArguments,
): Promise<void> {
  const profiles: Awaited<ReturnType<typeof profileOf>>[] = []
  for (const model of options.models)
    profiles.push(await timed(`${model}: profile`, () => profileOf(model, environment, options)))
  const small: SmallResult[] = []
  for (const benchmark of smallBenchmarks.filter(({ name }) => options.small.includes(name))) {
    const { threads, python, newPython } = options
    const own = { ...environment, CHAINRULE_BENCH_PYTHON: newPython ?? python }
    const result = await timed(benchmark.name, () => runSmall(benchmark, { threads, environment: own }))
    if (result.problem !== undefined) console.error(`${benchmark.name}: ${result.problem}`)
    small.push(result)
  }
  const descriptions = new Map(specs.map(({ name, description }) => [name, description]))
  const command = `npm run bench -- ${process.argv.slice(2).join(' ')}`
    .replace(/ -- $/, '')
    .replace(/(--new-python|--python|--write) [^-]\S*/g, '$1 …')
  writeFileSync(file, resultsText({ command, rows, profiles, small, descriptions }))
  console.error(`Written: ${file}`)
}

async function main(): Promise<number> {
  const options = parseArguments(process.argv.slice(2))
  if (options.help) {
    console.log(usage)
    return 0
  }
  if (options.peers.some((name) => name === 'tfjs' || name === 'jax-js')) installPeers()
  const folder = mkdtempSync(join(tmpdir(), 'chainrule-bench-'))
  const environment = ownEnvironment(folder, options)
  const rows: BenchRow[] = []
  const begin = performance.now()
  try {
    for (const spec of specs.filter(({ name }) => options.models.includes(name))) {
      const added = await benchModel(spec, folder, environment, options).catch((error: Error) => [
        rowOf(spec.name, { ...nothing, error: error.message }),
      ])
      rows.push(...added)
      if (options.json) for (const row of added) console.log(formatJson(row))
    }
    if (!options.json) console.log(formatTable(rows))
    if (options.write !== null) await writeResults(options.write, rows, environment, options)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
  console.error(`${((performance.now() - begin) / 60_000).toFixed(1)} minutes in all`)
  return rows.some((row) => row.error !== undefined) ? 1 : 0
}

const micro = smallBenchmarks.map(({ name }) => name)

try {
  const [first = ''] = process.argv.slice(2)
  if (micro.includes(first)) await import(`./micro/${first}.js`)
  else process.exitCode = await main()
} catch (error) {
  console.error(`bench: ${(error as Error).message}`)
  process.exitCode = error instanceof ArgumentError ? 2 : 1
}
