/** Primitives with kernels of their own over stored operands: one lowering file each. */
import { InternalError } from '../../core/errors.js'
import { sizeOf } from '../../core/shape.js'
import { isOp, type Node } from '../../ir/node.js'
import { type StridedView, scatterOperands } from '../../schedule/operands.js'
import type { Kernel } from '../loop-ir.js'
import type { Target } from '../target.js'
import { lowerArgReduce } from './arg-reduce.js'
import { ComputedRows } from './computed-rows.js'
import { lowerCumulative } from './cumulative.js'
import { lowerDynamicSlice, lowerDynamicUpdate } from './dynamic.js'
import { lowerScatter, type StridedOperand } from './scatter.js'
import { lowerSegmentSum } from './segment-sum.js'
import { lowerSort } from './sort.js'
import { lowerWindowReduce } from './window-reduce.js'

/**
 * The kernels of a structured node, run one after the other. Buffers: what it reads, as `buffersOf` lists it, then its
 * results. `inPlace`: the first result is the memory of the first input.
 */
export function lowerStructured(
  node: Node,
  target: Target,
  buffers: readonly Node[] = node.inputs,
  inPlace = false,
): Kernel[] {
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
    const [, { shape: counts, dtype: indexDType }] = node.inputs
    if (indexDType !== 'i32' && indexDType !== 'i64')
      throw new InternalError(`There is no scatter by ${indexDType}.`)
    const { fill, index, updates } = scatterOperands(node)
    const operand = ({ base, strides }: StridedView): StridedOperand => ({
      size: sizeOf(base.shape),
      strides,
    })
    return lowerScatter(
      {
        name,
        shape,
        dtype,
        indexDType,
        count: counts[node.attrs.axis],
        ...node.attrs,
        index: operand(index),
        updates:
          updates === null
            ? new ComputedRows(node.inputs[2], buffers.slice(fill === null ? 2 : 1))
            : operand(updates),
        fill,
        inPlace,
      },
      target,
    )
  }
  if (isOp(node, 'segmentSumCsr')) {
    const [, { shape: offsets, dtype: offsetsDType }] = node.inputs
    if (offsetsDType !== 'i32' && offsetsDType !== 'i64')
      throw new InternalError(`There are no segments by ${offsetsDType}.`)
    const terms = new ComputedRows(x, buffers.slice(1))
    return lowerSegmentSum({ name, shape, rows: offsets[0] - 1, dtype, offsetsDType, terms }, target)
  }
  if (isOp(node, 'dynamicSlice'))
    return lowerDynamicSlice({ name, shape, dtype, sizes: node.attrs.sizes }, target)
  if (isOp(node, 'dynamicUpdate'))
    return lowerDynamicUpdate({ name, shape, dtype, sizes: node.inputs[1].shape, inPlace }, target)
  if (isOp(node, 'sort')) {
    return lowerSort({ name, shape, dtypes: node.inputs.map((i) => i.dtype), ...node.attrs }, target)
  }
  throw new InternalError(`There is no kernel for ${node.op}.`)
}
