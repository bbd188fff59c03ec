/**
 * Contractions whose result is small beside a long inner dimension along which both sides lie in runs: the gradient of a
 * 1 × 1 convolution's weights, whose runs are images. Lanes take the inner dimension, so that neither side is laid out
 * anew. Shape, axes and what dtype the sides hold decide, for the sums run in another order than a register tile's.
 */
import { sizeOf } from '../core/shape.js'
import { isOp, type Node } from '../ir/node.js'
import { contractShape, isTall, matrixSizes, rowsFirst } from './contract-shape.js'
import { crowdedRows } from './crowded-rows.js'
import { holdsBf16 } from './holds-bf16.js'
import { tapsGradient } from './winograd-gradient.js'

/** Fewer rows or columns leave a tile of sums idle. */
const leastSide = 8
/** Results above this keep a register tile busy enough to pay for its copies, unless they have few rows. */
const largestResult = 65536
const fewRows = 64
/** Rows of the largest register tile, whatever the machine's: shape alone decides. */
const rowsOfTile = 14
/** Inner steps from which adding up the lanes of a result costs little. */
const leastInner = 1024
/** Steps of a run: whole vectors of 16, or so many of them that the last one's idle lanes do not matter. */
const leastRun = 64
const vector = 16
const leastFilled = 0.9

const fills = (n: number): boolean => n / (Math.ceil(n / vector) * vector) >= leastFilled

/** Whether a contraction is lowered as dot products along its runs. */
export function isDotContract(node: Node): boolean {
  if (!isOp(node, 'contract') || node.dtype !== 'f32' || node.attrs.accumulate !== 'f32') return false
  const [x, y] = node.inputs
  const { contracting } = node.attrs
  const at = contracting[1].indexOf(y.shape.length - 1)
  if (at < 0 || contracting[0][at] !== x.shape.length - 1) return false
  const run = y.shape[y.shape.length - 1]
  if (run < leastRun || !fills(run)) return false
  const s = contractShape(node)
  const [m, n, k] = matrixSizes(s)
  if (Math.min(m, n) < leastSide || k < leastInner || sizeOf(node.shape) === 0) return false
  if (m * n > largestResult && m > fewRows) return false
  // A register tile reads many rows where they lie, and copies few columns for all of them.
  if (isTall(s) && rowsFirst(s) && fills(n) && !crowdedRows(rowsOfTile, k)) return false
  return tapsGradient(node) === null && !(holdsBf16(x) && holdsBf16(y))
}
