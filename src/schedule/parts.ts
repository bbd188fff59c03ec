/**
 * Concatenations that a kernel writes part by part: where all parts have one shape, their elements in the same place are
 * computed together, and share what they have in common (the gates of a recurrent cell and their cotangents).
 */
import { type Shape, sizeOf } from '../core/shape.js'
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

/** What a kernel with this output goes over: the places of the output, or of one of its parts. */
export const domainOf = (output: Node): Shape => (partsOf(output)?.[0] ?? output).shape

/** Whether rows of a node begin or end with other values, in a kernel with these outputs. */
export const hasBorder = (node: Node, outputs: readonly Node[]): boolean =>
  isOp(node, 'pad') || (isOp(node, 'concat') && !(outputs.includes(node) && partsOf(node) !== null))
