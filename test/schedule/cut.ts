/** A graph's kernels as short text, for tests: what each stores, and what it reads. */
import type { Target } from '../../src/codegen/target.js'
import { isOp, type Node } from '../../src/ir/node.js'
import { cutIntoKernels } from '../../src/schedule/fuse.js'
import { simplify } from '../../src/schedule/simplify.js'

export const target: Target = {
  name: 'test',
  vectorBytes: 16,
  tail: 'scalar',
  tile: { rows: 4, vectors: 2, unroll: 1 },
  l1: 32_768,
  l2: 524_288,
  threads: 1,
  serialWork: 32_768,
}

/** One line a kernel: `map add[4,5] <- in0 in1`. `overwrites[i] = j`: output i is written over input j. */
export function cut(
  inputs: readonly Node[],
  outputs: readonly Node[],
  overwrites: Record<number, number> = {},
): string {
  const graph = simplify({ inputs, outputs, donations: new Map() })
  const donated = new Map(Object.entries(overwrites).map(([i, j]) => [graph.outputs[Number(i)], inputs[j]]))
  const { kernels } = cutIntoKernels([...new Set(graph.outputs)], (n) => inputs.includes(n), target, donated)
  const packs = new Set(kernels.flatMap((k) => (k.kind === 'contract' ? [k.packed] : [])))
  const name = (node: Node): string => {
    if (inputs.includes(node)) return `in${inputs.indexOf(node)}`
    if (packs.has(node)) return 'packed'
    const op = isOp(node, 'output') ? `${node.inputs[0].op}.${node.attrs.index}` : node.op
    return `${op}[${node.shape}]`
  }
  return kernels
    .map((k) => [k.kind, ...k.outputs.map(name), '<-', ...k.inputs.map(name)].join(' '))
    .join('\n')
}
