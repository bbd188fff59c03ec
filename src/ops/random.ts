/**
 * Random numbers from `randomBits`, a counter-based generator: the same key gives the same numbers on every backend.
 * A key is i32 [3]: seed (low, high) and a call counter that the caller advances.
 */
import { type DType, isFloat } from '../core/dtype.js'
import { DTypeError, ValueError } from '../core/errors.js'
import { type Shape, sizeOf } from '../core/shape.js'
import * as b from '../ir/build.js'
import type { Node } from '../ir/node.js'
import { isNode, lift, like, mulLiteral, type Operand, requireFloat, stretch } from './operand.js'

/** Bits of a uniform number that each dtype can hold exactly below 1. */
const uniformBits = { f32: 24, f16: 11, bf16: 8 } as const

function requireFloatType(operation: string, dtype: DType): void {
  if (!isFloat(dtype))
    throw new DTypeError(`${operation}: expected a float dtype, got ${dtype}. Use randint for integers.`)
}

/** The top `count` bits of each word, as a number from 0 to 2^count − 1. */
const topBits = (bits: Node, count: number, dtype: DType): Node =>
  b.cast(b.shiftRight(bits, like(bits, 32 - count)), dtype)

/** `count` independent blocks of random words of one shape. */
function words(key: Node, shape: Shape, count: number): Node[] {
  const all = b.randomBits(key, [count, ...shape])
  return Array.from({ length: count }, (_, i) => b.reshape(b.sliceAxis(all, 0, i, i + 1), shape))
}

/** Uniform in [0, 1) from the top 24 bits of a word (f64: 53 bits of two words). */
export function rand(key: Node, shape: Shape, dtype: DType = 'f32'): Node {
  requireFloatType('rand', dtype)
  if (dtype === 'f64') {
    const [high, low] = words(key, shape, 2)
    const u = b.add(mulLiteral(topBits(high, 27, 'f64'), 2 ** 26), topBits(low, 26, 'f64'))
    return mulLiteral(u, 2 ** -53)
  }
  const count = uniformBits[dtype as keyof typeof uniformBits]
  return mulLiteral(topBits(b.randomBits(key, shape), count, dtype), 2 ** -count)
}

/** `count` keys of independent numbers (count, 3), drawn with a key. */
export const splitKey = (key: Node, count: number): Node => b.randomBits(key, [count, 3])

/** Uniform in [low, high). */
export function uniform(
  key: Node,
  shape: Shape,
  low: Operand = 0,
  high: Operand = 1,
  dtype: DType = 'f32',
): Node {
  const u = rand(key, shape, dtype)
  if (low === 0 && high === 1) return u
  const [from, to] = [stretch(lift(low, dtype), shape), stretch(lift(high, dtype), shape)]
  return b.add(from, b.mul(u, b.sub(to, from)))
}

/** Standard normal by Box & Muller (1958): √(−2 ln(1 − u))·cos(2πv). Half types round from f32. */
export function randn(key: Node, shape: Shape, dtype: DType = 'f32'): Node {
  requireFloatType('randn', dtype)
  const wide = dtype === 'f64' ? 'f64' : 'f32'
  const both = rand(key, [2, ...shape], wide)
  const [u, v] = [0, 1].map((i) => b.reshape(b.sliceAxis(both, 0, i, i + 1), shape))
  // 1 − u lies in (0, 1], so the logarithm is finite.
  const radius = b.sqrt(mulLiteral(b.log(b.sub(like(u, 1), u)), -2))
  return b.cast(b.mul(radius, b.cos(mulLiteral(v, 2 * Math.PI))), dtype)
}

/** Normal with the given mean and standard deviation. */
export function normal(
  key: Node,
  shape: Shape,
  mean: Operand = 0,
  std: Operand = 1,
  dtype: DType = 'f32',
): Node {
  const z = randn(key, shape, dtype)
  return b.add(stretch(lift(mean, dtype), shape), b.mul(stretch(lift(std, dtype), shape), z))
}

