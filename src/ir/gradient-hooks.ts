/** Functions that see (and may replace) the cotangent of a node when reverse mode has all of it. */
import type { Node } from './node.js'

/** Gets the cotangent; what it returns, unless null, takes its place. */
export type GradientHook = (cotangent: Node) => Node | null

const hooks = new WeakMap<Node, readonly GradientHook[]>()

/** Adds a hook to a node. Returns a function that takes it away. */
export function addGradientHook(node: Node, hook: GradientHook): () => void {
  // An entry of its own, so that the same function can be added twice and removed once.
  const entry: GradientHook = (g) => hook(g)
  hooks.set(node, [...(hooks.get(node) ?? []), entry])
  return () => {
    const rest = (hooks.get(node) ?? []).filter((h) => h !== entry)
    if (rest.length > 0) hooks.set(node, rest)
    else hooks.delete(node)
  }
}

/** The cotangent after the node's hooks. */
export function hooked(node: Node, cotangent: Node): Node {
  let g = cotangent
  for (const hook of hooks.get(node) ?? []) g = hook(g) ?? g
  return g
}
