/** Functions that see (and may replace) the cotangent of a node when reverse mode has all of it. */
import type { Node } from './node.js'

/** Gets the cotangent; what it returns, unless null, takes its place. */
export type GradientHook = (cotangent: Node) => Node | null

/** The lists are shared between a node and what it is rebuilt as. */
const hooks = new WeakMap<Node, Set<{ readonly hook: GradientHook }>>()

/** Adds a hook to a node. Returns a function that takes it away. */
export function addGradientHook(node: Node, hook: GradientHook): () => void {
  let list = hooks.get(node)
  if (list === undefined) {
    list = new Set()
    hooks.set(node, list)
  }
  const entry = { hook }
  list.add(entry)
  return () => list.delete(entry)
}

export const hasGradientHooks = (node: Node): boolean => (hooks.get(node)?.size ?? 0) > 0

/** Gives `copy`, which stands for `node` elsewhere, the hooks of `node`. */
export function shareGradientHooks(node: Node, copy: Node): void {
  const list = hooks.get(node)
  if (list !== undefined && copy !== node) hooks.set(copy, list)
}

/** The cotangent after the node's hooks. */
export function hooked(node: Node, cotangent: Node): Node {
  let g = cotangent
  for (const { hook } of hooks.get(node) ?? []) g = hook(g) ?? g
  return g
}
