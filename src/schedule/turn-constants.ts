/**
 * Weights of a loop that its products read with lanes far apart (x·Wᵀ with W row by row) are turned once, before the
 * loop, instead of in every round.
 */
import * as b from '../ir/build.js'
import { isOp, type Node, type Subgraph, topologicalOrder } from '../ir/node.js'
import { isThin } from './thin-contract.js'

export interface TurnedConstants {
  readonly body: Subgraph
  /** Constants of which the body takes a transposed copy too, behind the others. */
  readonly turned: readonly number[]
}

/** Whether the right side is a matrix whose rows lie along the inner dimension. */
function readsAcross(node: Node<'contract'>): boolean {
  const { batch, contracting } = node.attrs
  const [, y] = node.inputs
  const matrix = y.shape.length === 2 && y.dtype === 'f32' && batch[1].length === 0
  return matrix && contracting[1].length === 1 && contracting[1][0] === 1 && !isThin(node)
}

/** The body of a scan of several rounds, whose first `consts` parameters do not change. */
export function turnConstants(body: Subgraph, consts: number): TurnedConstants {
  const constants: readonly Node[] = body.params.slice(0, consts)
  const copies = new Map<number, Node<'placeholder'>>()
  /** The product with the transposed copy of constant `at`. */
  const turnedProduct = (node: Node<'contract'>, at: number): Node => {
    const [x, y] = node.inputs
    const [rows, columns] = y.shape
    const copy = copies.get(at) ?? b.placeholder([columns, rows], y.dtype)
    copies.set(at, copy)
    return b.contract(x, copy, { ...node.attrs, contracting: [node.attrs.contracting[0], [0]] })
  }
  const done = new Map<Node, Node>()
  for (const node of topologicalOrder(body.results, (n) => (n.storage === null ? n.inputs : []))) {
    if (node.storage !== null) {
      done.set(node, node)
      continue
    }
    const inputs = node.inputs.map((x) => done.get(x)!)
    const next = inputs.some((x, i) => x !== node.inputs[i]) ? b.rebuild(node, inputs) : node
    const at = isOp(next, 'contract') && readsAcross(next) ? constants.indexOf(next.inputs[1]) : -1
    done.set(node, at < 0 ? next : turnedProduct(next as Node<'contract'>, at))
  }

  if (copies.size === 0) return { body, turned: [] }
  const params = [...body.params.slice(0, consts), ...copies.values(), ...body.params.slice(consts)]
  return { body: { params, results: body.results.map((r) => done.get(r)!) }, turned: [...copies.keys()] }
}
