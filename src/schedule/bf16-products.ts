/**
 * Contractions of f32 whose operands hold nothing but bf16 (`compile`'s precision 'bf16', `autocast`): where the target
 * has an instruction for it, two steps of the inner dimension are multiplied at once. Step i of the first half of one
 * contracting axis stands beside step i of its second half, as two bf16 in 32 bits.
 */
import type { Target } from '../codegen/target.js'
import { range, sizeOf, stridesOf } from '../core/shape.js'
import * as b from '../ir/build.js'
import { isOp, type Node } from '../ir/node.js'
import { contractShape, matrixSizes } from './contract-shape.js'
import { holdsBf16 } from './holds-bf16.js'
import { sharedBatchAxes, tileRows } from './pack.js'
import { reshapedStrides } from './reshaped-strides.js'

/** The contracting axis (by its place in `inner`) whose halves are paired, or null where none has two steps. */
export function pairedAxis(inner: readonly number[]): number | null {
  let best: number | null = null
  // An odd axis is filled up by one step: the longer, the less that costs.
  const waste = (n: number): number => (n % 2) / n
  inner.forEach((n, axis) => {
    if (n > 1 && (best === null || waste(n) < waste(inner[best]))) best = axis
  })
  return best
}

/** The paired axis of a contraction that multiplies bf16, or null where it multiplies something else. */
export function bf16PairsOf(node: Node<'contract'>): number | null {
  const [x, y] = node.inputs
  if (node.dtype !== 'f32' || !holdsBf16(x) || !holdsBf16(y)) return null
  return pairedAxis(contractShape(node).inner)
}

/** Rows of a left side in memory: `base` is stored, or to be stored; `rowStride` elements lie from one row to the next. */
export interface PairedRows {
  readonly base: Node
  readonly rowStride: number
}

/** What moves values without changing their bits, or rounds them to bf16. */
const passesThrough = (node: Node): boolean =>
  isOp(node, 'permute') ||
  isOp(node, 'reshape') ||
  isOp(node, 'slice') ||
  isOp(node, 'expand') ||
  rounds(node)

const rounds = (node: Node): boolean =>
  isOp(node, 'cast') &&
  ((node.dtype === 'bf16' && node.inputs[0].dtype === 'f32') ||
    (node.dtype === 'f32' && node.inputs[0].dtype === 'bf16'))

/**
 * The left side of a contraction of pairs as rows in memory, with each half of the paired axis one run; null where it
 * has to be packed. The values there may not be rounded yet. With `mayStore` the base may be a rounded value that the
 * caller will store: half the bytes of the value itself.
 */
export function pairedRows(
  node: Node<'contract'>,
  axis: number,
  stored: (node: Node) => boolean,
  mayStore: boolean,
): PairedRows | null {
  const s = contractShape(node)
  if (s.rows.length === 0 || s.inner.slice(0, axis).some((n) => n !== 1)) return null
  const [x] = node.inputs
  const moves: Node[] = []
  let base = x
  while (!stored(base) && passesThrough(base)) {
    moves.push(base)
    base = base.inputs[0]
  }
  if (!stored(base)) {
    if (!mayStore) return null
    const at = moves.findLastIndex((n) => n.dtype === 'bf16' && isOp(n, 'cast'))
    if (at < 0) return null
    base = moves[at]
    moves.length = at
  }
  let strides: readonly number[] = stridesOf(base.shape)
  for (const move of moves.reverse()) {
    const [from] = move.inputs
    let next: readonly number[] | null = strides
    if (isOp(move, 'permute')) next = move.attrs.axes.map((a) => strides[a])
    else if (isOp(move, 'slice')) next = strides.map((step, a) => step * move.attrs.steps[a])
    else if (isOp(move, 'expand')) next = move.shape.map((n, a) => (from.shape[a] === n ? strides[a] : 0))
    else if (isOp(move, 'reshape')) next = reshapedStrides(from.shape, strides, move.shape)
    if (next === null) return null
    strides = next
  }
  const ordered = s.leftOrder.map((a) => strides[a])
  const lead = s.batch.length
  const rowStride = stepOfAxes(s.rows, ordered.slice(lead, lead + s.rows.length))
  const inner = stepOfAxes(s.inner, ordered.slice(lead + s.rows.length))
  return rowStride === null || rowStride <= 0 || inner !== 1 ? null : { base, rowStride }
}

