/**
 * What structured kernels read from memory. Most read their inputs as they are; a scatter reads what a stretched index
 * was stretched from (one index a row instead of one an element), no base at all where that is a literal, and what its
 * updates are computed from: messages along a graph's edges are never stored. Nor are the terms of sums of segments.
 */
import { sizeOf, stridesOf } from '../core/shape.js'
import { isOp, type Node, type Primitive, topologicalOrder } from '../ir/node.js'
import { binaryPrimitives, unaryPrimitives } from '../ir/scalar-primitives.js'
import { is64 } from './node-cost.js'
import { reshapedStrides } from './reshaped-strides.js'
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

export interface ScatterOperands {
  /** The literal that x repeats; null where x is read. */
  readonly fill: number | null
  readonly index: StridedView
  /** What the updates are stored as; null where the scatter computes them as it goes. */
  readonly updates: StridedView | null
  /** Where it computes them: what their expression is made of, and what it must find stored. */
  readonly computed: ReadonlySet<Node>
  readonly leaves: readonly Node[]
}

export function scatterOperands(node: Node<'scatter'>): ScatterOperands {
  const [x, index, updates] = node.inputs
  const view = (y: Node): StridedView => (sizeOf(y.shape) === 0 ? whole(y) : stridedView(y))
  const at = view(index)
  const fill = filledWith(x)
  const rows = sizeOf(updates.shape.slice(0, node.attrs.axis + 1))
  const expression = computesUpdates(node, at) ? expressionOf(updates, rows) : null
  if (expression === null) {
    return { fill, index: at, updates: view(updates), computed: new Set(), leaves: [] }
  }
  return { fill, index: at, updates: null, ...expression }
}

const whole = (base: Node): StridedView => ({ base, strides: stridesOf(base.shape) })

/** Shorter rows are computed by a kernel of their own, which has vectors. */
const shortestRow = 4

/** Whether one index serves a row of updates, so that these are computed where they are added. */
function computesUpdates(node: Node<'scatter'>, index: StridedView): boolean {
  const { axis } = node.attrs
  const updates = node.inputs[2]
  const behind = updates.shape.slice(axis + 1)
  const oneIndex = behind.every((n, a) => n === 1 || index.strides[axis + 1 + a] === 0)
  return oneIndex && sizeOf(behind) >= shortestRow && sizeOf(updates.shape) > 0 && !is64(updates)
}

/** What a scatter computes itself: an element from the same element, or of a row that an index names. */
const inRows: ReadonlySet<Primitive> = new Set<Primitive>([
  'const',
  'iota',
  ...unaryPrimitives,
  ...binaryPrimitives,
  'where',
  'cast',
  'bitcast',
  'alias',
  'stopGradient',
  'reshape',
  'expand',
  'slice',
  'gather',
])

/** The same of a sum of segments, whose rows may be those of several examples (`vmap`). */
const inSegments: ReadonlySet<Primitive> = new Set<Primitive>([...inRows, 'permute'])

/** What a sum of segments sums, written where it is added; null where it is stored. */
export function segmentOperands(node: Node<'segmentSumCsr'>): Expression | null {
  const [x] = node.inputs
  return is64(x) || sizeOf(x.shape) === 0 ? null : expressionOf(x, x.shape[0], inSegments)
}

interface Expression {
  readonly computed: ReadonlySet<Node>
  readonly leaves: readonly Node[]
}

/**
 * The expression of so many rows of updates down to what has to be stored; null where it has 64-bit values by the
 * element.
 */
function expressionOf(updates: Node, rows: number, computes = inRows): Expression | null {
  // They have no lanes; one a row needs none, and the index of a row is one.
  const inputs = (n: Node): readonly Node[] => (computes.has(n.op) ? n.inputs : [])
  const values = (n: Node): readonly Node[] => (isOp(n, 'gather') ? [n.inputs[0]] : inputs(n))
  if (topologicalOrder([updates], values).some((n) => is64(n) && sizeOf(n.shape) > rows)) return null
  const computed = new Set<Node>()
  const leaves: Node[] = []
  for (const n of topologicalOrder([updates], inputs)) {
    if (computes.has(n.op)) computed.add(n)
    else leaves.push(n)
  }
  return { computed, leaves }
}

/** The stored nodes that a structured kernel takes, in the order of its buffers, as far as only its node says. */
export function operandsOf(node: Node): readonly Node[] {
  if (isOp(node, 'segmentSumCsr')) {
    const [x, offsets] = node.inputs
    return [offsets, ...(segmentOperands(node)?.leaves ?? [x])]
  }
  if (!isOp(node, 'scatter')) return node.inputs
  const { fill, index, updates, leaves } = scatterOperands(node)
  const read = updates === null ? leaves : [updates.base]
  return fill === null ? [node.inputs[0], index.base, ...read] : [index.base, ...read]
}

/** The same once it is known what is stored: what a scatter computes may be interrupted by that. */
export function buffersOf(node: Node, isStored: (n: Node) => boolean): readonly Node[] {
  if (isOp(node, 'segmentSumCsr')) {
    const [x, offsets] = node.inputs
    return [offsets, ...(segmentOperands(node) === null ? [x] : storedBelow(x, isStored))]
  }
  if (!isOp(node, 'scatter')) return node.inputs
  const { fill, index, updates } = scatterOperands(node)
  const read = updates === null ? storedBelow(node.inputs[2], isStored) : [updates.base]
  return fill === null ? [node.inputs[0], index.base, ...read] : [index.base, ...read]
}

/** What a structured kernel's own node takes, for people: stored nodes, and the root of what it computes itself. */
export function listedOperands(node: Node): { operands: readonly Node[]; computed: ReadonlySet<Node> } {
  if (isOp(node, 'segmentSumCsr')) {
    const [x, offsets] = node.inputs
    return { operands: [offsets, x], computed: segmentOperands(node)?.computed ?? new Set() }
  }
  if (!isOp(node, 'scatter')) return { operands: node.inputs, computed: new Set() }
  const { fill, index, updates, computed } = scatterOperands(node)
  const read = [index.base, updates === null ? node.inputs[2] : updates.base]
  return { operands: fill === null ? [node.inputs[0], ...read] : read, computed }
}

const storedBelow = (root: Node, isStored: (n: Node) => boolean): Node[] =>
  topologicalOrder([root], (n) => (isStored(n) ? [] : n.inputs)).filter(isStored)

/** Whether a structured node's result may be its first input's memory, which it then only changes. */
export const updatesInPlace = (node: Node): boolean =>
  isOp(node, 'dynamicUpdate') || (isOp(node, 'scatter') && filledWith(node.inputs[0]) === null)

/** Whether a structured node takes `input` only as the value that it changes, and may do so in its memory. */
export function changesOnly(node: Node, input: Node): boolean {
  if (!updatesInPlace(node)) return false
  const [first, ...others] = operandsOf(node)
  if (first !== input || others.includes(input)) return false
  return !isOp(node, 'scatter') || !scatterOperands(node).computed.has(input)
}
