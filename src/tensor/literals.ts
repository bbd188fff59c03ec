/** Numbers of the user in rules and hooks, which run while derivatives are made. */
import * as build from '../ir/build.js'
import { isOp, type Node, topologicalOrder } from '../ir/node.js'

/**
 * What a rule or hook built, with the user's numbers in it as literals: a rule also runs where derivatives of a loop's body are
 * made, and a body has no inputs for them.
 */
export function withLiterals(
  built: readonly (Node | null)[],
  given: readonly (Node | null)[],
): (Node | null)[] {
  const known = new Set<Node | null>(given)
  const live = built.filter((x) => x !== null)
  const literals = new Map<Node, Node>()
  for (const node of topologicalOrder(live, (n) => (known.has(n) || n.storage !== null ? [] : n.inputs))) {
    if (isOp(node, 'scalar')) literals.set(node, build.constant(node.attrs.value, node.attrs.dtype))
  }
  if (literals.size === 0) return [...built]
  const rebuilt = build.substitute(live, literals)
  let at = 0
  return built.map((x) => (x === null ? null : rebuilt[at++]))
}
