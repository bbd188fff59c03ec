/**
 * Drops stacked results of scans that nobody reads (residuals of loops that are never differentiated), and those that
 * are at hand: stacked inputs, and results that stand twice. What stays is turned where it pays (turn-constants.ts).
 */
import * as b from '../ir/build.js'
import { isOp, type Node, type Subgraph, topologicalOrder } from '../ir/node.js'
import { turnConstants } from './turn-constants.js'

/** `simplifyBody` makes equal results one node. */
export function pruneScan(
  roots: readonly Node[],
  leaves: ReadonlySet<Node>,
  simplifyBody: (body: Subgraph) => Subgraph,
): Node[] {
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
  /** For a scan: where each of its results is now, or the stacked input that it is. */
  const moved = new Map<Node, readonly (number | Node)[]>()
  for (const node of order) {
    if (isLeaf(node)) {
      done.set(node, node)
    } else if (isOp(node, 'output') && moved.has(node.inputs[0])) {
      const to = moved.get(node.inputs[0])![node.attrs.index]
      done.set(node, typeof to === 'number' ? b.output(done.get(node.inputs[0])!, to) : to)
    } else {
      const inputs = node.inputs.map((x) => done.get(x)!)
      if (isOp(node, 'scan')) {
        const { carry, consts } = node.attrs
        const body = simplifyBody(node.attrs.body)
        const { params, results } = body
        /** The stacked input that result i is, or null. */
        const given = (i: number): Node | null => {
          const at = i < carry ? -1 : params.indexOf(results[i] as Node<'placeholder'>)
          return at >= consts + carry ? inputs[at] : null
        }
        const first = (i: number): number => (i < carry ? i : results.indexOf(results[i], carry))
        const wanted = new Set([...read.get(node)!].map(first))
        const kept = results.map((_, i) => i).filter((i) => i < carry || (wanted.has(i) && given(i) === null))
        moved.set(
          node,
          results.map((_, i) => given(i) ?? kept.indexOf(first(i))),
        )
        const left = { params, results: kept.map((i) => results[i]) }
        const { body: turnedBody, turned } =
          node.attrs.length > 1 ? turnConstants(left, consts) : { body: left, turned: [] }
        const copies = turned.map((i) => b.permute(inputs[i], [1, 0]))
        done.set(
          node,
          b.make('scan', [...inputs.slice(0, consts), ...copies, ...inputs.slice(consts)], {
            ...node.attrs,
            consts: consts + turned.length,
            body: turnedBody,
          }),
        )
      } else {
        done.set(node, inputs.some((x, i) => x !== node.inputs[i]) ? b.rebuild(node, inputs) : node)
      }
    }
  }
  return roots.map((r) => done.get(r)!)
}
