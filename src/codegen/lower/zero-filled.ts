import { addIndex, atomIndex, type Index, shiftIndex } from '../index-expression.js'
import type { Expr, ExprBuilder } from '../loop-ir.js'
import { lanesOf, type Target } from '../target.js'
import { type Lanes, lanesFor, oneLane } from './lanes.js'

/** A vector of `active` values from index `from` on, zeros behind them. */
export function zeroFilled(
  e: ExprBuilder,
  target: Target,
  from: Index,
  active: number,
  at: (i: Index, lanes: Lanes) => Expr,
): Expr {
  const count = lanesOf(target)
  const lanes = lanesFor(count, active)
  if (lanes.variable === null) return at(from, lanes)
  if (active === count || target.tail === 'mask') {
    // Only what is loaded is known to be zero behind the last.
    const value = at(addIndex(from, atomIndex(lanes.variable)), lanes)
    if (active === count || value.kind === 'load') return value
  }
  return e.vector(
    Array.from({ length: count }, (_, l) =>
      l < active ? at(shiftIndex(from, l), oneLane) : e.const(0, 'f32'),
    ),
  )
}
