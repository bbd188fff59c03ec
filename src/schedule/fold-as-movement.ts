/**
 * `fold` of windows that do not overlap is movement: (…, P, K) → (…, P·K), with zeros where windows do not reach. The
 * gradient of pooling with stride = size is one.
 */
import { range } from '../core/shape.js'
import * as b from '../ir/build.js'
import { isOp, type Node } from '../ir/node.js'

export function foldAsMovement(node: Node): Node | null {
  if (!isOp(node, 'fold')) return null
  const { size, stride, dilation, spatial } = node.attrs
  if (size.some((k, i) => stride[i] !== k || (dilation[i] !== 1 && k > 1))) return null
  const [x] = node.inputs
  const rank = size.length
  const lead = x.shape.length - 2 * rank
  // (…, P0, P1, K0, K1) to (…, P0, K0, P1, K1)
  const axes = [...range(lead), ...range(rank).flatMap((i) => [lead + i, lead + rank + i])]
  const covered = size.map((k, i) => k * x.shape[lead + i])
  const joined = b.reshape(b.permute(x, axes), [...x.shape.slice(0, lead), ...covered])
  if (covered.every((n, i) => n === spatial[i])) return joined
  const none = joined.shape.map(() => 0)
  const rest = joined.shape.map((n, a) => (a < lead ? 0 : spatial[a - lead] - n))
  return b.pad(joined, none, rest, none, 0)
}
