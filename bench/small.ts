// Runs a small benchmark in a process of its own and reads the rows that it prints with --json.
import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { figureOf, type SmallBenchmark } from './aims.js'
import type { Row } from './micro/timing.js'
import type { SmallResult } from './sections.js'

const limitMs = 8 * 60_000

/** The rows in the text: its lines that are JSON objects. */
export function rowsIn(text: string): Row[] {
  return text
    .split('\n')
    .filter((line) => line.startsWith('{'))
    .map((line) => JSON.parse(line) as Row)
}

/** The most telling line of a process' errors. */
export function problemIn(errors: string, code: number | string | null): string {
  const lines = errors.split('\n').map((line) => line.trim())
  const cause = lines.findLast((line) => /^(\w*Error|bench|profile)\b.*:/.test(line))
  return (cause ?? `the process ended with ${code ?? 'a signal'}`).slice(0, 300)
}

export interface ChildResult {
  readonly output: string
  /** Why it failed; null where it did not. */
  readonly problem: string | null
}

/** A Node program with TypeScript's loader; it is ended after some minutes. */
export async function runChild(
  list: readonly string[],
  environment: Readonly<Record<string, string>>,
): Promise<ChildResult> {
  const child = spawn(process.execPath, ['--import', 'tsx', ...list], {
    cwd: fileURLToPath(new URL('..', import.meta.url)),
    env: { ...process.env, ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let late = false
  const timer = setTimeout(() => {
    late = true
    child.kill()
  }, limitMs)
  let [output, errors] = ['', '']
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    output += text
  })
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    errors += text
  })
  const code = await new Promise<number | null>((resolve, reject) => {
    child.on('error', reject)
    child.on('close', resolve)
  }).finally(() => clearTimeout(timer))
  if (late) return { output, problem: `it took longer than ${limitMs / 60_000} minutes` }
  return { output, problem: code === 0 ? null : problemIn(errors, code) }
}

/** Never throws: what goes wrong is the result's `problem`. */
export async function runSmall(
  benchmark: SmallBenchmark,
  options: { readonly threads: number | null; readonly environment: Readonly<Record<string, string>> },
): Promise<SmallResult> {
  const run = fileURLToPath(new URL('run.ts', import.meta.url))
  const list = [run, benchmark.name, '--json', '--seconds', String(benchmark.seconds)]
  if (options.threads !== null) list.push('--threads', String(options.threads))
  try {
    const { output, problem } = await runChild(list, options.environment)
    const rows = rowsIn(output)
    // Rows without the columns that the aims name are told here, and not where the file is written.
    for (const row of rows) for (const aim of benchmark.aims) figureOf(aim, row)
    if (problem !== null) return { benchmark, rows, problem }
    return rows.length > 0 ? { benchmark, rows } : { benchmark, rows, problem: 'it printed no rows' }
  } catch (error) {
    return { benchmark, rows: [], problem: (error as Error).message }
  }
}
