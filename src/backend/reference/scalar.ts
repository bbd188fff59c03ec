/** Scalar maths on the reference backend: one element at a time, floats in f64 and rounded at the output. */
import { type DType, isFloat } from '../../core/dtype.js'
import type { Node, Primitive } from '../../ir/node.js'
import type { BinaryPrimitive, UnaryPrimitive } from '../../ir/scalar-primitives.js'
import {
  allocate,
  copyElement,
  type Evaluator,
  type Evaluators,
  isNaNElement,
  read,
  type Value,
  withArithmetic,
  write,
} from './value.js'

/** To nearest, ties to even. */
function roundHalfEven(x: number): number {
  const low = Math.floor(x)
  const rest = x - low
  if (rest !== 0.5) return rest < 0.5 ? (Object.is(x, -0) ? x : low) : Math.ceil(x)
  return low % 2 === 0 ? low : Math.ceil(x)
}

/** The error function: a series of positive terms below 2.5, a continued fraction of erfc above. */
export function erf(x: number): number {
  const a = Math.abs(x)
  if (Number.isNaN(x) || a === 0) return x
  if (a > 6) return Math.sign(x)
  if (a < 2.5) {
    // erf(a) = 2/√π · exp(-a²) · Σ 2ⁿ a²ⁿ⁺¹ / (2n+1)!!
    let term = a
    let sum = a
    for (let n = 1; term > sum * 1e-17; n++) {
      term *= (2 * a * a) / (2 * n + 1)
      sum += term
    }
    return Math.sign(x) * (2 / Math.sqrt(Math.PI)) * Math.exp(-a * a) * sum
  }
  // erfc(a) = exp(-a²)/√π · 1/(a + (1/2)/(a + 1/(a + (3/2)/(a + …))))
  let fraction = a
  for (let k = 60; k >= 1; k--) fraction = a + k / 2 / fraction
  return Math.sign(x) * (1 - Math.exp(-a * a) / (Math.sqrt(Math.PI) * fraction))
}

/** A float function of one element. */
const floatUnary =
  (fn: (x: number) => number): Evaluator<Primitive> =>
  ({ node, inputs: [x] }) => {
    const out = allocate(node)
    for (let i = 0; i < out.data.length; i++) write(out, i, fn(read(x, i)))
    return out
  }

/** Functions that leave integers as they are. */
const rounding =
  (fn: (x: number) => number): Evaluator<Primitive> =>
  (evaluation) =>
    isFloat(evaluation.node.dtype) ? floatUnary(fn)(evaluation) : evaluation.inputs[0]

const floatBinary =
  (fn: (x: number, y: number) => number): Evaluator<Primitive> =>
  ({ node, inputs: [x, y] }) => {
    const out = allocate(node)
    for (let i = 0; i < out.data.length; i++) write(out, i, fn(read(x, i), read(y, i)))
    return out
  }

const arithmetic =
  (name: 'add' | 'sub' | 'mul' | 'div' | 'mod'): Evaluator<Primitive> =>
  ({ node, inputs: [x, y] }) => {
    const out = allocate(node)
    withArithmetic(node.dtype, (a) => {
      for (let i = 0; i < out.data.length; i++) a.set(out, i, a[name](a.get(x, i), a.get(y, i)))
    })
    return out
  }

/** Chooses one of two elements; NaN on either side wins. */
const choice =
  (first: (x: number | bigint, y: number | bigint) => boolean): Evaluator<Primitive> =>
  ({ node, inputs: [x, y] }) => {
    const out = allocate(node)
    for (let i = 0; i < out.data.length; i++) {
      const [p, q] = [comparable(x, i), comparable(y, i)]
      copyElement(out, i, isNaNElement(p) || (!isNaNElement(q) && first(p, q)) ? x : y, i)
    }
    return out
  }

/** An element as something `<` and `===` order exactly. */
const comparable = (v: Value, i: number): number | bigint =>
  v.dtype === 'i64' ? (v.data as BigInt64Array)[i] : read(v, i)

const comparison =
  (holds: (x: number | bigint, y: number | bigint) => boolean): Evaluator<Primitive> =>
  ({ node, inputs: [x, y] }) => {
    const out = allocate(node)
    for (let i = 0; i < out.data.length; i++) write(out, i, holds(comparable(x, i), comparable(y, i)) ? 1 : 0)
    return out
  }

/** The bits of an integer as an unsigned BigInt, and back. */
const widths: Partial<Record<DType, number>> = { i32: 32, i64: 64, u8: 8, bool: 1 }
const toBits = (v: Value, i: number): bigint => BigInt.asUintN(widths[v.dtype]!, BigInt(v.data[i]))
function fromBits(v: Value, i: number, bits: bigint): void {
  const width = widths[v.dtype]!
  if (v.dtype === 'i64') (v.data as BigInt64Array)[i] = BigInt.asIntN(64, bits)
  else write(v, i, Number(v.dtype === 'i32' ? BigInt.asIntN(32, bits) : BigInt.asUintN(width, bits)))
}

const bitwise =
  (fn: (x: bigint, y: bigint, width: bigint) => bigint): Evaluator<Primitive> =>
  ({ node, inputs: [x, y] }) => {
    const out = allocate(node)
    const width = BigInt(widths[node.dtype]!)
    for (let i = 0; i < out.data.length; i++) fromBits(out, i, fn(toBits(x, i), toBits(y, i), width))
    return out
  }

const limits: Partial<Record<DType, readonly [number, number]>> = {
  i32: [-(2 ** 31), 2 ** 31 - 1],
  u8: [0, 255],
}

