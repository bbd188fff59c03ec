/** `vmap` as a graph-to-graph transform: every value that depends on a batched input gets the batch as axis 0. */
import { isOp, type Node, type Subgraph, topologicalOrder } from './node.js'
import type { Builder } from './rule.js'

export interface BatchedGraph {
  readonly params: Node<'placeholder'>[]
  readonly results: Node[]
  readonly batched: boolean[]
}

/** The results for a batch of inputs. `batchedInputs` maps a node to its batched form (batch on axis 0). */
export function batchNodes(
  b: Builder,
  results: readonly Node[],
  batchedInputs: ReadonlyMap<Node, Node>,
  size: number,
): { results: Node[]; batched: boolean[] } {
  const values = new Map<Node, { nodes: readonly Node[]; batched: boolean }>()
  for (const [node, value] of batchedInputs) values.set(node, { nodes: [value], batched: true })
  const order = topologicalOrder(results, (n) => (batchedInputs.has(n) ? [] : n.inputs))
  for (const node of order) {
    if (values.has(node)) continue
    const inputs = node.inputs.map((x) => values.get(x)!)
    if (!inputs.some((v) => v.batched)) {
      values.set(node, { nodes: b.outputs(node), batched: false })
    } else if (isOp(node, 'output')) {
      values.set(node, { nodes: [inputs[0].nodes[node.attrs.index]], batched: true })
    } else {
      const nodes = b.keepingStops(node, () =>
        b.ruleOf(node.op).batch(b, {
          node,
          inputs: inputs.map((v) => v.nodes[0]),
          batched: inputs.map((v) => v.batched),
          size,
        }),
      )
      values.set(node, { nodes, batched: true })
    }
  }
  const out = results.map((r) => values.get(r)!)
  return { results: out.map((v) => v.nodes[0]), batched: out.map((v) => v.batched) }
}

/** A body with the chosen parameters batched. */
export function batchGraph(
  b: Builder,
  body: Subgraph,
  batched: readonly boolean[],
  size: number,
): BatchedGraph {
  const params = body.params.map((p, i) => b.placeholder(batched[i] ? [size, ...p.shape] : p.shape, p.dtype))
  const renamed = new Map<Node, Node>()
  const inputs = new Map<Node, Node>()
  body.params.forEach((p, i) => {
    if (batched[i]) inputs.set(p, params[i])
    else renamed.set(p, params[i])
  })
  const results = b.substitute(body.results, renamed)
  return { params, ...batchNodes(b, results, inputs, size) }
}
