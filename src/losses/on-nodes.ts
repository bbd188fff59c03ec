/**
 * From options of losses on tensors to those of node-level losses: tensors become their nodes.
 */
import type { Node } from '../ir/node.js'
import { nodeOf, TensorBase } from '../tensor/base.js'
import type { Tensor } from '../tensor/tensor.js'

type OnNodes<O> = { readonly [K in keyof O]: Tensor extends O[K] ? Exclude<O[K], Tensor> | Node : O[K] }

/** The options with nodes for tensors. */
export function onNodes<O extends object>(options: O): OnNodes<O> {
  const out: Record<string, unknown> = {}
  for (const [key, value] of Object.entries(options)) {
    out[key] = value instanceof TensorBase ? nodeOf(value) : value
  }
  return out as OnNodes<O>
}
