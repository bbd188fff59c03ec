/** Primitives with kernels of their own over stored operands: one lowering file each. */
import { InternalError } from '../../core/errors.js'
import { isOp, type Node } from '../../ir/node.js'
import type { Kernel } from '../loop-ir.js'
import type { Target } from '../target.js'
import { lowerArgReduce } from './arg-reduce.js'
import { lowerCumulative } from './cumulative.js'
import { lowerDynamicSlice, lowerDynamicUpdate } from './dynamic.js'
import { lowerScatter } from './scatter.js'
import { lowerSort } from './sort.js'
import { lowerWindowReduce } from './window-reduce.js'

/** The kernels of a structured node, run one after the other; buffers: the node's inputs, then its results. */
export function lowerStructured(node: Node, target: Target): Kernel[] {
  const [x] = node.inputs
  const { shape, dtype } = x
  const name = `${node.op}_${shape.join('x') || '1'}`
  if (isOp(node, 'argMax') || isOp(node, 'argMin')) {
    const kind = node.op === 'argMax' ? 'max' : 'min'
    return lowerArgReduce({ name, kind, shape, dtype, axis: node.attrs.axis }, target)
  }
  if (isOp(node, 'cumSum') || isOp(node, 'cumProd') || isOp(node, 'cumMax')) {
    return lowerCumulative({ name, op: node.op, shape, dtype, ...node.attrs }, target)
  }
  if (isOp(node, 'windowReduce')) return lowerWindowReduce({ name, shape, dtype, ...node.attrs }, target)
  if (isOp(node, 'scatter')) {
    const [, index] = node.inputs
    const indexDType = index.dtype as 'i32' | 'i64'
    return lowerScatter(
      { name, shape, dtype, indexDType, count: index.shape[node.attrs.axis], ...node.attrs },
      target,
    )
  }
  if (isOp(node, 'dynamicSlice'))
    return lowerDynamicSlice({ name, shape, dtype, sizes: node.attrs.sizes }, target)
  if (isOp(node, 'dynamicUpdate'))
    return lowerDynamicUpdate({ name, shape, dtype, sizes: node.inputs[1].shape }, target)
  if (isOp(node, 'sort')) {
    return lowerSort({ name, shape, dtypes: node.inputs.map((i) => i.dtype), ...node.attrs }, target)
  }
  throw new InternalError(`There is no kernel for ${node.op}.`)
}
