/** Reverse mode from a root to every leaf that asked for a gradient, as `loss.backward()` does it. */
import { ChainruleError, ShapeError } from '../core/errors.js'
import { formatShape, sameShape } from '../core/shape.js'
import * as build from '../ir/build.js'
import { pullback } from '../ir/gradients.js'
import { Node, topologicalOrder } from '../ir/node.js'
import { hookedGradient } from './cell-hooks.js'
import {
  backwardRanges,
  type Cell,
  gradientOf,
  isSymbolic,
  leafCells,
  readCell,
  retainedCells,
  setGradient,
  tracing,
  wantedGradients,
  wantedNodes,
} from './state.js'

export interface BackwardOptions {
  /** Keep the graph, so that backward can go through it again. Default: `createGraph`. */
  readonly retainGraph?: boolean
  /** Record the gradients' own computation, for derivatives of them. Default false. */
  readonly createGraph?: boolean
}

const markId = (): number =>
  new Node('const', { value: 0, dtype: 'f32' }, [], [{ shape: [], dtype: 'f32' }], false).id

/** The cell that gets the gradient of a node. */
const receiver = (node: Node): Cell | undefined => leafCells.get(node) ?? retainedCells.get(node)

const hasGradientInput = (node: Node): boolean => node.inputs.some((x) => x.requiresGrad)

/**
 * Adds d root / d leaf to the gradient of every leaf below. `seed` is the cotangent of the root, 1 for one element.
 * Builds graph only; nothing is computed. `makeCell` wraps a new gradient.
 */
export function backward(
  root: Node,
  seed: Node | null,
  options: BackwardOptions,
  makeCell: (node: Node) => Cell,
): void {
  const { createGraph = false, retainGraph = createGraph } = options
  if (!root.requiresGrad) {
    throw new ChainruleError(
      'backward(): the tensor does not require a gradient and has no graph behind it. Compute it from parameters or from ' +
        'tensors with requiresGrad, outside of noGrad(), and call backward() inside a compiled step, not on its result.',
    )
  }
  const cotangent = seed ?? defaultSeed(root)
  if (!sameShape(cotangent.shape, root.shape)) {
    throw new ShapeError(
      `backward(): expected a gradient of shape ${formatShape(root.shape)}, got ${formatShape(cotangent.shape)}.`,
    )
  }
  const order = topologicalOrder([root], (node) => (node.requiresGrad ? node.inputs : []))
  const leaves: Node[] = []
  for (const node of order) {
    if (!node.requiresGrad) continue
    if (node.released) throw releasedError()
    if (receiver(node) !== undefined) leaves.push(node)
  }
  const from = markId()
  const gradients = build.withGradMode(createGraph, () => {
    const pulled = pullback(build, [root], [cotangent], leaves)
    return pulled.map((pulledGradient, i) => {
      if (pulledGradient === null) return null
      const leafCell = leafCells.get(leaves[i])
      const g = leafCell === undefined ? pulledGradient : hookedGradient(leafCell, pulledGradient)
      const before = gradientOf(receiver(leaves[i])!)
      return before === null ? g : build.add(readCell(before), g)
    })
  })
  if (!createGraph) backwardRanges.push([from, markId()])
  leaves.forEach((leaf, i) => {
    const g = gradients[i]
    if (g === null) return
    const cell = receiver(leaf)!
    const gradient = makeCell(g)
    setGradient(cell, gradient)
    if (tracing === null && !isSymbolic() && g.storage === null) wantedGradients.add(gradient)
  })
  if (tracing === null && !isSymbolic() && root.storage === null) wantedNodes.add(root)
  if (!retainGraph) release(order)
}

/** Marks the graph as consumed; computed nodes let go of what is below. */
function release(order: readonly Node[]): void {
  // Users before inputs: a node's own inputs decide whether it is a leaf.
  for (let i = order.length - 1; i >= 0; i--) {
    const node = order[i]
    if (!node.requiresGrad || !hasGradientInput(node)) continue
    node.released = true
    if (node.storage !== null) node.inputs = []
  }
}

function defaultSeed(root: Node): Node {
  if (root.shape.some((n) => n !== 1)) {
    throw new ChainruleError(
      `backward(): a gradient can be created by itself only for outputs of one element, and this one has shape ` +
        `${formatShape(root.shape)}. Reduce it first (sum, mean) or pass a gradient of that shape.`,
    )
  }
  return build.literal(root, 1)
}

const releasedError = (): ChainruleError =>
  new ChainruleError(
    'backward() was called a second time through the same graph, which the first call released. ' +
      'Pass { retainGraph: true } to the first call, or compute the loss anew.',
  )
