/** Whether the body of a loop or branch is closed: all it reads are its parameters and constants. */
import { ValueError } from '../core/errors.js'
import { formatShape } from '../core/shape.js'
import { type Node, type Subgraph, topologicalOrder } from './node.js'

/** Leaves of a body that are neither parameters nor constants: what must be passed in from outside. */
export function freeVariables(body: Subgraph): Node[] {
  const params = new Set<Node>(body.params)
  const leaf = (node: Node): boolean => params.has(node) || node.storage !== null
  return topologicalOrder(body.results, (node) => (leaf(node) ? [] : node.inputs)).filter(
    (node) =>
      !params.has(node) &&
      (node.storage !== null || node.op === 'placeholder' || node.op === 'buffer' || node.op === 'scalar'),
  )
}

const closed = new WeakSet<Subgraph>()

/** Throws unless the body is closed. */
export function checkClosed(op: string, body: Subgraph): void {
  if (closed.has(body)) return
  const [free] = freeVariables(body)
  if (free !== undefined) {
    throw new ValueError(
      `${op}: expected a body that reads its parameters and constants only, but it reads a ${free.op} from outside ` +
        `(${free.dtype} ${formatShape(free.shape)}). Pass it in as one of the operation's inputs.`,
    )
  }
  closed.add(body)
}
