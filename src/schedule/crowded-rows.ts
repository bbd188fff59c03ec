/** Rows of a matrix that push each other out of the L1 cache when they are read beside each other. */

import { lineBytes } from '../core/take-line.js'

/** Lines of a set of the L1 cache, and bytes that its sets cover once. */
const ways = 8
const setBytes = 4096

/** Whether lines of so many rows, so many numbers apart, leave no room beside them in the sets that they fall into. */
export function crowdedRows(rows: number, rowStride: number): boolean {
  const inSet = new Map<number, number>()
  for (let r = 0; r < rows; r++) {
    const set = Math.floor(((r * rowStride * 4) % setBytes) / lineBytes)
    inSet.set(set, (inSet.get(set) ?? 0) + 1)
  }
  return Math.max(...inSet.values()) > ways - 1
}
