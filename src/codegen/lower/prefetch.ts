/**
 * What the outputs of a register tile read and write, asked for while the tile is being multiplied: rows of a tile lie
 * too far apart for the processor to guess.
 */
import { isOp, type Node, topologicalOrder } from '../../ir/node.js'
import { delinearize, type Index, indexDeps, type LoopVar, shiftIndex, stepOf } from '../index-expression.js'
import type { Expr } from '../loop-ir.js'
import { walkExprs } from '../walk.js'
import type { Inliner } from './inline.js'
import type { KernelBuilder } from './kernel-builder.js'
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

/** Rows whose starts lie fewer elements apart are found by the processor itself. */
const farRows = 512

/** Asks for what `values` will load in the next round of the loop that `row` counts: a row of an image far away. */
export function prefetchNext(k: KernelBuilder, values: readonly Expr[], row: Index): void {
  const [term] = row.terms
  if (term?.atom.kind !== 'loop') return
  const variable = term.atom
  const asked = new Set<Index>()
  walkExprs(values, (e) => {
    if (e.kind !== 'load' || asked.has(e.index)) return
    asked.add(e.index)
    const step = stepOf(e.index, variable)
    if (step === null || Math.abs(step) < farRows) return
    k.emit({ kind: 'prefetch', buffer: e.buffer, index: shiftIndex(e.index, step), write: false })
  })
}
