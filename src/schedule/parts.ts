/**
 * Concatenations that a kernel writes part by part: where all parts have one shape, their elements in the same place are
 * computed together, and share what they have in common (the gates of a recurrent cell and their cotangents).
 */
import { sizeOf } from '../core/shape.js'
import { isOp, type Node } from '../ir/node.js'

const mostParts = 8
/** Elements that lie beside each other in a part, at least: stores are whole vectors. */
const shortestRun = 16

/** The parts of a stored node that is written so; null for any other. */
export function partsOf(node: Node): readonly Node[] | null {
  if (!isOp(node, 'concat')) return null
  const { inputs } = node
  const [{ shape }] = inputs
  const equal = inputs.every((x) => x.shape.every((n, i) => n === shape[i]))
  const few = inputs.length > 1 && inputs.length <= mostParts
  return equal && few && sizeOf(shape.slice(node.attrs.axis)) >= shortestRun ? inputs : null
}

/** Elements that a kernel with this output goes over. */
export const domainSize = (output: Node): number => sizeOf((partsOf(output)?.[0] ?? output).shape)
