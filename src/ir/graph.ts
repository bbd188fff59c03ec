/** A closed graph: what the runtime hands to a backend, and a backend to the scheduler. */
import type { Node } from './node.js'

/**
 * A closed graph to compile. Leaves of `outputs` are `inputs` (nodes of op `buffer`, `placeholder` or `scalar`), and
 * constants.
 */
export interface Graph {
  readonly inputs: readonly Node[]
  readonly outputs: readonly Node[]
  /** donations[i] = j: output i may overwrite input j's storage (the run receives the same Storage for both). */
  readonly donations: ReadonlyMap<number, number>
}
