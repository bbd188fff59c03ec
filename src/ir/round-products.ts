/**
 * `compile`'s precision 'bf16' as a rewrite of a finished graph (gradients and optimizers included): what contractions
 * and convolutions of f32 multiply is rounded to bf16 first, and still multiplied, summed and delivered in f32. No
 * other node changes, so every device means the same by it; devices that multiply bf16 recognise such operands.
 */
import * as b from './build.js'
import type { Graph } from './graph.js'
import { isOp, type Node, type Subgraph, topologicalOrder } from './node.js'

/** A bf16 as f32, marked as what a product multiplies: by its form alone a program's own cast would look the same. */
export const widenForProduct = (x: Node): Node => b.make('cast', [x], { dtype: 'f32', ofProduct: true })

/** The f32 value of x rounded to bf16 (to nearest, ties to even), as what a product multiplies. */
export const roundToBf16 = (x: Node): Node => widenForProduct(isRounded(x) ? x.inputs[0] : b.cast(x, 'bf16'))

const isRounded = (x: Node): boolean => isOp(x, 'cast') && x.dtype === 'f32' && x.inputs[0].dtype === 'bf16'

/** Products of f32 that are not marked as exact. */
const rounds = (node: Node): boolean =>
  node.dtype === 'f32' && (isOp(node, 'conv') || (isOp(node, 'contract') && node.attrs.exact !== true))

export function roundProducts(graph: Graph): Graph {
  const bodies = new Map<Subgraph, Subgraph>()
  const roundBody = (body: Subgraph): Subgraph => {
    let done = bodies.get(body)
    if (done === undefined) {
      done = { params: body.params, results: round(body.results, new Set(body.params)) }
      bodies.set(body, done)
    }
    return done
  }
  const round = (roots: readonly Node[], leaves: ReadonlySet<Node>): Node[] => {
    const done = new Map<Node, Node>()
    const isLeaf = (n: Node): boolean => leaves.has(n) || n.storage !== null
    for (const node of topologicalOrder(roots, (n) => (isLeaf(n) ? [] : n.inputs))) {
      if (isLeaf(node)) {
        done.set(node, node)
        continue
      }
      let inputs = node.inputs.map((x) => done.get(x)!)
      if (rounds(node)) inputs = inputs.map(roundToBf16)
      done.set(node, withBodies(node, inputs, roundBody))
    }
    return roots.map((r) => done.get(r)!)
  }
  return { ...graph, outputs: b.withGradMode(false, () => round(graph.outputs, new Set(graph.inputs))) }
}

/** The node over other inputs, with the bodies of loops and branches replaced. */
function withBodies(node: Node, inputs: readonly Node[], replace: (body: Subgraph) => Subgraph): Node {
  if (isOp(node, 'scan')) return b.make('scan', inputs, { ...node.attrs, body: replace(node.attrs.body) })
  if (isOp(node, 'while')) {
    const { cond, body } = node.attrs
    return b.make('while', inputs, { ...node.attrs, cond: replace(cond), body: replace(body) })
  }
  if (isOp(node, 'cond')) {
    const [then, otherwise] = node.attrs.branches
    return b.make('cond', inputs, { branches: [replace(then), replace(otherwise)] })
  }
  return inputs.some((x, i) => x !== node.inputs[i]) ? b.rebuild(node, inputs) : node
}
