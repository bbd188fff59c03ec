// The benchmark's rows and how they are printed: as a table for people, or as JSON lines for programs.

/** One model beside one peer. `ratio` = peerMs/ms: above 1 Chainrule is the faster one. */
export interface BenchRow {
  readonly name: string
  readonly ms: number | null
  readonly peer: string | null
  readonly peerVersion: string | null
  readonly peerConfig: string | null
  readonly peerMs: number | null
  readonly ratio: number | null
  /** Peaks of resident memory, in MB. */
  readonly mb: number | null
  readonly peerMb: number | null
  /** Why the peer has no time: what it cannot do. */
  readonly reason?: string
  /** What went wrong: a crash, or losses that disagree. The benchmark then exits with code 1. */
  readonly error?: string
}

/** One JSON object, without a line end. */
export function formatJson(row: BenchRow): string {
  return JSON.stringify(row)
}

function milliseconds(value: number | null): string {
  if (value === null) return '-'
  return value >= 100 ? value.toFixed(0) : value >= 10 ? value.toFixed(1) : value.toFixed(3)
}

const megabytes = (value: number | null): string => (value === null ? '-' : value.toFixed(0))

/** Columns padded to their widest cell; numbers to the right. Reasons and errors follow as notes below the table. */
export function formatTable(rows: readonly BenchRow[]): string {
  const header = [
    'model',
    'chainrule ms',
    'peer',
    'version',
    'configuration',
    'peer ms',
    'ratio',
    'MB',
    'peer MB',
  ]
  const right = [false, true, false, false, false, true, true, true, true]
  const notes: string[] = []
  const cells = rows.map((row) => {
    const note = row.error === undefined ? row.reason : `FAILED: ${row.error}`
    if (note !== undefined)
      notes.push(`[${notes.length + 1}] ${row.name}${row.peer ? `, ${row.peer}` : ''}: ${note}`)
    const mark = note === undefined ? '' : ` [${notes.length}]`
    return [
      row.name,
      milliseconds(row.ms),
      row.peer ?? '-',
      row.peerVersion ?? '-',
      row.peerConfig ?? '-',
      milliseconds(row.peerMs),
      (row.ratio === null ? '-' : `${row.ratio < 0.1 ? row.ratio.toPrecision(2) : row.ratio.toFixed(2)}×`) +
        mark,
      megabytes(row.mb),
      megabytes(row.peerMb),
    ]
  })
  const table = [header, ...cells]
  const widths = header.map((_, column) => Math.max(...table.map((line) => line[column].length)))
  const lines = table.map((line) =>
    line
      .map((cell, column) => (right[column] ? cell.padStart(widths[column]) : cell.padEnd(widths[column])))
      .join('  ')
      .trimEnd(),
  )
  lines.splice(1, 0, widths.map((width) => '-'.repeat(width)).join('  '))
  return [...lines, ...(notes.length > 0 ? ['', ...notes] : [])].join('\n')
}
