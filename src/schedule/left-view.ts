/**
 * Whether a contraction can read its left side where it lies: rows that are equally far apart, with the inner dimension
 * running along each, or as much of it as belongs to one index of its outermost axis (rows of one image, and then of the
 * next). Such a left side is not packed; what it moves is stored as it is.
 */
import type { Shape } from '../core/shape.js'
import { sizeOf, stridesOf } from '../core/shape.js'
import { isOp, type Node } from '../ir/node.js'
import { type ContractShape, contractShape } from './contract-shape.js'
import type { ContractSpec } from './kernel-spec.js'
import { sharedBatchAxes } from './pack.js'
import { reshapedStrides } from './reshaped-strides.js'

export interface LeftView {
  /** What has to be stored. */
  readonly base: Node
  /** Elements from one row to the next. */
  readonly rowStride: number
  /** Rows hold the inner dimension for one index of its outermost axis at a time. */
  readonly inPieces: boolean
}

/** Shorter pieces of rows are packed: each adds to sums that are read and written for it. */
const shortestPiece = 256

/** Elements of a matrix in the given axes: the distance of neighbours, where it is one number. Null where it is not. */
function stepOfAxes(sizes: Shape, strides: readonly number[]): number | null {
  let step: number | null = null
  let span = 1
  for (let a = sizes.length - 1; a >= 0; a--) {
    if (sizes[a] === 1) continue
    if (step === null) step = strides[a]
    else if (strides[a] !== step * span) return null
    span *= sizes[a]
  }
  return step ?? 0
}

/** What movement takes its elements from, and how far apart they lie there along the axes of the moved value. */
function movedFrom(node: Node, stored: (node: Node) => boolean): { base: Node; strides: readonly number[] } {
  const moves: Node[] = []
  let base = node
  while (!stored(base) && (isOp(base, 'permute') || isOp(base, 'reshape') || isOp(base, 'slice'))) {
    moves.push(base)
    base = base.inputs[0]
  }
  let strides: readonly number[] = stridesOf(base.shape)
  for (const move of moves.reverse()) {
    const [x] = move.inputs
    let next: readonly number[] | null
    if (isOp(move, 'permute')) next = move.attrs.axes.map((a) => strides[a])
    else if (isOp(move, 'slice')) next = strides.map((s, a) => s * move.attrs.steps[a])
    else next = reshapedStrides(x.shape, strides, move.shape)
    // A reshape that no strides describe is stored; the view starts there.
    if (next === null) base = move
    strides = next ?? stridesOf(move.shape)
  }
  return { base, strides }
}

interface Steps {
  readonly rows: number | null
  /** Along the inner dimension, and along its axes but the outermost. */
  readonly inner: number | null
  readonly piece: number | null
}

/** How far apart neighbours of a left side lie whose axes have these strides. */
function stepsOf({ batch, rows, inner, leftOrder }: ContractShape, strides: readonly number[]): Steps {
  const ordered = leftOrder.map((a) => strides[a]).slice(batch.length)
  const along = ordered.slice(rows.length)
  return {
    rows: stepOfAxes(rows, ordered.slice(0, rows.length)),
    inner: stepOfAxes(inner, along),
    piece: sizeOf(inner.slice(1)) < shortestPiece ? null : stepOfAxes(inner.slice(1), along.slice(1)),
  }
}

/** Primitives whose values are read through, never stored for a contraction's sake. */
const readThrough: ReadonlySet<Node['op']> = new Set<Node['op']>([
  'const',
  'scalar',
  'iota',
  'expand',
  'pad',
  'flip',
  'concat',
  'window',
  'fold',
  'gather',
])

/**
 * The left side as rows in memory, or null where it has to be packed. The base is one of the stored nodes or, with
 * `mayStore`, one that the caller will store.
 */
export function leftView(
  node: Node<'contract'>,
  stored: (node: Node) => boolean,
  mayStore: boolean,
): LeftView | null {
  const [x] = node.inputs
  if (node.dtype !== 'f32' || x.dtype !== 'f32' || sharedBatchAxes(node).length > 0) return null
  const s = contractShape(node)
  if (s.rows.length === 0 || s.inner.length === 0) return null
  const rowsIn = (base: Node, strides: readonly number[]): LeftView | null => {
    const { rows, inner, piece } = stepsOf(s, strides)
    const through = readThrough.has(base.op) || (isOp(base, 'output') && isOp(base.inputs[0], 'barrier'))
    if (rows === null || rows <= 0 || (inner !== 1 && piece !== 1)) return null
    if (!stored(base) && (through || !mayStore)) return null
    return { base, rowStride: rows, inPieces: inner !== 1 }
  }
  const { base, strides } = movedFrom(x, stored)
  const found = rowsIn(base, strides)
  // Columns that lie beside each other are packed faster than they are turned.
  if (found !== null || base === x || stepsOf(s, strides).rows === 1) return found
  return rowsIn(x, stridesOf(x.shape))
}

/** Whether the left side moves what has rows in memory, with the whole inner dimension along each. */
export function liesInRows(node: Node<'contract'>): boolean {
  const [x] = node.inputs
  const s = contractShape(node)
  if (s.rows.length === 0 || s.inner.length === 0) return false
  const { rows, inner } = stepsOf(s, movedFrom(x, () => false).strides)
  return rows !== null && rows > 0 && inner === 1
}

/** The rows that a contraction's kernel reads where they lie, as its schedule says; null where they are packed. */
export const leftViewOf = ({ node, packed, inputs }: ContractSpec): LeftView | null =>
  packed === null ? leftView(node, (n) => inputs.includes(n), false) : null
