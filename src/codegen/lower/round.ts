/** Values as a dtype holds them: literals, casts, and computed values rounded to what is narrower than their compute type. */
import { type DType, fromBf16Bits, fromF16Bits, isFloat, toBf16Bits, toF16Bits } from '../../core/dtype.js'
import { computeTypeOf, type Expr, type ExprBuilder } from '../loop-ir.js'

/** What was rounded to bf16. */
const sources = new WeakMap<Expr, Expr>()

/** A value that is about to be rounded to bf16, without the rounding that it has had already. */
export const beforeBf16 = (value: Expr): Expr => sources.get(value) ?? value

/** Two values that are bf16 as 32 bits: one instruction in vectors, bit by bit in scalars. */
export function pairOfBf16(e: ExprBuilder, low: Expr, high: Expr): Expr {
  if (low.lanes > 1) return e.pair(beforeBf16(low), beforeBf16(high))
  const bits = (value: Expr): Expr => e.bitcast(value, 'i32')
  return e.binary(
    'or',
    e.binary('shrU', bits(low), e.const(16, 'i32')),
    e.binary('and', bits(high), e.const(-65536, 'i32')),
  )
}

/**
 * The value as `dtype` would store it: f16 and bf16 rounded (nearest, ties to even), u8 taken modulo 256.
 * `from` is the dtype it had before, where that is known: a value that already fits needs nothing.
 */
export function roundTo(e: ExprBuilder, dtype: DType, value: Expr, from?: DType): Expr {
  const { lanes } = value
  const i32 = (n: number) => e.const(n, 'i32', lanes)
  const f32 = (n: number) => e.const(n, 'f32', lanes)
  if (dtype === 'u8') return from === 'bool' ? value : e.binary('and', value, i32(255))
  if (dtype === 'bf16') {
    // Adding half a unit (less one when the kept part is even) carries into the kept bits.
    const bits = e.bitcast(value, 'i32')
    const odd = e.binary('and', e.binary('shrU', bits, i32(16)), i32(1))
    const rounded = e.binary('and', e.binary('add', bits, e.binary('add', odd, i32(0x7fff))), i32(-65536))
    const result = e.select(e.binary('ne', value, value), value, e.bitcast(rounded, 'f32'))
    sources.set(result, value)
    return result
  }
  if (dtype === 'f16') {
    const bits = e.bitcast(value, 'i32')
    const odd = e.binary('and', e.binary('shrU', bits, i32(13)), i32(1))
    const normal = e.bitcast(
      e.binary('and', e.binary('add', bits, e.binary('add', odd, i32(0xfff))), i32(-8192)),
      'f32',
    )
    // Below 2^-14 halves are multiples of 2^-24: adding and subtracting ¾ rounds to them; the sign is put back.
    const magic = f32(0.75)
    const size = e.unary('abs', value)
    const even = e.bitcast(e.binary('sub', e.binary('add', size, magic), magic), 'i32')
    const small = e.bitcast(e.binary('or', even, e.binary('and', bits, i32(-(2 ** 31)))), 'f32')
    const inRange = e.select(e.binary('lt', size, f32(2 ** -14)), small, normal)
    const infinite = e.binary('mul', value, f32(Number.POSITIVE_INFINITY))
    const bounded = e.select(e.binary('le', f32(65520), size), infinite, inRange)
    return e.select(e.binary('ne', value, value), value, bounded)
  }
  return value
}

/** A literal as its dtype holds it. */
export function constantOf(dtype: DType, value: number): number | bigint {
  switch (dtype) {
    case 'i64':
      return BigInt(Math.trunc(value))
    case 'i32':
      return value | 0
    case 'u8':
      return value & 255
    case 'bool':
      return Number(value !== 0)
    case 'f16':
      return fromF16Bits(toF16Bits(value))
    case 'bf16':
      return fromBf16Bits(toBf16Bits(value))
    default:
      return value
  }
}

/** Floats saturate into u8; integers keep their low bits; narrow floats round. */
export function castTo(e: ExprBuilder, value: Expr, from: DType, to: DType): Expr {
  const converted = e.convert(value, computeTypeOf(to))
  if (to === 'u8' && isFloat(from)) {
    const limit = (n: number) => e.const(n, 'i32', value.lanes)
    return e.binary('min', e.binary('max', converted, limit(0)), limit(255))
  }
  return roundTo(e, to, converted, from)
}
