/** Hooks on the gradients of leaves: they stay with the cell through all its versions. */
import type { GradientHook } from '../ir/gradient-hooks.js'
import type { Node } from '../ir/node.js'
import { type Cell, countPropertyChange, tracing } from './state.js'

const hooks = new WeakMap<Cell, readonly GradientHook[]>()

export const hasCellHooks = (cell: Cell): boolean => hooks.has(cell)

/** Adds a hook to a leaf. Returns a function that takes it away. */
export function addCellHook(cell: Cell, hook: GradientHook): () => void {
  const entry: GradientHook = (g) => hook(g)
  hooks.set(cell, [...(hooks.get(cell) ?? []), entry])
  countPropertyChange()
  return () => {
    countPropertyChange()
    const rest = (hooks.get(cell) ?? []).filter((h) => h !== entry)
    if (rest.length > 0) hooks.set(cell, rest)
    else hooks.delete(cell)
  }
}

/** The gradient of a leaf after its hooks. A step that is being traced depends on which there are. */
export function hookedGradient(cell: Cell, gradient: Node): Node {
  const list = hooks.get(cell)
  if (tracing !== null && cell.owner !== tracing) {
    tracing.observe(cell, 'gradientHooks', list, () => hooks.get(cell), true)
  }
  let g = gradient
  for (const hook of list ?? []) g = hook(g) ?? g
  return g
}