/** A number that rounds to `to` as the integer itself does: f64, or f64 with a last bit for all that it has no room for. */
function numberToRound(value: bigint, to: DType): number {
  if (to === 'f64' || BigInt.asIntN(54, value) === value) return Number(value)
  const high = value >> 11n
  return Number(high << 11n === value ? high : high | 1n) * 2048
}

/** Floats to integers truncate and saturate (NaN is 0), integers wrap among themselves, bool is ≠ 0. */
function convert(x: Value, node: Node): Value {
  const out = allocate(node)
  for (let i = 0; i < out.data.length; i++) {
    if (x.dtype === 'i64' && (out.dtype === 'bool' || isFloat(out.dtype))) {
      const value = x.data[i] as bigint
      write(out, i, out.dtype === 'bool' ? Number(value !== 0n) : numberToRound(value, out.dtype))
    } else if (out.dtype === 'bool' || isFloat(out.dtype)) {
      write(out, i, read(x, i))
    } else if (!isFloat(x.dtype)) {
      fromBits(out, i, BigInt(x.data[i]))
    } else {
      const value = read(x, i)
      const whole = Number.isNaN(value) ? 0 : Math.trunc(value)
      if (out.dtype === 'i64') {
        const big = Math.abs(whole) >= 2 ** 63 ? (whole < 0 ? -(2n ** 63n) : 2n ** 63n - 1n) : BigInt(whole)
        ;(out.data as BigInt64Array)[i] = big
      } else {
        const [low, high] = limits[out.dtype]!
        write(out, i, Math.min(high, Math.max(low, whole)))
      }
    }
  }
  return out
}

const same: Evaluator<Primitive> = ({ inputs: [x] }) => x

type ScalarName = UnaryPrimitive | BinaryPrimitive | 'where' | 'cast' | 'bitcast' | 'alias' | 'stopGradient'

export const scalar: Evaluators<ScalarName> = {
  neg: ({ node, inputs: [x] }) => {
    const out = allocate(node)
    // Floats negate their sign bit (-0 included), integers subtract from zero.
    if (isFloat(node.dtype)) for (let i = 0; i < out.data.length; i++) write(out, i, -read(x, i))
    else
      withArithmetic(node.dtype, (a) => {
        for (let i = 0; i < out.data.length; i++) a.set(out, i, a.sub(a.zero, a.get(x, i)))
      })
    return out
  },
  abs: ({ node, inputs: [x] }) => {
    const out = allocate(node)
    if (isFloat(node.dtype)) for (let i = 0; i < out.data.length; i++) write(out, i, Math.abs(read(x, i)))
    else
      withArithmetic(node.dtype, (a) => {
        for (let i = 0; i < out.data.length; i++) {
          const value = a.get(x, i)
          a.set(out, i, value < a.zero ? a.sub(a.zero, value) : value)
        }
      })
    return out
  },
  // sign(NaN) = 0, as PyTorch's
  sign: floatUnary((x) => (x > 0 ? 1 : x < 0 ? -1 : 0)),
  exp: floatUnary(Math.exp),
  log: floatUnary(Math.log),
  expm1: floatUnary(Math.expm1),
  log1p: floatUnary(Math.log1p),
  sqrt: floatUnary(Math.sqrt),
  sin: floatUnary(Math.sin),
  cos: floatUnary(Math.cos),
  tan: floatUnary(Math.tan),
  atan: floatUnary(Math.atan),
  tanh: floatUnary(Math.tanh),
  sigmoid: floatUnary((x) => 1 / (1 + Math.exp(-x))),
  erf: floatUnary(erf),
  floor: rounding(Math.floor),
  ceil: rounding(Math.ceil),
  round: rounding(roundHalfEven),
  trunc: rounding(Math.trunc),
  logicalNot: floatUnary((x) => (x === 0 ? 1 : 0)),
  bitNot: ({ node, inputs: [x] }) => {
    const out = allocate(node)
    for (let i = 0; i < out.data.length; i++) fromBits(out, i, ~toBits(x, i))
    return out
  },

  add: arithmetic('add'),
  sub: arithmetic('sub'),
  mul: arithmetic('mul'),
  div: arithmetic('div'),
  mod: arithmetic('mod'),
  // IEEE: 1^y = 1 and (-1)^±∞ = 1, where JavaScript's says NaN
  pow: floatBinary((x, y) =>
    x === 1 || (x === -1 && Math.abs(y) === Number.POSITIVE_INFINITY) ? 1 : x ** y,
  ),
  maximum: choice((x, y) => x >= y),
  minimum: choice((x, y) => x <= y),
  atan2: floatBinary(Math.atan2),
  eq: comparison((x, y) => x === y),
  lt: comparison((x, y) => x < y),
  le: comparison((x, y) => x <= y),
  and: bitwise((x, y) => x & y),
  or: bitwise((x, y) => x | y),
  xor: bitwise((x, y) => x ^ y),
  // Shift counts are taken modulo the width.
  shiftLeft: bitwise((x, y, width) => x << (y % width)),
  shiftRight: bitwise((x, y, width) => x >> (y % width)),

  where: ({ node, inputs: [condition, x, y] }) => {
    const out = allocate(node)
    for (let i = 0; i < out.data.length; i++) copyElement(out, i, read(condition, i) !== 0 ? x : y, i)
    return out
  },
  cast: ({ node, inputs: [x] }) => convert(x, node),
  bitcast: ({ node, inputs: [x] }) => {
    const out = allocate(node)
    new Uint8Array(out.data.buffer).set(new Uint8Array(x.data.buffer, x.data.byteOffset, x.data.byteLength))
    // A bool is 0 or 1 whatever bits it is made from.
    if (node.dtype === 'bool') for (let i = 0; i < out.data.length; i++) write(out, i, Number(out.data[i]))
    return out
  },
  alias: same,
  stopGradient: same,
}