/** Integers from low to high − 1, uniform to within 2⁻³⁰ of the range. Default dtype i64. */
export function randint(key: Node, low: number, high: number, shape: Shape, dtype: DType = 'i64'): Node {
  if (!Number.isSafeInteger(low) || !Number.isSafeInteger(high) || high <= low) {
    throw new ValueError(`randint: expected integers low < high, got ${low} and ${high}.`)
  }
  // 62 bits from two words, so that the remainder is unbiased for every range in use.
  const [first, second] = words(key, shape, 2)
  const wide = b.add(mulLiteral(topBits(first, 31, 'i64'), 2 ** 31), topBits(second, 31, 'i64'))
  const span = stretch(b.scalar(high - low, 'i64'), shape)
  return b.cast(b.add(b.mod(wide, span), stretch(b.scalar(low, 'i64'), shape)), dtype)
}

/** 1 with probability p[i], else 0; p a float node, or a number with a shape. */
export function bernoulli(
  key: Node,
  p: Operand,
  { shape, dtype }: { shape?: Shape; dtype?: DType } = {},
): Node {
  if (isNode(p)) requireFloat('bernoulli', p)
  else if (!(Number(p) >= 0 && Number(p) <= 1))
    throw new ValueError(`bernoulli: expected p from 0 to 1, got ${p}.`)
  const target = shape ?? (isNode(p) ? p.shape : [])
  const result = dtype ?? (isNode(p) ? p.dtype : 'f32')
  const hit = b.lt(rand(key, target), stretch(lift(p, 'f32'), target))
  return b.cast(hit, result)
}

/** A random order of 0 … n − 1 (sorts random words; equal words, about n²/2³³ pairs, keep their order). */
export function randperm(key: Node, n: number, dtype: DType = 'i64'): Node {
  if (!Number.isSafeInteger(n) || n < 0)
    throw new ValueError(`randperm: expected an integer n ≥ 0, got ${n}.`)
  const [, order] = b.sort([b.randomBits(key, [n]), b.iota([n], 0, 'i32')], 0, false)
  return b.cast(order, dtype)
}

export interface DropoutOptions {
  /** Shape of the mask, which broadcasts: [N, C, 1, 1] drops whole channels. Default: the shape of x. */
  readonly maskShape?: Shape
}

/**
 * Inverted dropout (Srivastava et al. 2014): each element is 0 with probability p, else x/(1 − p).
 * The identity for p = 0; in eval mode the caller does not call it.
 */
export function dropout(x: Node, p: number, key: Node, { maskShape }: DropoutOptions = {}): Node {
  requireFloat('dropout', x)
  if (!(p >= 0 && p <= 1)) throw new ValueError(`dropout: expected a probability from 0 to 1, got ${p}.`)
  if (p === 0) return x
  const shape = maskShape ?? x.shape
  const keep = b.le(stretch(b.scalar(p, 'f32'), shape), rand(key, shape))
  const scale = stretch(b.scalar(p === 1 ? 0 : 1 / (1 - p), x.dtype), x.shape)
  return b.where(stretch(keep, x.shape), b.mul(x, scale), like(x, 0))
}

/** Drops whole channels: one mask value for each of the first two axes (Tompson et al. 2015). */
export const featureDropout = (x: Node, p: number, key: Node): Node =>
  dropout(x, p, key, { maskShape: x.shape.map((n, i) => (i < 2 ? n : 1)) })

/** Samples categories from logits along an axis by the Gumbel-max trick: argmax(logits − log(−log u)), i64. */
export function categorical(key: Node, logits: Node, axis = -1): Node {
  requireFloat('categorical', logits)
  const a = axis < 0 ? axis + logits.shape.length : axis
  const wide = b.cast(logits, logits.dtype === 'f64' ? 'f64' : 'f32')
  const u = rand(key, logits.shape, wide.dtype)
  // Half a step away from 0, where the logarithm would be infinite.
  const positive = b.add(u, like(u, 2 ** -25))
  const gumbel = b.neg(b.log(b.neg(b.log(positive))))
  if (sizeOf(logits.shape) === 0)
    return b.full(
      logits.shape.filter((_, i) => i !== a),
      0,
      'i64',
    )
  return b.argMax(b.add(wide, gumbel), a)
}
