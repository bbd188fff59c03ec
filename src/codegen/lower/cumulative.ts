/** Lowering of cumSum, cumProd and cumMax: one pass along the axis, lanes across the axes behind it. */
import type { DType } from '../../core/dtype.js'
import { sizeOf } from '../../core/shape.js'
import { addIndex, atomIndex, constantIndex, type Index, loopVar, scaleIndex } from '../index-expression.js'
import { computeTypeOf, type Expr, type Kernel, register } from '../loop-ir.js'
import { expandBinary } from '../math.js'
import type { Target } from '../target.js'
import { KernelBuilder } from './kernel-builder.js'
import { aroundAxis, blockFor, blocks, isShared, vectorLoop, widthFor } from './operand.js'
import { roundTo } from './round.js'

export interface CumulativeSpec {
  readonly name: string
  readonly op: 'cumSum' | 'cumProd' | 'cumMax'
  readonly shape: readonly number[]
  readonly axis: number
  readonly reverse: boolean
  readonly dtype: DType
}

/**
 * Buffers: x, out. The running value is kept in the compute type and rounded as it is stored, one element after the
 * other in the order of the axis (from its end when `reverse`).
 */
export function lowerCumulative(spec: CumulativeSpec, target: Target): Kernel[] {
  const { op, shape, axis, reverse, dtype } = spec
  const size = sizeOf(shape)
  if (size === 0) return []
  const { outer, n, inner } = aroundAxis(shape, axis)
  const k = new KernelBuilder()
  const { e } = k
  const x = k.buffer('x', dtype, size, 'read')
  const out = k.buffer('out', dtype, size, 'write')
  const combine = (a: Expr, b: Expr): Expr =>
    op === 'cumSum' ? e.binary('add', a, b) : op === 'cumProd' ? e.binary('mul', a, b) : expandBinary(e, 'maximum', a, b)

  const column = (base: Index, lanes: number): void => {
    const total = register('total', computeTypeOf(dtype), lanes)
    const at = (i: Index): Index => addIndex(base, scaleIndex(i, inner))
    const first = at(constantIndex(reverse ? n - 1 : 0))
    k.set(total, e.load(x, dtype, first, lanes))
    k.store(out, first, e.register(total))
    const step = loopVar('i', 1, n - 1)
    k.loop(step, 1, () => {
      const i = reverse ? addIndex(constantIndex(n - 1), atomIndex(step, -1)) : atomIndex(step)
      k.set(total, combine(e.register(total), e.load(x, dtype, at(i), lanes)))
      k.store(out, at(i), roundTo(e, dtype, e.register(total)))
    })
  }

  const shared = isShared(size, target)
  blocks(k, outer, inner, blockFor(outer, inner, shared, target), shared, (o, from, length) => {
    const base = addIndex(scaleIndex(o, n * inner), from)
    vectorLoop(k, base, length, widthFor(dtype, target), column)
  })
  return [k.build(spec.name)]
}
