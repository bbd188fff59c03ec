/** The transforms of F(4×4, 3×3) on expressions: Bᵀ d B, G g Gᵀ, Aᵀ m A and the adjoints of the last two, one axis after the other. */
import { pointA, pointB, tapRows, tileInputs } from '../../schedule/winograd.js'
import type { Expr, ExprBuilder } from '../loop-ir.js'
import type { KernelBuilder } from './kernel-builder.js'

/** Values along one axis to values along one axis. */
type Transform = (e: ExprBuilder, x: readonly Expr[]) => Expr[]

const a2 = pointA ** 2
const b2 = pointB ** 2

/** Bᵀ: six inputs to six points. Even and odd powers are summed apart: a and -a share both. */
export const inputTransform: Transform = (e, d) => {
  const times = (c: number, x: Expr, y: Expr): Expr => e.mulAdd(e.const(c, 'f32', x.lanes), x, y)
  const pair = (p: number, other: number): [Expr, Expr] => {
    const even = times(-other, d[2], d[4])
    const odd = times(-other, d[1], d[3])
    return [times(p, odd, even), times(-p, odd, even)]
  }
  return [
    times(a2 * b2, d[0], times(-(a2 + b2), d[2], d[4])),
    ...pair(pointA, b2),
    ...pair(pointB, a2),
    times(a2 * b2, d[1], times(-(a2 + b2), d[3], d[5])),
  ]
}

/** G: three taps to six points. */
export const tapTransform: Transform = (e, g) => {
  const scaled = (c: number, x: Expr): Expr => e.binary('mul', e.const(c, 'f32', x.lanes), x)
  const pair = ([c0, c1, c2]: readonly number[]): [Expr, Expr] => {
    const even = e.mulAdd(e.const(c2, 'f32', g[2].lanes), g[2], scaled(c0, g[0]))
    const odd = scaled(c1, g[1])
    return [e.binary('add', even, odd), e.binary('sub', even, odd)]
  }
  return [scaled(tapRows[0][0], g[0]), ...pair(tapRows[1]), ...pair(tapRows[3]), g[2]]
}

/** Aᵀ: six points to four outputs. */
export const outputTransform: Transform = (e, m) => {
  const times = (c: number, x: Expr, y: Expr): Expr => e.mulAdd(e.const(c, 'f32', x.lanes), x, y)
  const scaled = (c: number, x: Expr): Expr => e.binary('mul', e.const(c, 'f32', x.lanes), x)
  const [sumA, sumB] = [e.binary('add', m[1], m[2]), e.binary('add', m[3], m[4])]
  const [differenceA, differenceB] = [e.binary('sub', m[1], m[2]), e.binary('sub', m[3], m[4])]
  return [
    e.binary('add', e.binary('add', m[0], sumA), sumB),
    times(pointB, differenceB, scaled(pointA, differenceA)),
    times(b2, sumB, scaled(a2, sumA)),
    times(pointB ** 3, differenceB, times(pointA ** 3, differenceA, m[5])),
  ]
}

/** A: four outputs' gradients to six points, the adjoint of Aᵀ. */
export const gradientTransform: Transform = (e, y) => {
  const times = (c: number, x: Expr, z: Expr): Expr => e.mulAdd(e.const(c, 'f32', x.lanes), x, z)
  const scaled = (c: number, x: Expr): Expr => e.binary('mul', e.const(c, 'f32', x.lanes), x)
  const pair = (p: number): [Expr, Expr] => {
    const even = times(p ** 2, y[2], y[0])
    const odd = times(p ** 3, y[3], scaled(p, y[1]))
    return [e.binary('add', even, odd), e.binary('sub', even, odd)]
  }
  return [y[0], ...pair(pointA), ...pair(pointB), y[3]]
}

/** Gᵀ: six points to three taps' gradients, the adjoint of G. */
export const tapGradientTransform: Transform = (e, m) => {
  const times = (c: number, x: Expr, z: Expr): Expr => e.mulAdd(e.const(c, 'f32', x.lanes), x, z)
  const scaled = (c: number, x: Expr): Expr => e.binary('mul', e.const(c, 'f32', x.lanes), x)
  const [sumA, sumB] = [e.binary('add', m[1], m[2]), e.binary('add', m[3], m[4])]
  const [differenceA, differenceB] = [e.binary('sub', m[1], m[2]), e.binary('sub', m[3], m[4])]
  const [zero, a, , b] = tapRows
  return [
    times(b[0], sumB, times(a[0], sumA, scaled(zero[0], m[0]))),
    times(b[1], differenceB, scaled(a[1], differenceA)),
    times(b[2], sumB, times(a[2], sumA, m[5])),
  ]
}

/** The transform along the columns, then along the rows, of a square of values. Rows of the result hold registers. */
export function transformSquare(
  k: KernelBuilder,
  transform: Transform,
  at: (row: number, column: number) => Expr,
  size: number = tileInputs,
): Expr[][] {
  const { e } = k
  const keep = (x: Expr): Expr => e.register(k.define('w', x))
  const columns = Array.from({ length: size }, (_, j) =>
    transform(
      e,
      Array.from({ length: size }, (_, i) => keep(at(i, j))),
    ).map(keep),
  )
  return columns[0].map((_, i) =>
    transform(
      e,
      columns.map((column) => column[i]),
    ),
  )
}
