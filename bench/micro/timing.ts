// What the small benchmarks share: their options, the clock, and tables.
import { parseArgs } from 'node:util'
import { columns } from '../../src/runtime/profile-table.js'
import { median } from '../measurement.js'

export interface MicroOptions {
  /** Thread counts to measure with. */
  readonly threads: readonly number[]
  /** Seconds a row. */
  readonly seconds: number
  readonly json: boolean
}

/** Reads --threads 1,2 --seconds 0.3 --json; prints `usage` for --help and ends. */
export function microOptions(usage: string): MicroOptions {
  const text = { type: 'string' } as const
  const flag = { type: 'boolean', default: false } as const
  const { values } = parseArgs({
    args: process.argv.slice(3),
    options: {
      threads: { ...text, default: '1,2' },
      seconds: { ...text, default: '0.3' },
      json: flag,
      help: flag,
    },
  })
  if (values.help) {
    console.log(
      `${usage}\n\n  --threads LIST   default 1,2\n  --seconds S      time a row (default 0.3)\n  --json           one JSON object a line`,
    )
    process.exit(0)
  }
  const threads = values.threads.split(',').map(Number)
  const seconds = Number(values.seconds)
  if (!threads.every((n) => Number.isInteger(n) && n > 0) || !(seconds > 0)) {
    console.error(`bench: expected --threads as numbers such as 1,2 and --seconds above 0. Try --help.`)
    process.exit(2)
  }
  return { threads, seconds, json: values.json }
}

/** The median and the least seconds of a call, over `seconds`, after a call for practice. Three calls at least. */
export function timeOf(
  call: () => void,
  seconds: number,
): { readonly median: number; readonly best: number } {
  call()
  const times: number[] = []
  const end = performance.now() + 1000 * seconds
  while (times.length < 3 || (performance.now() < end && times.length < 100_000)) {
    const begin = performance.now()
    call()
    times.push((performance.now() - begin) / 1000)
  }
  return { median: median(times), best: Math.min(...times) }
}

/** What two contenders took, in seconds: the medians of turns, and the fastest calls. */
export interface Compared {
  readonly ours: number
  readonly theirs: number
  readonly fastest: { readonly ours: number; readonly theirs: number }
}

/** Two contenders in turns, so that both meet the same noise; each waits `rest` seconds for the other's threads to sleep. */
export function compareTimes(ours: () => void, theirs: () => void, seconds: number, rest = 0): Compared {
  const parts = 5
  const alone = (call: () => void): ReturnType<typeof timeOf> => {
    if (rest > 0) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1000 * rest)
    return timeOf(call, seconds / parts / 2)
  }
  const turns = Array.from({ length: parts }, () => ({ ours: alone(ours), theirs: alone(theirs) }))
  const of = (who: 'ours' | 'theirs') => ({
    median: median(turns.map((turn) => turn[who].median)),
    best: Math.min(...turns.map((turn) => turn[who].best)),
  })
  const [a, b] = [of('ours'), of('theirs')]
  return { ours: a.median, theirs: b.median, fastest: { ours: a.best, theirs: b.best } }
}

export type Row = Readonly<Record<string, string | number>>

/** A table, or JSON lines. Numbers get three digits. */
export function print(rows: readonly Row[], json: boolean): void {
  if (json) {
    for (const row of rows) console.log(JSON.stringify(row))
    return
  }
  if (rows.length === 0) return
  const names = Object.keys(rows[0])
  const cell = (value: string | number): string =>
    typeof value === 'string' ? value : Number.isInteger(value) ? String(value) : value.toPrecision(3)
  console.log(columns([names, ...rows.map((row) => names.map((name) => cell(row[name])))], []))
}
