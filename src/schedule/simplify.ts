/**
 * Rewrites of the node graph before it is cut into kernels. Each keeps every bit of the result: equal nodes become
 * one, movement that cancels disappears, unread results of loops are dropped, and structured primitives are expressed
 * by the ones that have kernels (`rewrites`, in order).
 */
import * as b from '../ir/build.js'
import type { Graph } from '../ir/graph.js'
import { isOp, type Node, type Subgraph, topologicalOrder } from '../ir/node.js'
import { attributesKey } from './attributes-key.js'
import { contractAsReduction } from './contract-as-reduction.js'
import { convAsContract } from './conv-as-contract.js'
import { convAsSums } from './conv-as-sums.js'
import { convPhases } from './conv-phases.js'
import { foldAsMovement } from './fold-as-movement.js'
import { mergeReduced } from './merge-reduced.js'
import { padFirst } from './pad-first.js'
import { pruneScan } from './prune-scan.js'
import { layDown, splitInner } from './reshape-contract.js'
import { sharePadding } from './share-padding.js'
import { splitReduced } from './split-reduced.js'
import { turnThin } from './thin-contract.js'
import { trimPadding } from './trim-padding.js'
import { widenContract } from './widen-contract.js'
import { convAsTapsGradient } from './winograd-gradient.js'

/** A node in terms of other nodes, or null where a rewrite does not apply. */
type Rewrite = (node: Node) => Node | null

/** Pairs of movements that are one, or none. */
const joinMovement: Rewrite = (node) => {
  const [x] = node.inputs
  if (isOp(node, 'reshape') && isOp(x, 'reshape')) return b.reshape(x.inputs[0], node.attrs.shape)
  if (isOp(node, 'permute') && isOp(x, 'permute')) {
    return b.permute(
      x.inputs[0],
      node.attrs.axes.map((a) => x.attrs.axes[a]),
    )
  }
  if (isOp(node, 'expand') && isOp(x, 'expand')) return b.expand(x.inputs[0], node.attrs.shape)
  return null
}

/** Markers that mean something to transforms only. */
const dropMarkers: Rewrite = (node) =>
  isOp(node, 'alias') || isOp(node, 'stopGradient') ? node.inputs[0] : null

/** Results of a barrier that is there for its derivatives only. */
const dropGradientMarkers: Rewrite = (node) =>
  isOp(node, 'output') && isOp(node.inputs[0], 'barrier') && node.inputs[0].attrs.gradient !== undefined
    ? node.inputs[0].inputs[node.attrs.index]
    : null

/** x·1 and x/1 are x, bit for bit. */
const dropUnits: Rewrite = (node) => {
  if (isOp(node, 'mul') || isOp(node, 'div')) {
    const [x, y] = node.inputs
    if (filledWith(y) === 1) return x
    if (isOp(node, 'mul') && filledWith(x) === 1) return y
  }
  return null
}

/** The literal that a node repeats everywhere, or null. */
export function filledWith(node: Node): number | null {
  let at = node
  while (isOp(at, 'expand') || isOp(at, 'reshape')) at = at.inputs[0]
  return isOp(at, 'const') ? at.attrs.value : null
}

/** A user's number that the program does not take as an input keeps the value it has. */
const fixScalars: Rewrite = (node) =>
  isOp(node, 'scalar') ? b.constant(node.attrs.value, node.attrs.dtype) : null

const rewrites: readonly Rewrite[] = [
  dropMarkers,
  dropGradientMarkers,
  fixScalars,
  joinMovement,
  dropUnits,
  trimPadding,
  padFirst,
  foldAsMovement,
  convPhases,
  convAsTapsGradient,
  convAsSums,
  convAsContract,
  turnThin,
  contractAsReduction,
  widenContract,
  layDown,
  splitInner,
  mergeReduced,
  splitReduced,
]

/** The graph, simplified; inputs stay the nodes they are. */
export function simplify(graph: Graph): Graph {
  return { ...graph, outputs: simplifyNodes(graph.outputs, new Set(graph.inputs)) }
}

export const simplifyBody = (body: Subgraph): Subgraph => ({
  params: body.params,
  results: simplifyNodes(body.results, new Set(body.params)),
})

function simplifyNodes(roots: readonly Node[], leaves: ReadonlySet<Node>): Node[] {
  return b.withGradMode(false, () => {
    const pruned = pruneScan(roots, leaves, simplifyBody)
    const done = new Map<Node, Node>()
    const known = new Map<string, Node>()
    const leaf = (n: Node): boolean => leaves.has(n) || n.storage !== null

    const finish = (node: Node): Node => {
      if (leaf(node)) return node
      for (const rewrite of rewrites) {
        const next = rewrite(node)
        if (next !== null) return finishAll(next)
      }
      const key = keyOf(node)
      const same = known.get(key)
      if (same !== undefined) return same
      known.set(key, node)
      return node
    }
    /** What a rewrite built is simplified in its turn. */
    const finishAll = (root: Node): Node => {
      for (const node of topologicalOrder([root], (n) => (leaf(n) || done.has(n) ? [] : n.inputs)))
        visit(node)
      return done.get(root)!
    }
    const visit = (node: Node): void => {
      if (done.has(node)) return
      if (leaf(node)) {
        done.set(node, node)
        return
      }
      const inputs = node.inputs.map((x) => done.get(x)!)
      const next = inputs.some((x, i) => x !== node.inputs[i]) ? b.rebuild(node, inputs) : node
      const result = finish(next)
      done.set(node, result)
      done.set(result, result)
    }
    for (const node of topologicalOrder(pruned, (n) => (leaf(n) ? [] : n.inputs))) visit(node)
    return sharePadding(
      pruned.map((r) => done.get(r)!),
      leaf,
    )
  })
}

/** Equal texts mean equal nodes: primitive, attributes and inputs. Bodies and host kernels count by identity. */
function keyOf(node: Node): string {
  // Leaves with values of their own are never merged.
  const own =
    node.op === 'placeholder' || node.op === 'scalar' || node.op === 'buffer' || node.op === 'barrier'
      ? `!${node.id}`
      : ''
  return `${node.op}${own} ${attributesKey(node.attrs)} ${node.inputs.map((x) => x.id).join()}`
}
