/** Drops stacked results of scans that nobody reads: residuals of loops that are never differentiated. */
import * as b from '../ir/build.js'
import { isOp, type Node, topologicalOrder } from '../ir/node.js'

export function pruneScan(roots: readonly Node[], leaves: ReadonlySet<Node>): Node[] {
  const isLeaf = (n: Node): boolean => leaves.has(n) || n.storage !== null
  const order = topologicalOrder(roots, (n) => (isLeaf(n) ? [] : n.inputs))
  const read = new Map<Node, Set<number>>()
  for (const node of order) {
    if (isLeaf(node) || !isOp(node, 'output') || !isOp(node.inputs[0], 'scan')) continue
    const [scan] = node.inputs
    read.set(scan, (read.get(scan) ?? new Set()).add(node.attrs.index))
  }
  if (read.size === 0) return [...roots]

  const done = new Map<Node, Node>()
  /** For a scan: where each of its results is now. */
  const moved = new Map<Node, number[]>()
  for (const node of order) {
    if (isLeaf(node)) {
      done.set(node, node)
    } else if (isOp(node, 'output') && moved.has(node.inputs[0])) {
      done.set(node, b.output(done.get(node.inputs[0])!, moved.get(node.inputs[0])![node.attrs.index]))
    } else {
      const inputs = node.inputs.map((x) => done.get(x)!)
      if (isOp(node, 'scan')) {
        const { body, carry } = node.attrs
        const kept = body.results.map((_, i) => i).filter((i) => i < carry || read.get(node)!.has(i))
        moved.set(
          node,
          body.results.map((_, i) => kept.indexOf(i)),
        )
        const results = kept.map((i) => body.results[i])
        done.set(
          node,
          b.make('scan', inputs, {
            ...node.attrs,
            body: kept.length === body.results.length ? body : { params: body.params, results },
          }),
        )
      } else {
        done.set(node, inputs.some((x, i) => x !== node.inputs[i]) ? b.rebuild(node, inputs) : node)
      }
    }
  }
  return roots.map((r) => done.get(r)!)
}
