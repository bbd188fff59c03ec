/** Primitives with kernels of their own over stored operands: one lowering file each. */
import { InternalError } from '../../core/errors.js'
import type { Node } from '../../ir/node.js'
import type { Kernel } from '../loop-ir.js'
import type { Target } from '../target.js'

/** The kernels of a structured node, run one after the other; buffers: the node's inputs, then its results. */
export function lowerStructured(node: Node, _target: Target): Kernel[] {
  throw new InternalError(`No lowering for ${node.op}.`)
}
