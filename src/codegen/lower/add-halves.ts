import type { Expr } from '../loop-ir.js'
import type { KernelBuilder } from './kernel-builder.js'

/** The sum of 2ⁿ values: halves are added, then halves of what is left. */
export function addHalves(k: KernelBuilder, values: readonly Expr[]): Expr {
  const { e } = k
  let sums = values
  while (sums.length > 1) {
    const half = sums.length / 2
    const upper = sums.slice(half)
    sums = sums.slice(0, half).map((x, i) => e.register(k.define('h', e.binary('add', x, upper[i]))))
  }
  return sums[0]
}
