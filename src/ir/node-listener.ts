/** Lets a tracer hear of every node that is built, so that it can note which line of the user built it. */
import type { Node } from './node.js'

let current: ((node: Node) => void) | null = null

/** Reports a new node. Called by the constructor of Node. */
export function announce(node: Node): void {
  if (current !== null) current(node)
}

/** Runs `fn`; `listener` hears of each node built meanwhile. */
export function withNodeListener<T>(listener: ((node: Node) => void) | null, fn: () => T): T {
  const before = current
  current = listener
  try {
    return fn()
  } finally {
    current = before
  }
}
