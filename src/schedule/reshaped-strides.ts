import { stridesOf } from '../core/shape.js'

/**
 * Strides of a reshaped view, or null where none describe it: axes are cut, and joined where they lie behind each other
 * as in one. Of values without elements any will do.
 */
export function reshapedStrides(
  from: readonly number[],
  strides: readonly number[],
  to: readonly number[],
): number[] | null {
  if (to.includes(0)) return stridesOf(to)
  // What lies as one axis is one: [size, stride], without axes of one.
  const runs: [number, number][] = []
  from.forEach((n, a) => {
    const last = runs[runs.length - 1]
    if (n === 1) return
    if (last !== undefined && last[1] === n * strides[a]) runs.splice(-1, 1, [last[0] * n, strides[a]])
    else runs.push([n, strides[a]])
  })
  const next = to.map(() => 0)
  for (let a = to.length - 1; a >= 0; a--) {
    if (to[a] === 1) continue
    const run = runs[runs.length - 1]
    if (run[0] % to[a] !== 0) return null
    next[a] = run[1]
    run[0] /= to[a]
    run[1] *= to[a]
    if (run[0] === 1) runs.pop()
  }
  return next
}
