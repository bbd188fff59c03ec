/** A reduction of the same elements in another shape. */
import type { Shape } from '../core/shape.js'
import * as b from '../ir/build.js'
import { isOp, type Node } from '../ir/node.js'

/** The reduction of `node`'s input, reshaped, along `axes`. A sum of products stays one. */
export function reduceReshaped(
  node: Node<'reduceSum' | 'reduceMax' | 'reduceMin'>,
  shape: Shape,
  axes: readonly number[],
): Node {
  const [x] = node.inputs
  // A factor that is 1 everywhere may be gone already.
  if (isOp(node, 'reduceSum') && node.attrs.products === true && isOp(x, 'mul'))
    return b.sumProducts(b.reshape(x.inputs[0], shape), b.reshape(x.inputs[1], shape), axes)
  return b.make(node.op, [b.reshape(x, shape)], { axes })
}
