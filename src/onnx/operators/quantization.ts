/** 8- and 16-bit integers that stand for real numbers: value = (integer − zero point) · scale. */
import { formatShape, range } from '../../core/shape.js'
import * as b from '../../ir/build.js'
import type { Node } from '../../ir/node.js'
import { matmul } from '../../ops/linear-algebra.js'
import { broadcastTogether, divLiteral, like, stretch } from '../../ops/operand.js'
import type { Context, Rule, Rules } from '../context.js'
import { dtypeOf, type ElementType, elementTypeOf, rangeOf } from '../element-type.js'
import { type OnnxTensor, tensorValue } from '../value.js'
import { convolve } from './convolution.js'

/** A scale or zero point, stretched over x: one for all, one along the axis, or one a block of it. */
function alongAxis(c: Context, v: Node, x: Node): Node {
  const rank = x.shape.length
  const block = c.int('block_size', 0)
  if (block > 0 && v.shape.length === rank) {
    const axis = c.axis(c.int('axis', 1), rank)
    const blocks = v.shape[axis]
    const wide = b.expand(b.reshape(v, [...v.shape.slice(0, axis + 1), 1, ...v.shape.slice(axis + 1)]), [
      ...v.shape.slice(0, axis + 1),
      block,
      ...v.shape.slice(axis + 1),
    ])
    const flat = b.reshape(wide, v.shape.with(axis, blocks * block))
    return stretch(b.sliceAxis(flat, axis, 0, Math.min(blocks * block, x.shape[axis])), x.shape)
  }
  if (v.shape.length !== 1 || v.shape[0] === 1) return stretch(b.reshape(v, []), x.shape)
  const axis = c.axis(c.int('axis', 1), rank)
  return b.expand(
    b.reshape(
      v,
      x.shape.map((_, i) => (i === axis ? v.shape[0] : 1)),
    ),
    x.shape,
  )
}

/** Real numbers rounded to the nearest integer (ties to even) of the type; what is outside becomes the nearest end. */
function saturate(x: Node, type: ElementType): OnnxTensor {
  const [low, high] = rangeOf(type)
  const clipped = b.minimum(b.maximum(x, like(x, low)), like(x, high))
  return tensorValue(b.cast(clipped, dtypeOf(type)), type)
}

const quantize: Rule = (c) => {
  const x = c.x(0)
  const given = c.int('output_dtype', 0)
  const type = c.has(2) ? c.type(2) : given !== 0 ? elementTypeOf(given, c.op) : 'uint8'
  const real = b.cast(x, 'f32')
  const scaled = b.round(b.div(real, alongAxis(c, b.cast(c.x(1), 'f32'), x)))
  const zero = c.maybe(2)
  const shifted = zero === null ? scaled : b.add(scaled, alongAxis(c, b.cast(zero, 'f32'), x))
  return saturate(shifted, type)
}

const dequantize: Rule = (c) => {
  const [x, scale] = [c.x(0), c.x(1)]
  const integers = b.cast(x, 'i64')
  const zero = c.maybe(2)
  const shifted = zero === null ? integers : b.sub(integers, alongAxis(c, b.cast(zero, 'i64'), x))
  const real = b.mul(b.cast(shifted, 'f32'), alongAxis(c, b.cast(scale, 'f32'), x))
  const given = c.int('output_dtype', 0)
  const type = given !== 0 ? elementTypeOf(given, c.op) : c.type(1)
  return tensorValue(b.cast(real, dtypeOf(type)), type)
}

/** A scale and zero point for uint8 from the range of the data, which always holds 0. */
const dynamicQuantize: Rule = (c) => {
  const x = c.x(0)
  const axes = range(x.shape.length)
  const [low, high] = [b.reduceMin(x, axes), b.reduceMax(x, axes)]
  const zero = like(low, 0)
  const [from, to] = [b.minimum(low, zero), b.maximum(high, zero)]
  const scale = divLiteral(b.sub(to, from), 255)
  const exact = b.div(b.sub(zero, from), scale)
  const point = b.minimum(b.maximum(b.round(exact), zero), like(zero, 255))
  const y = b.add(b.round(b.div(x, stretch(scale, x.shape))), stretch(point, x.shape))
  return [saturate(y, 'uint8'), scale, tensorValue(b.cast(point, 'u8'), 'uint8')]
}

