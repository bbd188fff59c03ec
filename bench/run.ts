// The benchmark: measures Chainrule and its peers on the same models, weights and data, and prints how they compare.
import { spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { ArgumentError, type BenchArguments, parseArguments, usage } from './arguments.js'
import { lossDifference } from './compare.js'
import { chainrule, peers } from './contenders.js'
import { writeArrayFile } from './data/array-file.js'
import { Random } from './data/random.js'
import { type Measurement, measureContender } from './measurement.js'
import type { BenchRequest } from './protocol.js'
import { type ModelProfile, resultsText } from './results.js'
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
    lossBudgetMs: 60_000,
    minSteps: 3,
    maxSteps: 300,
    budgetMs: options.budgetMs,
  }
}

/** The row of a model beside one peer, or alone. `reference` is what the peer's losses must agree with. */
function rowOf(
  name: string,
  ours: Measurement,
  peer?: { name: string; measurement: Measurement; reference: { name: string; losses: readonly number[] } },
): BenchRow {
  const base = { name, ms: ours.ms }
  if (peer === undefined) {
    const none = { peer: null, peerVersion: null, peerConfig: null, peerMs: null, ratio: null }
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
    ...(theirs.reason === undefined ? {} : { reason: theirs.reason }),
    ...(agree ? {} : { error: problems.join('; ') }),
  }
}

async function benchModel(spec: ModelSpec, folder: string, options: BenchArguments): Promise<BenchRow[]> {
  const file = join(folder, `${spec.name}.safetensors`)
  writeArrayFile(file, spec.arrays(new Random(1)))
  const request = requestFor(spec, file, options)
  const own: Record<string, string> = {}
  if (options.device !== null) own.CHAINRULE_DEVICE = options.device
  if (options.threads !== null) own.CHAINRULE_THREADS = String(options.threads)
  const { python, newPython, rounds } = options
  const progress = (name: string): void => console.error(`${spec.name}: ${name} …`)
  progress(chainrule.name)
  const ours = await measureContender(chainrule, request, rounds, { python, newPython, environment: own })
  // Where ours failed, the peers are still held against each other.
  let reference = { name: chainrule.name, losses: ours.losses }
  const rows: BenchRow[] = []
  for (const peer of peers.filter(({ name }) => options.peers.includes(name))) {
    progress(peer.name)
    const measurement = await measureContender(peer, request, rounds, { python, newPython, environment: {} })
    if (reference.losses.length === 0) reference = { name: peer.name, losses: measurement.losses }
    rows.push(rowOf(spec.name, ours, { name: peer.name, measurement, reference }))
  }
  rmSync(file)
  return rows.length > 0 ? rows : [rowOf(spec.name, ours)]
}

/** A process of its own, as every measurement. */
function profileOf(
  model: string,
  options: BenchArguments,
): ModelProfile | { model: string; problem: string } {
  const device = options.device ?? 'native'
  const list = [fileURLToPath(new URL('profile.ts', import.meta.url)), model, '--json', '--device', device]
  const steps = ['--steps', '20', ...(options.threads === null ? [] : ['--threads', String(options.threads)])]
  const { status, stdout, stderr } = spawnSync(process.execPath, ['--import', 'tsx', ...list, ...steps], {
    encoding: 'utf8',
    maxBuffer: 2 ** 26,
  })
  const problem = (stderr.match(/^\s*\w*Error.*$/m) ?? [`the process ended with ${status}`])[0].trim()
  return status === 0 ? (JSON.parse(stdout) as ModelProfile) : { model, problem }
}

function writeResults(file: string, rows: readonly BenchRow[], options: BenchArguments): void {
  const profiles = options.models.map((model) => {
    console.error(`${model}: profile …`)
    return profileOf(model, options)
  })
  const descriptions = new Map(specs.map(({ name, description }) => [name, description]))
  const command = `npm run bench -- ${process.argv.slice(2).join(' ')}`
    .replace(/ -- $/, '')
    .replace(/(--new-python|--python|--write) \S+/g, '$1 …')
  writeFileSync(file, resultsText({ command, rows, profiles, descriptions }))
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
  const rows: BenchRow[] = []
  try {
    for (const spec of specs.filter(({ name }) => options.models.includes(name))) {
      const added = await benchModel(spec, folder, options)
      rows.push(...added)
      if (options.json) for (const row of added) console.log(formatJson(row))
    }
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
  if (!options.json) console.log(formatTable(rows))
  if (options.write !== null) writeResults(options.write, rows, options)
  return rows.some((row) => row.error !== undefined) ? 1 : 0
}

const micro = ['gemm', 'bf16', 'conv', 'elementwise', 'overhead', 'compile-time']

try {
  const [first = ''] = process.argv.slice(2)
  if (micro.includes(first)) await import(`./micro/${first}.js`)
  else process.exitCode = await main()
} catch (error) {
  console.error(`bench: ${(error as Error).message}`)
  process.exitCode = error instanceof ArgumentError ? 2 : 1
}
