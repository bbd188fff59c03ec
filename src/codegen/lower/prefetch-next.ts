/** What the next round of a loop over rows will load, asked for in this one. */
import { type Index, shiftIndex, stepOf } from '../index-expression.js'
import type { Expr } from '../loop-ir.js'
import { walkExprs } from '../walk.js'
import type { KernelBuilder } from './kernel-builder.js'

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
