/** What a node costs: operations to compute an element again, bytes to keep its value. */
import { byteSize } from '../core/dtype.js'
import { sizeOf } from '../core/shape.js'
import type { Node, Primitive } from '../ir/node.js'

const movement: ReadonlySet<Primitive> = new Set<Primitive>([
  'reshape',
  'permute',
  'expand',
  'pad',
  'slice',
  'flip',
  'concat',
  'window',
  'output',
  'barrier',
  'alias',
  'stopGradient',
])

/** Whether a node only says where its input's elements stand. */
export const moves = (node: Node): boolean => movement.has(node.op)

const weights: Partial<Record<Primitive, number>> = {
  const: 0,
  scalar: 0,
  iota: 0,
  cast: 0.5,
  exp: 12,
  log: 14,
  expm1: 16,
  log1p: 16,
  sin: 20,
  cos: 20,
  tan: 24,
  atan: 20,
  tanh: 16,
  sigmoid: 16,
  erf: 24,
  pow: 40,
  atan2: 24,
  sqrt: 4,
  div: 4,
  mod: 6,
  randomBits: 80,
  gather: 3,
  fold: 12,
}

/** Operations an element. */
export const weightOf = (node: Node): number => weights[node.op] ?? (moves(node) ? 0 : 1)

/** Bytes of a node's value. */
export const bytesOf = (node: Node): number => sizeOf(node.shape) * byteSize(node.dtype)

/** Values of 64 bits have no lanes. */
export const is64 = (node: Node): boolean => node.dtype === 'i64' || node.dtype === 'f64'
