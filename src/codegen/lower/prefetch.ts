/**
 * What the outputs of a register tile read and write, asked for while the tile is being multiplied: rows of a tile lie
 * too far apart for the processor to guess.
 */
import { isOp, type Node, topologicalOrder } from '../../ir/node.js'
import { delinearize, type Index, indexDeps, type LoopVar } from '../index-expression.js'
import type { Expr } from '../loop-ir.js'
import { walkExprs } from '../walk.js'
import type { Inliner } from './inline.js'
import { atLane, type Lanes } from './lanes.js'

/** Whether an expression over stored nodes needs statements of its own, which cannot be written twice. */
export const needsStatements = (outputs: readonly Node[], stored: (node: Node) => boolean): boolean =>
  topologicalOrder(outputs, (n) => (stored(n) ? [] : n.inputs)).some(
    (n) => !stored(n) && (isOp(n, 'gather') || n.op.startsWith('reduce')),
  )

/**
 * Asks for the lines of the vector at `position` (of row `row`) in every output, and in every input that the outputs
 * read there and not for all rows.
 */
export function prefetchOutputs(
  inliner: Inliner,
  outputs: readonly Node[],
  buffers: readonly number[],
  position: Index,
  lanes: Lanes,
  row: LoopVar,
): void {
  const { k } = inliner
  const values = outputs.map((node): Expr => inliner.value(node, delinearize(position, node.shape), lanes))
  const asked = new Set<number>()
  walkExprs(values, (e) => {
    if (e.kind !== 'load' || asked.has(e.buffer) || !indexDeps(e.index).has(row.id)) return
    asked.add(e.buffer)
    k.emit({ kind: 'prefetch', buffer: e.buffer, index: e.index, write: false })
  })
  for (const buffer of buffers)
    k.emit({ kind: 'prefetch', buffer, index: atLane(position, lanes, 0), write: true })
}
