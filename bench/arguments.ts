// The benchmark's command line.
import { parseArgs } from 'node:util'
import { smallBenchmarks } from './aims.js'
import { peers } from './contenders.js'
import { specs } from './specs/specs.js'

/** A mistake on the command line; the benchmark prints it and exits with code 2. */
export class ArgumentError extends Error {}

export interface BenchArguments {
  readonly help: boolean
  readonly json: boolean
  /** Model names, in the table's order. */
  readonly models: readonly string[]
  readonly peers: readonly string[]
  readonly device: string | null
  readonly threads: number | null
  readonly rounds: number
  readonly budgetMs: number
  readonly python: string
  /** A Python with the newest PyTorch, JAX and ONNX Runtime, or null. */
  readonly newPython: string | null
  /** The file that takes the results with a roofline of each model; null writes none. */
  readonly write: string | null
  /** Small benchmarks that the file has sections of. */
  readonly small: readonly string[]
}

const smallNames = smallBenchmarks.map(({ name }) => name)

export const usage = `Usage: npm run bench -- [options]
       npm run bench -- ${smallNames.join(' | ')} [options]
       (each of these has --help)

Training-step times (forward, backward, SGD with momentum) of Chainrule beside its peers, in milliseconds.

  --only NAMES      comma-separated models (default all): ${specs.map(({ name }) => name).join(', ')}
  --peers NAMES     comma-separated peers (default all), or none: ${peers.map(({ name }) => name).join(', ')}
  --device NAME     Chainrule's device: native, wasm or reference (default: the best one)
  --threads N       threads for every contender (default: each one's own choice)
  --rounds N        processes a contender and model; the median of their medians counts (default 3)
  --budget MS       time for the timed steps of one process (default 1500)
  --python PATH     the Python with PyTorch (default /usr/bin/python3)
  --new-python PATH a Python with today's PyTorch, JAX and ONNX Runtime (default: none, those rows say so)
  --write [FILE]    write the results there, with profiles of the models and the small benchmarks (default
                    bench/RESULTS.md where all models are measured, else none)
  --small NAMES     small benchmarks that are written too (default all), or none
  --json            one JSON object a line and no table
  --help            this text`

/** What `npm run bench` writes. */
export const resultsFile = 'bench/RESULTS.md'

const devices = ['native', 'wasm', 'reference']

function namesIn(option: string, text: string, known: readonly string[]): string[] {
  const names = text.split(',').filter((name) => name !== '')
  if (names.length === 0)
    throw new ArgumentError(`--${option}: expected names out of ${known.join(', ')}, got none.`)
  for (const name of names) {
    if (!known.includes(name)) {
      throw new ArgumentError(`--${option}: expected names out of ${known.join(', ')}, got '${name}'.`)
    }
  }
  return known.filter((name) => names.includes(name))
}

function countIn(option: string, text: string): number {
  const count = Number(text)
  if (!Number.isInteger(count) || count < 1) {
    throw new ArgumentError(`--${option}: expected a whole number of 1 or more, got '${text}'.`)
  }
  return count
}

/** `--write` alone means the usual file. */
function withFile(list: readonly string[]): string[] {
  const fileless = (i: number): boolean => list[i] === '--write' && (list[i + 1] ?? '--').startsWith('--')
  return list.flatMap((item, i) => (fileless(i) ? [item, resultsFile] : [item]))
}

/** Names out of those that are known; all where the option is missing, and `none` is none. */
function someOf(option: string, text: string | undefined, known: readonly string[]): readonly string[] {
  if (text === undefined) return known
  return text === 'none' ? [] : namesIn(option, text, known)
}

/** Reads the options; throws `ArgumentError` saying what was expected and what came. */
export function parseArguments(list: readonly string[]): BenchArguments {
  const text = { type: 'string' } as const
  const flag = { type: 'boolean', default: false } as const
  let values: ReturnType<typeof parse>['values']
  function parse() {
    return parseArgs({
      args: withFile(list),
      options: {
        only: text,
        peers: text,
        device: text,
        threads: text,
        rounds: text,
        budget: text,
        python: text,
        'new-python': text,
        write: text,
        small: text,
        json: flag,
        help: flag,
      },
    })
  }
  try {
    values = parse().values
  } catch (error) {
    throw new ArgumentError(`${(error as Error).message} Try --help.`)
  }
  const { only, device, threads, rounds = '3', budget = '1500', python = '/usr/bin/python3' } = values
  if (device !== undefined && !devices.includes(device)) {
    throw new ArgumentError(`--device: expected one of ${devices.join(', ')}, got '${device}'.`)
  }
  const modelNames = specs.map(({ name }) => name)
  const peerNames = peers.map(({ name }) => name)
  return {
    help: values.help,
    json: values.json,
    models: only === undefined ? modelNames : namesIn('only', only, modelNames),
    peers: someOf('peers', values.peers, peerNames),
    small: someOf('small', values.small, smallNames),
    device: device ?? null,
    threads: threads === undefined ? null : countIn('threads', threads),
    rounds: countIn('rounds', rounds),
    budgetMs: countIn('budget', budget),
    python,
    newPython: values['new-python'] ?? null,
    write: values.write ?? (only === undefined ? resultsFile : null),
  }
}
