/** What the next round of a loop over rows will load, asked for in this one. */
import { type Index, shiftIndex, stepOf } from '../index-expression.js'
import type { Expr } from '../loop-ir.js'
import { walkExprs } from '../walk.js'
import type { KernelBuilder } from './kernel-builder.js'

/** Rows whose starts lie fewer elements apart are found by the processor itself. */
const farRows = 512

/**
 * Asks for what `values` will load in the next round of the innermost of the loops `rows` (outermost first) that takes
 * them far away: the same row of the next image.
 */
export function prefetchNext(k: KernelBuilder, values: readonly Expr[], rows: readonly Index[]): void {
  const variables = rows
    .flatMap(({ terms: [term] }) => (term?.atom.kind === 'loop' ? [term.atom] : []))
    .reverse()
  const asked = new Set<Index>()
  walkExprs(values, (e) => {
    if (e.kind !== 'load' || asked.has(e.index)) return
    asked.add(e.index)
    const step = variables.map((v) => stepOf(e.index, v)).find((by) => by === null || Math.abs(by) >= farRows)
    if (step === null || step === undefined) return
    k.emit({ kind: 'prefetch', buffer: e.buffer, index: shiftIndex(e.index, step), write: false })
  })
}
