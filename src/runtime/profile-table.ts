/** Aligned text: the first column and a last one of words to the left, figures to the right. */

const longestName = 48

/** Rows with their head, a rule, then the totals. */
export function columns(
  rows: readonly (readonly string[])[],
  totals: readonly (readonly string[])[],
): string {
  const all = [...rows, ...totals]
  const count = Math.max(...all.map((row) => row.length))
  const widths = Array.from({ length: count }, (_, i) =>
    Math.min(
      i === 0 ? longestName : Number.POSITIVE_INFINITY,
      Math.max(...all.map((r) => (r[i] ?? '').length)),
    ),
  )
  const line = (row: readonly string[]): string =>
    widths
      .map((width, i) => {
        const text = row[i] ?? ''
        if (i === 0) return (text.length > width ? `${text.slice(0, width - 1)}…` : text).padEnd(width)
        return i === count - 1 && count > 10 ? text : text.padStart(width)
      })
      .join('  ')
      .trimEnd()
  const rule = '-'.repeat(Math.max(...all.map((row) => line(row).length)))
  const [head, ...body] = rows
  const below = totals.length > 0 ? [rule, ...totals.map(line)] : []
  return `${[line(head), rule, ...body.map(line), ...below].join('\n')}\n`
}
