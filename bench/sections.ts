// The small benchmarks in bench/RESULTS.md: a table of the aims with the worst figure of each, and a section for each benchmark.
import { type Aim, figureOf, limitText, reaches, type SmallBenchmark } from './aims.js'
import { row as line } from './markdown.js'
import type { Row } from './micro/timing.js'

/** What a small benchmark gave: rows, or why there are none. */
export interface SmallResult {
  readonly benchmark: SmallBenchmark
  readonly rows: readonly Row[]
  readonly problem?: string
}

const figure = (value: number): string =>
  Number.isInteger(value) || Math.abs(value) >= 1000 ? value.toFixed(0) : value.toPrecision(3)
const cell = (value: string | number | undefined): string =>
  value === undefined ? '' : typeof value === 'number' ? figure(value) : value
/** What tells a row from others: its words and its thread count. */
const nameOf = (row: Row): string =>
  Object.entries(row)
    .filter(([, value]) => typeof value === 'string')
    .map(([, value]) => value)
    .concat(row.threads === undefined ? [] : [`${row.threads} thread${row.threads === 1 ? '' : 's'}`])
    .join(', ')

/** `short` with the aims that a row misses, `reached`, or nothing where no aim is about it. */
function verdictOf(row: Row, aims: readonly Aim[]): string {
  const about = aims.flatMap((aim) => {
    const value = figureOf(aim, row)
    return value === null ? [] : [{ aim, value }]
  })
  if (about.length === 0) return ''
  const missed = about.filter(({ aim, value }) => !reaches(aim, value))
  if (missed.length === 0) return 'reached'
  return `short: ${missed.map(({ aim }) => `${aim.column} ${limitText(aim)}`).join(', ')}`
}

/** Why aims are missed, for those that are. */
function reasonsOf(rows: readonly Row[], aims: readonly Aim[]): string[] {
  const missed = aims.filter((aim) =>
    rows.some((row) => {
      const value = figureOf(aim, row)
      return value !== null && !reaches(aim, value)
    }),
  )
  if (missed.length === 0) return []
  return ['', 'Why rows fall short:', '', ...missed.map(({ aim, why }) => `- ${aim}: ${why}.`)]
}

/** One line an aim: its limit, the worst figure, how many rows reach it. */
export function aimLines(results: readonly SmallResult[]): string[] {
  return results.flatMap(({ benchmark, rows, problem }) =>
    benchmark.aims.map((aim) => {
      const found = rows.flatMap((row) => {
        const value = figureOf(aim, row)
        return value === null ? [] : [{ row, value }]
      })
      if (found.length === 0) return line([aim.aim, limitText(aim), '–', '–', problem ?? 'not measured'])
      const better = (a: number, b: number): number => (aim.atLeast !== undefined ? a - b : b - a)
      const [worst] = [...found].sort((a, b) => better(a.value, b.value))
      const good = found.filter(({ value }) => reaches(aim, value)).length
      return line([
        aim.aim,
        limitText(aim),
        `${figure(worst.value)} (${nameOf(worst.row)})`,
        `${good} of ${found.length}`,
        good === found.length ? 'reached' : 'short',
      ])
    }),
  )
}

/** Rows with the same columns form a table. */
function tables(rows: readonly Row[], aims: readonly Aim[]): string[] {
  const groups = new Map<string, Row[]>()
  for (const row of rows) {
    const key = JSON.stringify(Object.keys(row))
    groups.set(key, [...(groups.get(key) ?? []), row])
  }
  return [...groups.values()].flatMap((group) => {
    const names = Object.keys(group[0])
    const right = names.map((name) => (typeof group[0][name] === 'number' ? '---:' : '---'))
    const verdicts = group.map((row) => verdictOf(row, aims))
    const judged = verdicts.some((verdict) => verdict !== '')
    return [
      '',
      line([...names, ...(judged ? [''] : [])]),
      `|${[...right, ...(judged ? ['---'] : [])].join('|')}|`,
      ...group.map((row, i) =>
        line([...names.map((name) => cell(row[name])), ...(judged ? [verdicts[i]] : [])]),
      ),
    ]
  })
}

/** The section of one benchmark. */
export function sectionLines({ benchmark, rows, problem }: SmallResult): string[] {
  const wanted = benchmark.aims.map((aim) => `${aim.aim} ${limitText(aim)}`)
  return [
    '',
    `## ${benchmark.title}`,
    '',
    benchmark.note,
    ...(wanted.length > 0 ? ['', `Wanted: ${wanted.join('; ')}.`] : []),
    ...(problem === undefined ? [] : ['', `Not measured to the end: ${problem}`]),
    ...tables(rows, benchmark.aims),
    ...reasonsOf(rows, benchmark.aims),
  ]
}
