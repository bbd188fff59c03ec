/** Lowering of argMax and argMin: the position of the first extreme along an axis; NaN counts as the extreme. */
import { type DType, isFloat } from '../../core/dtype.js'
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
import { type Expr, type Kernel, type Register, register } from '../loop-ir.js'
import type { Target } from '../target.js'
import { KernelBuilder } from './kernel-builder.js'
import { aroundAxis, beats, blockFor, blocks, isShared, vectorLoop, widthFor } from './operand.js'

export interface ArgReduceSpec {
  readonly name: string
  readonly kind: 'max' | 'min'
  readonly shape: readonly number[]
  readonly axis: number
  readonly dtype: DType
}

/** Buffers: x, out (i64). Lanes run across the axes behind the axis, or along it where it is the last. */
export function lowerArgReduce(spec: ArgReduceSpec, target: Target): Kernel[] {
  const { kind, shape, axis, dtype } = spec
  const { outer, n, inner } = aroundAxis(shape, axis)
  if (outer * inner === 0) return []
  const k = new KernelBuilder()
  const { e } = k
  const x = k.buffer('x', dtype, sizeOf(shape), 'read')
  const out = k.buffer('out', 'i64', outer * inner, 'write')
  const width = widthFor(dtype, target)
  // Bools are compared as 0 and 1.
  const read = (at: Index, lanes: number): Expr => {
    const value = e.load(x, dtype, at, lanes)
    return value.type === 'bool' ? e.convert(value, 'i32') : value
  }
  const write = (at: Index, position: Expr): void => k.store(out, at, e.convert(position, 'i64'))

  /** Registers for the best value and its position, started with what `value` and `position` give. */
  const start = (value: Expr, position: Expr): readonly [Register, Register] => {
    const best = register('best', value.type, value.lanes)
    const at = register('position', 'i32', value.lanes)
    k.set(best, value)
    k.set(at, position)
    return [best, at]
  }
  const update = (best: Register, at: Register, better: Expr, value: Expr, position: Expr): void => {
    // The position first: what is better is judged by the old best value, which among equals may as well stay.
    k.set(at, e.select(better, position, e.register(at)))
    k.set(best, e.select(better, value, e.register(best)))
  }

  const column = (o: Index, j: Index, lanes: number): void => {
    const base = addIndex(scaleIndex(o, n * inner), j)
    const [best, at] = start(read(base, lanes), e.const(0, 'i32', lanes))
    const i = loopVar('i', 1, n - 1)
    k.loop(i, 1, () => {
      const value = read(addIndex(base, atomIndex(i, inner)), lanes)
      update(
        best,
        at,
        beats(e, kind, dtype, value, e.register(best)),
        value,
        e.splat(e.index(atomIndex(i)), lanes),
      )
    })
    const position = addIndex(scaleIndex(o, inner), j)
    if (lanes === 1) write(position, e.register(at))
    else for (let l = 0; l < lanes; l++) write(shiftIndex(position, l), e.lane(e.register(at), l))
  }

  /** Lane l looks at elements l, l + width, …; then lanes and the rest of the row are compared one by one. */
  const row = (o: Index): void => {
    const base = scaleIndex(o, n)
    const vectors = Math.floor(n / width)
    const [best, at] = start(read(base, width), e.ramp(constantIndex(0), 1, width))
    const i = loopVar('i', width, (vectors - 1) * width)
    k.loop(i, width, () => {
      const value = read(addIndex(base, atomIndex(i)), width)
      update(best, at, beats(e, kind, dtype, value, e.register(best)), value, e.ramp(atomIndex(i), 1, width))
    })
    const lane = (l: number) => [e.lane(e.register(best), l), e.lane(e.register(at), l)] as const
    const [winner, place] = start(...lane(0))
    for (let l = 1; l < width; l++) {
      const [value, position] = lane(l)
      const old = e.register(winner)
      // Among equals (and among NaNs) the first position wins.
      const nan = (v: Expr) => e.binary('ne', v, v)
      const equal = e.binary('eq', value, old)
      const tie = isFloat(dtype) ? e.binary('or', equal, e.binary('and', nan(value), nan(old))) : equal
      const earlier = e.binary('and', tie, e.binary('lt', position, e.register(place)))
      update(winner, place, e.binary('or', beats(e, kind, dtype, value, old), earlier), value, position)
    }
    const rest = loopVar('i', vectors * width, n - 1)
    k.loop(rest, 1, () => {
      const value = read(addIndex(base, atomIndex(rest)), 1)
      update(winner, place, beats(e, kind, dtype, value, e.register(winner)), value, e.index(atomIndex(rest)))
    })
    write(o, e.register(place))
  }

  const shared = isShared(sizeOf(shape), target)
  const alongRow = inner === 1 && width > 1 && n >= 4 * width
  blocks(k, outer, inner, blockFor(outer, inner, shared, target), shared, (o, from, length) => {
    if (alongRow) row(o)
    else vectorLoop(k, from, length, width, (j, lanes) => column(o, j, lanes))
  })
  return [k.build(spec.name)]
}