/** The distance of neighbours in the given axes taken as one, where it is one number; else null. */
function stepOfAxes(sizes: readonly number[], strides: readonly number[]): number | null {
  let step: number | null = null
  let span = 1
  for (let a = sizes.length - 1; a >= 0; a--) {
    if (sizes[a] === 1) continue
    if (step === null) step = strides[a]
    else if (strides[a] !== step * span) return null
    span *= sizes[a]
  }
  return step ?? 1
}

/** The same for a target: null where it does not multiply bf16. */
export const pairsOn = (target: Target, node: Node<'contract'>): number | null =>
  target.bf16Products === true ? bf16PairsOf(node) : null

/** Steps of the paired axis: half of it, rounded up. */
export const pairedSteps = (n: number): number => Math.ceil(n / 2)

/** The bits of two f32 that hold bf16, in one i32: `low` in the low half. */
function pair(low: Node, high: Node): Node {
  const bits = (x: Node): Node => b.bitcast(x, 'i32')
  const word = (value: number): Node => b.full(low.shape, value, 'i32')
  return b.or(b.shiftRight(bits(low), word(16)), b.and(bits(high), word(-65536)))
}

/** The operands of such a node; null for all others. */
export function pairOperands(node: Node): { readonly low: Node; readonly high: Node } | null {
  if (!isOp(node, 'or') || node.dtype !== 'i32') return null
  const [shifted, masked] = node.inputs
  if (!isOp(shifted, 'shiftRight') || !isOp(masked, 'and')) return null
  if (fills(shifted.inputs[1]) !== 16 || fills(masked.inputs[1]) !== -65536) return null
  const [lowBits, highBits] = [shifted.inputs[0], masked.inputs[0]]
  if (!isOp(lowBits, 'bitcast') || !isOp(highBits, 'bitcast')) return null
  const [low, high] = [lowBits.inputs[0], highBits.inputs[0]]
  return low.dtype === 'f32' && high.dtype === 'f32' && holdsBf16(low) && holdsBf16(high)
    ? { low, high }
    : null
}

function fills(node: Node): number | null {
  let at = node
  while (isOp(at, 'expand') || isOp(at, 'reshape')) at = at.inputs[0]
  return isOp(at, 'const') ? at.attrs.value : null
}

/** The left side as `packLeft` lays it out, with pairs (i32) along the inner dimension. */
export function packPairs(node: Node<'contract'>, axis: number, rows: number): Node {
  const s = contractShape(node)
  const [m] = matrixSizes(s)
  const shared = sharedBatchAxes(node)
  const ordered = b.permute(node.inputs[0], s.leftOrder)
  // One copy where the batch only repeats it.
  const once = b.slice(
    ordered,
    ordered.shape.map(() => 0),
    ordered.shape.map((n, i) => (shared.includes(i) ? 1 : n)),
  )
  const batch = sizeOf(s.batch.map((n, i) => (shared.includes(i) ? 1 : n)))
  const steps = b.reshape(once, [batch, m, ...s.inner])
  const n = s.inner[axis]
  const half = pairedSteps(n)
  const low = b.sliceAxis(steps, axis + 2, 0, half)
  const second = b.sliceAxis(steps, axis + 2, half, n)
  const none = low.shape.map(() => 0)
  const fill = range(low.shape.length).map((a) => (a === axis + 2 ? 2 * half - n : 0))
  const high = n % 2 === 0 ? second : b.pad(second, none, fill, none, 0)
  const inner = sizeOf(low.shape.slice(2))
  const tile = tileRows(m, rows)
  const tiles = Math.ceil(m / tile)
  const matrix = b.reshape(pair(low, high), [batch, m, inner])
  const padded = b.pad(matrix, [0, 0, 0], [0, tiles * tile - m, 0], [0, 0, 0], 0)
  return b.permute(b.reshape(padded, [batch, tiles, tile, inner]), [0, 1, 3, 2])
}
