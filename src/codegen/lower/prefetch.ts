/**
 * What the outputs of a register tile read and write, asked for while the tile is being multiplied: rows of a tile lie
 * too far apart for the processor to guess.
 */
import { isOp, type Node, topologicalOrder } from '../../ir/node.js'
import { type Index, indexDeps, indexKey, type LoopVar } from '../index-expression.js'
import type { Expr } from '../loop-ir.js'
import { walkExprs } from '../walk.js'
import type { Inliner } from './inline.js'
import { atLane, type Lanes } from './lanes.js'

/** Whether an expression over stored nodes needs statements of its own, which cannot be written twice. */
export const needsStatements = (outputs: readonly Node[], stored: (node: Node) => boolean): boolean =>
  topologicalOrder(outputs, (n) => (stored(n) ? [] : n.inputs)).some(
    (n) => !stored(n) && (isOp(n, 'gather') || n.op.startsWith('reduce')),
  )

/** An element of an output: where it is in its node, and where it lies in its buffer. */
export interface OutputElement {
  readonly node: Node
  readonly buffer: number
  readonly index: readonly Index[]
  readonly position: Index
}

/** Asks for the lines of the vectors at some elements (of row `row`), and of what is read for them and not for all rows. */
export function prefetchOutputs(
  inliner: Inliner,
  elements: readonly OutputElement[],
  lanes: Lanes,
  row: LoopVar,
): void {
  const { k } = inliner
  const values = elements.map(({ node, index }): Expr => inliner.value(node, index, lanes))
  const asked = new Set<string>()
  walkExprs(values, (e) => {
    if (e.kind !== 'load' || !indexDeps(e.index).has(row.id)) return
    const line = `${e.buffer} ${indexKey(e.index)}`
    if (asked.has(line)) return
    asked.add(line)
    k.emit({ kind: 'prefetch', buffer: e.buffer, index: e.index, write: false })
  })
  for (const { buffer, position } of elements)
    k.emit({ kind: 'prefetch', buffer, index: atLane(position, lanes, 0), write: true })
}
