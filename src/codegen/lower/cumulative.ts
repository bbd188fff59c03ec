/** Lowering of cumSum, cumProd and cumMax: one pass along the axis, lanes across the axes behind it. */
import type { DType } from '../../core/dtype.js'
import { sizeOf } from '../../core/shape.js'
import {
  addIndex,
  atomIndex,
  constantIndex,
  type Index,
  loopVar,
  scaleIndex,
  shiftIndex,
} from '../index-expression.js'
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
    op === 'cumSum'
      ? e.binary('add', a, b)
      : op === 'cumProd'
        ? e.binary('mul', a, b)
        : expandBinary(e, 'maximum', a, b)

  /** `count` neighbouring vectors at once, so that a pass reads whole cache lines. */
  const columns = (base: Index, lanes: number, count: number): void => {
    const at = (i: Index, c: number): Index => shiftIndex(addIndex(base, scaleIndex(i, inner)), c * lanes)
    const totals = Array.from({ length: count }, () => register('total', computeTypeOf(dtype), lanes))
    totals.forEach((total, c) => {
      const first = at(constantIndex(reverse ? n - 1 : 0), c)
      k.set(total, e.load(x, dtype, first, lanes))
      k.store(out, first, e.register(total))
    })
    const step = loopVar('i', 1, n - 1)
    k.loop(step, 1, () => {
      const i = reverse ? shiftIndex(atomIndex(step, -1), n - 1) : atomIndex(step)
      totals.forEach((total, c) => {
        k.set(total, combine(e.register(total), e.load(x, dtype, at(i, c), lanes)))
        k.store(out, at(i, c), roundTo(e, dtype, e.register(total)))
      })
    })
  }

  const width = widthFor(dtype, target)
  const shared = isShared(size, target)
  blocks(k, outer, inner, blockFor(outer, inner, shared, target), shared, (o, from, length) => {
    const base = addIndex(scaleIndex(o, n * inner), from)
    const wide = Math.floor(length / (4 * width))
    if (wide > 0) {
      const v = loopVar('j', 0, (wide - 1) * 4 * width)
      k.loop(v, 4 * width, () => columns(addIndex(base, atomIndex(v)), width, 4))
    }
    const done = wide * 4 * width
    vectorLoop(k, shiftIndex(base, done), length - done, width, (j, lanes) => columns(j, lanes, 1))
  })
  return [k.build(spec.name)]
}
