/** The segment of each element of compressed rows (CSR), given where each segment begins. */
import type { Node } from './node.js'
import type { Builder } from './rule.js'

/** offsets (rows + 1), which begin with 0, never fall and end with n: the row of each of n elements, i64 (n). */
export function segmentRows(b: Builder, offsets: Node, n: number): Node {
  const rows = offsets.shape[0] - 1
  if (n === 0 || rows <= 0) return b.full([n], 0, 'i64')
  // A mark at the start of every row but the first; the running sum of marks is the row.
  const starts = b.sliceAxis(offsets, 0, 1, rows + 1)
  const marks = b.scatter(b.full([n + 1], 0, 'i64'), starts, b.full([rows], 1, 'i64'), 0, 'add')
  return b.cumSum(b.sliceAxis(marks, 0, 0, n), 0, false)
}
