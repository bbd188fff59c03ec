/** What the lowerings of contractions begin with: buffers of inputs and outputs, and readers of both. */
import { sizeOf } from '../../core/shape.js'
import type { Node } from '../../ir/node.js'
import type { ContractSpec } from '../../schedule/kernel-spec.js'
import type { Target } from '../target.js'
import { Inliner } from './inline.js'
import { KernelBuilder } from './kernel-builder.js'
import { TileOutputs } from './tile-outputs.js'

export interface ContractKernel {
  readonly k: KernelBuilder
  /** The buffers of the kernel's inputs. */
  readonly numbers: ReadonlyMap<Node, number>
  /** The element-wise rest on finished sums. */
  readonly own: TileOutputs
  readonly inliner: Inliner
}

/** Buffers stand in the order: inputs, outputs. */
export function beginContract(spec: ContractSpec, target: Target): ContractKernel {
  const k = new KernelBuilder()
  const node: Node = spec.node
  const numbers = new Map<Node, number>()
  for (const x of spec.inputs) numbers.set(x, k.buffer('in', x.dtype, sizeOf(x.shape), 'read'))
  const outputs = spec.outputs.map((x) => k.buffer('out', x.dtype, sizeOf(x.shape), 'write'))
  const own = new TileOutputs(k, target, node, spec.outputs, outputs)
  const inliner = new Inliner(k, target, (x) => numbers.get(x) ?? null, new Map([[node, own.plug]]))
  return { k, numbers, own, inliner }
}
