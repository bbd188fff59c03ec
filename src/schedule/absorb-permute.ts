/**
 * Contractions of transposed sides, x·(Wᵀ), as ones that name the axes where they lie: what has rows in memory is then
 * seen to have them, however the product was written.
 */
import { otherAxes } from '../core/shape.js'
import * as b from '../ir/build.js'
import { isOp, type Node } from '../ir/node.js'

const ascending = (axes: readonly number[]): boolean => axes.every((axis, i) => i === 0 || axes[i - 1] < axis)

/** Products of matrices only: sums over several axes, of convolutions, say how their sides are best laid out. */
export function absorbPermute(node: Node): Node | null {
  if (!isOp(node, 'contract') || node.attrs.contracting[0].length !== 1) return null
  const inputs = [...node.inputs]
  const batch = [...node.attrs.batch]
  const contracting = [...node.attrs.contracting]
  let absorbed = false
  for (const side of [0, 1] as const) {
    const x = inputs[side]
    if (!isOp(x, 'permute')) continue
    const moved = (axes: readonly number[]): number[] => axes.map((axis) => x.attrs.axes[axis])
    // Free axes that changed places would have to be changed back in the result.
    if (!ascending(moved(otherAxes([...batch[side], ...contracting[side]], x.shape.length)))) continue
    inputs[side] = x.inputs[0]
    batch[side] = moved(batch[side])
    contracting[side] = moved(contracting[side])
    absorbed = true
  }
  if (!absorbed) return null
  return b.contract(inputs[0], inputs[1], {
    ...node.attrs,
    batch: [batch[0], batch[1]],
    contracting: [contracting[0], contracting[1]],
  })
}
