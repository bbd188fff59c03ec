/**
 * What structured kernels read from memory. Most read their inputs as they are; a scatter reads what a stretched index
 * or update was stretched from (one index a row instead of one an element), and no base at all where that is a literal.
 */
import { sizeOf, stridesOf } from '../core/shape.js'
import { isOp, type Node } from '../ir/node.js'
import { filledWith } from './simplify.js'

/** A node as elements of another, `strides` apart along its axes. */
export interface StridedView {
  readonly base: Node
  readonly strides: readonly number[]
}

/** The node behind broadcasts and reshapes, as far as one stride an axis describes them. */
export function stridedView(node: Node): StridedView {
  const moves: Node[] = []
  let base = node
  while (isOp(base, 'expand') || isOp(base, 'reshape')) {
    moves.push(base)
    base = base.inputs[0]
  }
  // From the base outward; a move that strides cannot describe is where the view starts anew.
  let strides: readonly number[] = stridesOf(base.shape)
  for (const move of moves.reverse()) {
    const [x] = move.inputs
    const next = isOp(move, 'expand')
      ? move.shape.map((n, a) => (x.shape[a] === n ? strides[a] : 0))
      : reshapedStrides(x.shape, strides, move.shape)
    if (next === null) base = move
    strides = next ?? stridesOf(move.shape)
  }
  return { base, strides }
}

/** Strides of a reshaped view: of any shape where it is row-major, else where only axes of one come and go. */
export function reshapedStrides(
  from: readonly number[],
  strides: readonly number[],
  to: readonly number[],
): number[] | null {
  const dense = stridesOf(from)
  if (from.every((n, a) => n === 1 || strides[a] === dense[a])) return stridesOf(to)
  const kept = from.flatMap((n, a) => (n === 1 ? [] : [a]))
  const target = to.flatMap((n, a) => (n === 1 ? [] : [a]))
  if (kept.length !== target.length || kept.some((a, i) => from[a] !== to[target[i]])) return null
  const next = to.map(() => 0)
  target.forEach((a, i) => {
    next[a] = strides[kept[i]]
  })
  return next
}

export interface ScatterOperands {
  /** The literal that x repeats; null where x is read. */
  readonly fill: number | null
  readonly index: StridedView
  readonly updates: StridedView
}

export function scatterOperands(node: Node<'scatter'>): ScatterOperands {
  const [x, index, updates] = node.inputs
  const view = (y: Node): StridedView => (sizeOf(y.shape) === 0 ? whole(y) : stridedView(y))
  return { fill: filledWith(x), index: view(index), updates: view(updates) }
}

const whole = (base: Node): StridedView => ({ base, strides: stridesOf(base.shape) })

/** The stored nodes that a structured kernel takes, in the order of its buffers. */
export function operandsOf(node: Node): readonly Node[] {
  if (!isOp(node, 'scatter')) return node.inputs
  const { fill, index, updates } = scatterOperands(node)
  return fill === null ? [node.inputs[0], index.base, updates.base] : [index.base, updates.base]
}

/** Whether a structured node's result may be its first input's memory, which it then only changes. */
export const updatesInPlace = (node: Node): boolean =>
  isOp(node, 'dynamicUpdate') || (isOp(node, 'scatter') && filledWith(node.inputs[0]) === null)
