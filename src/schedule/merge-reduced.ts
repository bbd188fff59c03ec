/**
 * Reductions over several short trailing axes (an image's rows and columns) as one over a long axis, along which lanes
 * can run. Whether axes are merged depends on shape and axes only, and so does the order in which elements are added.
 */
import { sizeOf } from '../core/shape.js'
import { isOp, type Node } from '../ir/node.js'
import { reduceReshaped } from './reduce-reshaped.js'

/** A last axis of so many elements fills vectors well enough by itself. */
const longEnough = 64
/** A merged axis of fewer elements would not fill one. */
const leastMerged = 16

export function mergeReduced(node: Node): Node | null {
  if (!isOp(node, 'reduceSum') && !isOp(node, 'reduceMax') && !isOp(node, 'reduceMin')) return null
  const [x] = node.inputs
  const { axes } = node.attrs
  const { shape } = x
  let first = shape.length
  while (first > 0 && axes.includes(first - 1)) first--
  const merged = sizeOf(shape.slice(first))
  const last = shape[shape.length - 1]
  if (shape.length - first < 2 || last === merged || last >= longEnough || merged < leastMerged) return null
  const kept = axes.filter((a) => a < first)
  return reduceReshaped(node, [...shape.slice(0, first), merged], [...kept, first])
}
