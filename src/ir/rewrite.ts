/** Rebuilding graphs with some nodes replaced. */
import { type Node, topologicalOrder } from './node.js'
import type { Builder } from './rule.js'

/** The roots with every node in `replacements` replaced, and everything above rebuilt. */
export function substitute(
  b: Builder,
  roots: readonly Node[],
  replacements: ReadonlyMap<Node, Node>,
): Node[] {
  const done = new Map<Node, Node>(replacements)
  const order = topologicalOrder(roots, (node) =>
    replacements.has(node) || node.storage !== null ? [] : node.inputs,
  )
  for (const node of order) {
    if (done.has(node)) continue
    const inputs = node.inputs.map((x) => done.get(x) ?? x)
    done.set(
      node,
      inputs.some((x, i) => x !== node.inputs[i]) && node.storage === null ? b.rebuild(node, inputs) : node,
    )
  }
  return roots.map((r) => done.get(r)!)
}