/** Integers minus their zero point. A vector of zero points lies along `axis` of x. */
function centred(c: Context, x: number, zero: number, axis: number): Node {
  const value = b.cast(c.x(x), 'i32')
  const point = c.maybe(zero)
  if (point === null) return value
  const wide = b.cast(point, 'i32')
  if (wide.shape.length !== 1 || wide.shape[0] === 1) {
    return b.sub(value, stretch(wide.shape.length === 1 ? b.reshape(wide, []) : wide, value.shape))
  }
  const at = c.axis(axis, value.shape.length)
  if (wide.shape[0] !== value.shape[at]) {
    c.fail(`expected ${value.shape[at]} zero points, got ${formatShape(wide.shape)}.`)
  }
  const column = b.reshape(
    wide,
    value.shape.map((_, i) => (i === at ? wide.shape[0] : 1)),
  )
  return b.sub(value, b.expand(column, value.shape))
}

/** i32 products whose sums wrap as i32's do: exact in f64, which every device can multiply fast. */
const inDouble = (x: Node, y: Node, fn: (x: Node, y: Node) => Node): Node =>
  b.cast(b.cast(fn(b.cast(x, 'f64'), b.cast(y, 'f64')), 'i64'), 'i32')

const matMulInteger: Rule = (c) => inDouble(centred(c, 0, 2, -2), centred(c, 1, 3, -1), matmul)

const convInteger: Rule = (c) =>
  inDouble(centred(c, 0, 2, 1), centred(c, 1, 3, 0), (x, w) => convolve(c, x, w))

/** Sums in units of `scale` brought into the units of the result. */
function requantize(sums: Node, scale: Node, zero: Node, type: ElementType): OnnxTensor {
  const [real, factor] = broadcastTogether('requantize', b.cast(sums, 'f32'), scale)
  const shifted = b.add(b.round(b.mul(real, factor)), stretch(b.cast(zero, 'f32'), real.shape))
  return saturate(shifted, type)
}

const scalar = (x: Node): Node => (x.shape.length === 1 && x.shape[0] === 1 ? b.reshape(x, []) : x)

/** A vector of values along `axis` of a tensor of `rank`; others as they are. */
const column = (x: Node, rank: number, axis: number): Node =>
  x.shape.length === 1 && x.shape[0] > 1
    ? b.reshape(
        x,
        range(rank).map((i) => (i === axis ? x.shape[0] : 1)),
      )
    : scalar(x)

const product = (...xs: readonly Node[]): Node =>
  xs.reduce((p, q) => {
    const [x, y] = broadcastTogether('scale', p, q)
    return b.mul(x, y)
  })

const qLinearMatMul: Rule = (c) => {
  const sums = inDouble(centred(c, 0, 2, -2), centred(c, 3, 5, -1), matmul)
  const rank = sums.shape.length
  const real = (i: number, axis: number): Node => column(b.cast(c.x(i), 'f32'), rank, axis)
  const [up, down] = broadcastTogether(
    'scale',
    product(real(1, rank - 2), real(4, rank - 1)),
    real(6, rank - 2),
  )
  return requantize(sums, b.div(up, down), column(c.x(7), rank, rank - 2), c.type(7))
}

const qLinearConv: Rule = (c) => {
  let sums = inDouble(centred(c, 0, 2, 1), centred(c, 3, 5, 0), (x, w) => convolve(c, x, w))
  const rank = sums.shape.length
  const bias = c.maybe(8)
  if (bias !== null) sums = b.add(sums, stretch(column(bias, rank, 1), sums.shape))
  const real = (i: number): Node => column(b.cast(c.x(i), 'f32'), rank, 1)
  const [up, down] = broadcastTogether('scale', product(real(1), real(4)), real(6))
  return requantize(sums, b.div(up, down), column(c.x(7), rank, 1), c.type(7))
}

export const quantization: Rules = {
  QuantizeLinear: quantize,
  DequantizeLinear: dequantize,
  DynamicQuantizeLinear: dynamicQuantize,
  MatMulInteger: matMulInteger,
  ConvInteger: convInteger,
  QLinearMatMul: qLinearMatMul,
  QLinearConv: qLinearConv,
}
