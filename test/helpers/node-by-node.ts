/** Graphs without any fusion: what fused ones must agree with to the bit. */
import type { Backend } from '../../src/backend/backend.js'
import { isFloat } from '../../src/core/dtype.js'
import type { Storage } from '../../src/core/storage.js'
import * as b from '../../src/ir/build.js'
import type { Node } from '../../src/ir/node.js'
import { numbersOf, run } from './run-graph.js'

/** The bits, with one NaN for all. */
export function bitsOf(s: Storage): string {
  if (isFloat(s.dtype))
    return numbersOf(s)
      .map((v) => (Object.is(v, -0) ? '-0' : v))
      .join()
  return numbersOf(s).join()
}

/** Each node by a program of its own, from the values of its inputs. */
export function nodeByNode(
  backend: Backend,
  inputs: readonly Node[],
  given: readonly Storage[],
  wanted: readonly Node[],
): Storage[] {
  const known = new Map<Node, Storage>(inputs.map((n, i) => [n, given[i]]))
  const compute = (node: Node): void => {
    if (known.has(node)) return
    const source = node.op === 'output' ? node.inputs[0] : node
    for (const x of source.inputs) compute(x)
    const stands = source.inputs.map((x) => b.placeholder(x.shape, x.dtype))
    const rebuilt = source.inputs.length === 0 ? source : b.rebuild(source, stands)
    const operands = source.inputs.map((x) => known.get(x)!)
    const written = run(backend, stands, operands, b.outputs(rebuilt))
    b.outputs(source).forEach((n, i) => {
      known.set(n, written[i])
    })
  }
  for (const node of wanted) compute(node)
  return wanted.map((n) => known.get(n)!)
}
