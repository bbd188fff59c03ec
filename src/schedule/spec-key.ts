/** Kernels of one program that compute the same of other buffers (the layers of a network) share their code. */
import { isOp, type Node, topologicalOrder } from '../ir/node.js'
import { attributesKey } from './attributes-key.js'
import { bf16PairsOf } from './bf16-products.js'
import { isTiled, type KernelSpec, type StructuredSpec, tileOperands } from './kernel-spec.js'
import { sharedBatchAxes } from './pack.js'
import { tapsGradient } from './winograd-gradient.js'

/**
 * Equal texts mean kernels that are lowered alike: the same expressions over inputs of the same types, in the same
 * order of buffers.
 */
export function specKey(spec: Exclude<KernelSpec, StructuredSpec>): string {
  const numbers = new Map<Node, number>()
  const parts: string[] = [spec.kind]
  const add = (node: Node, text: string): void => {
    numbers.set(node, numbers.size)
    parts.push(`${text} ${node.dtype} ${node.shape.join('x')}`)
  }
  const numbersOf = (nodes: readonly Node[]): string => nodes.map((x) => numbers.get(x)).join()
  for (const node of spec.inputs) add(node, 'in')
  const tile = isTiled(spec) ? spec : null
  const contract = spec.kind === 'contract' ? spec.node : null
  // A packed left side is one of the inputs.
  const operands = (n: Node): readonly Node[] => (n === tile?.node ? tileOperands(tile) : n.inputs)
  for (const node of topologicalOrder(spec.outputs, (n) => (numbers.has(n) ? [] : operands(n)))) {
    if (numbers.has(node)) continue
    add(node, `${node.op}${attributesKey(node.attrs)} ${numbersOf(operands(node))}`)
    if (isOp(node, 'contract') && node === contract) {
      const left = node.inputs[0]
      const pairs = bf16PairsOf(node)
      parts.push(`left ${left.dtype} ${left.shape.join('x')} ${sharedBatchAxes(node).join()} pairs ${pairs}`)
    }
  }
  // Padding stands between the contraction and what it reads.
  if (spec.kind === 'winogradGradient') parts.push(`padding ${tapsGradient(spec.node)?.padding.join()}`)
  if (spec.kind === 'map' && spec.rows !== undefined) parts.push(`columns ${spec.rows.columns}`)
  parts.push(`out ${numbersOf(spec.outputs)}`)
  return parts.join('\n')
}
