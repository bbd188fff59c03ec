/** `vmap` as a graph-to-graph transform: every value that depends on a batched input gets the batch as axis 0. */
import { hasGradientHooks, hooked } from './gradient-hooks.js'
import { type CustomGradient, isOp, type Node, type Subgraph, topologicalOrder } from './node.js'
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
      values.set(node, {
        nodes: hasGradientHooks(node) ? withHooks(b, node, nodes, size) : nodes,
        batched: true,
      })
    }
  }
  const out = results.map((r) => values.get(r)!)
  return { results: out.map((v) => v.nodes[0]), batched: out.map((v) => v.batched) }
}

/** The batched form of a node whose cotangent hooks see: each example's goes through them. */
const withHooks = (b: Builder, node: Node, nodes: readonly Node[], size: number): readonly Node[] =>
  b.barrier(
    nodes,
    batchedGradient(
      b,
      {
        vjp: (_inputs, _outputs, [g]) => [g === null ? null : hooked(node, g)],
        jvp: (_inputs, _outputs, tangents) => tangents,
      },
      size,
    ),
  )

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

/** The rules for `size` examples at once: those of one example, batched. */
export function batchedGradient(b: Builder, gradient: CustomGradient, size: number): CustomGradient {
  const overBatch = (
    lists: readonly (readonly (Node | null)[])[],
    rule: (...lists: readonly (Node | null)[][]) => readonly (Node | null)[],
  ): (Node | null)[] => {
    const given = new Map<Node, Node>()
    const single = lists.map((list) =>
      list.map((x) => {
        if (x === null) return null
        const example = b.placeholder(x.shape.slice(1), x.dtype)
        given.set(example, x)
        return example
      }),
    )
    const found = rule(...single)
    const live = found.filter((x) => x !== null)
    const { results, batched } = batchNodes(b, live, given, size)
    let at = 0
    return found.map((x) => {
      if (x === null) return null
      const i = at++
      return batched[i] ? results[i] : b.expandBatch(results[i], size)
    })
  }
  const { vjp, jvp } = gradient
  type All = readonly Node[]
  return {
    vjp: (inputs, outputs, cotangents) =>
      overBatch([inputs, outputs, cotangents], (x, y, g) => vjp(x as All, y as All, g)),
    jvp:
      jvp === null
        ? null
        : (inputs, outputs, tangents) =>
            overBatch([inputs, outputs, tangents], (x, y, t) => jvp(x as All, y as All, t)),
  }
}
