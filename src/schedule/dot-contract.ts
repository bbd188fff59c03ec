/**
 * Contractions whose result is small beside a long inner dimension along which both sides lie in runs: the gradient of a
 * 1 × 1 convolution's weights, whose runs are images. Lanes take the inner dimension, so that neither side is laid out
 * anew. Shape, axes and what dtype the sides hold decide, for the sums run in another order than a register tile's.
 */
import { sizeOf } from '../core/shape.js'
import { isOp, type Node } from '../ir/node.js'
import { contractShape, isTall, matrixSizes } from './contract-shape.js'
import { crowdedRows } from './crowded-rows.js'
import { holdsBf16 } from './holds-bf16.js'
import { liesInRows } from './left-view.js'
import { tapsGradient } from './winograd-gradient.js'

/** Fewer rows or columns leave a tile of sums idle. */
const leastSide = 8
/** Results above this keep a register tile busy enough to pay for its copies, unless they have few rows or columns. */
const largestResult = 65536
const fewOf = 64
/** Rows of a register tile with the widest vectors. */
const tileRows = 14
/** Inner steps from which adding up the lanes of a result costs little. */
const leastInner = 1024
/** Steps of a run: whole vectors of 16, or so many of them that the last one's idle lanes do not matter. */
const leastRun = 64
const vector = 16
const leastFilled = 0.9

/** Whether a contraction is lowered as dot products along its runs. */
export function isDotContract(node: Node): boolean {
  if (!isOp(node, 'contract') || node.dtype !== 'f32' || node.attrs.accumulate !== 'f32') return false
  const [x, y] = node.inputs
  const { contracting } = node.attrs
  const at = contracting[1].indexOf(y.shape.length - 1)
  if (at < 0 || contracting[0][at] !== x.shape.length - 1) return false
  const run = y.shape[y.shape.length - 1]
  if (run < leastRun || run / (Math.ceil(run / vector) * vector) < leastFilled) return false
  const s = contractShape(node)
  const [m, n, k] = matrixSizes(s)
  const least = Math.min(m, n)
  if (least < leastSide || k < leastInner || sizeOf(node.shape) === 0) return false
  if (m * n > largestResult && least > fewOf) return false
  // A register tile reads many rows where they lie, and copies few columns for all of them.
  if (isTall(s) && liesInRows(node) && !crowdedRows(tileRows, k)) return false
  return tapsGradient(node) === null && !(holdsBf16(x) && holdsBf16(y))
}
