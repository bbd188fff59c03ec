/**
 * Padding before movement that leaves the padded axes alone: a convolution and the gradient of its weights take the
 * same image with its channels in other places, and so share one padded copy.
 */
import { range, sizeOf } from '../core/shape.js'
import * as b from '../ir/build.js'
import { isOp, type Node } from '../ir/node.js'

export function padFirst(node: Node): Node | null {
  if (!isOp(node, 'pad')) return null
  const [x] = node.inputs
  const { low, high, interior, value } = node.attrs
  const rank = x.shape.length
  const touched = range(rank).filter((a) => low[a] !== 0 || high[a] !== 0 || interior[a] !== 0)
  if (touched.length === 0) return x
  if (isOp(x, 'permute')) {
    const { axes } = x.attrs
    // A transposition takes whole tiles, and padding would come between them.
    if (axes[rank - 1] !== rank - 1) return null
    const back = (list: readonly number[]): number[] => {
      const source = new Array<number>(rank).fill(0)
      axes.forEach((a, i) => {
        source[a] = list[i]
      })
      return source
    }
    return b.permute(b.pad(x.inputs[0], back(low), back(high), back(interior), value), axes)
  }
  if (!isOp(x, 'reshape')) return null
  // Axes from the first padded one on must be those of the source too.
  const kept = rank - touched[0]
  const [source] = x.inputs
  const lead = source.shape.length - kept
  if (lead < 0 || range(kept).some((i) => source.shape[lead + i] !== x.shape[touched[0] + i])) return null
  // Of values without elements the other axes may differ.
  if (sizeOf(source.shape.slice(0, lead)) !== sizeOf(x.shape.slice(0, touched[0]))) return null
  const wide = (list: readonly number[]): number[] => [
    ...new Array<number>(lead).fill(0),
    ...list.slice(touched[0]),
  ]
  const padded = b.pad(source, wide(low), wide(high), wide(interior), value)
  return b.reshape(padded, node.shape)
}
