/**
 * Products of vectors, matrices and tensors. Each is one `contract`: batch axes that only one side has become free axes,
 * so nothing is expanded or transposed in memory first.
 */
import { ShapeError } from '../core/errors.js'
import { broadcastShapes, formatShape, normalizeAxes, normalizeAxis, range } from '../core/shape.js'
import * as b from '../ir/build.js'
import type { Node } from '../ir/node.js'
import { lowPrecision } from './autocast.js'
import { arrange, contractionAccumulator, contractLabels, dropBroadcast } from './contraction.js'
import { diagonal } from './diagonal.js'
import { add, mul } from './elementwise.js'
import { pair, requireRank, requireSameDType, stretch } from './operand.js'

/**
 * Matrix product by PyTorch's rules: (n)·(n) is a dot product, (m,n)·(n) and (n)·(n,p) drop the missing axis,
 * (…,m,n)·(…,n,p) multiplies matrices with broadcast batch axes.
 */
export function matmul(x1: Node, x2: Node): Node {
  const [x, y] = lowPrecision(x1, x2)
  requireSameDType('matmul', x, y)
  requireRank('matmul', x, 1, Number.POSITIVE_INFINITY)
  requireRank('matmul', y, 1, Number.POSITIVE_INFINITY)
  const [p, q] = [x.shape.length, y.shape.length]
  const innerX = x.shape[p - 1]
  const innerY = y.shape[Math.max(0, q - 2)]
  if (innerX !== innerY) {
    throw new ShapeError(
      `matmul: shapes ${formatShape(x.shape)} and ${formatShape(y.shape)} do not fit: inner sizes ${innerX} and ${innerY} differ. ` +
        'Transpose one of them, or check the layer that made it.',
    )
  }
  const batchX = x.shape.slice(0, Math.max(0, p - 2))
  const batchY = y.shape.slice(0, Math.max(0, q - 2))
  const batch = broadcastShapes(batchX, batchY, 'matmul').map((_, i, all) => `b${all.length - i}`)
  const labelsX = [...batch.slice(batch.length - batchX.length), ...(p > 1 ? ['m'] : []), 'k']
  const labelsY = [...batch.slice(batch.length - batchY.length), 'k', ...(q > 1 ? ['n'] : [])]
  const output = [...batch, ...(p > 1 ? ['m'] : []), ...(q > 1 ? ['n'] : [])]
  const [left, right] = dropBroadcast([
    { node: x, labels: labelsX },
    { node: y, labels: labelsY },
  ])
  return arrange(
    contractLabels(left, right, (l) => l !== 'k'),
    output,
  )
}

/** Σ x·y of two vectors. */
export function dot(x: Node, y: Node): Node {
  requireRank('dot', x, 1)
  requireRank('dot', y, 1)
  return matmul(x, y)
}

/** x yᵀ of two vectors. */
export function outer(x: Node, y: Node): Node {
  requireRank('outer', x, 1)
  requireRank('outer', y, 1)
  requireSameDType('outer', x, y)
  return b.contract(x, y, {
    batch: [[], []],
    contracting: [[], []],
    accumulate: contractionAccumulator(x.dtype),
  })
}

/** `outer` under its BLAS name. */
export const ger = (x: Node, y: Node): Node => outer(x, y)

/** Σ x·y of two vectors: `dot`, which for real numbers it equals. */
export const vdot = (x: Node, y: Node): Node => dot(x, y)

/** Matrix (m, n) times vector (n). */
export function mv(left: Node, right: Node): Node {
  const [x, y] = lowPrecision(left, right)
  requireRank('mv', x, 2)
  requireRank('mv', y, 1)
  return matmul(x, y)
}

/** Matrix (m, n) times matrix (n, p). */
export function mm(x: Node, y: Node): Node {
  requireRank('mm', x, 2)
  requireRank('mm', y, 2)
  return matmul(x, y)
}

/** Σ x·y over the last axis of both: (…p, k), (…q, k) → (…p, …q). A 0-d tensor multiplies. */
export function inner(x: Node, y: Node): Node {
  requireSameDType('inner', x, y)
  if (x.shape.length === 0 || y.shape.length === 0) return mul(x, y)
  return tensordot(x, y, [[-1], [-1]])
}

export interface AddProductOptions {
  /** Factor of the first argument, default 1; with 0 it is not read. */
  readonly beta?: number
  /** Factor of the product, default 1. */
  readonly alpha?: number
}

/** β·input + α·product, the input broadcast to the product's shape. */
function addProduct(operation: string, start: Node, result: Node, options: AddProductOptions): Node {
  const [input, product] = lowPrecision(start, result)
  const { beta = 1, alpha = 1 } = options
  requireSameDType(operation, input, product)
  const scaled = alpha === 1 ? product : mul(product, alpha)
  if (input.shape.length > product.shape.length) {
    throw new ShapeError(
      `${operation}: shape ${formatShape(input.shape)} does not broadcast to the product's ${formatShape(product.shape)}.`,
    )
  }
  if (broadcastShapes(input.shape, product.shape, operation).some((n, i) => n !== product.shape[i])) {
    throw new ShapeError(
      `${operation}: shape ${formatShape(input.shape)} does not broadcast to the product's ${formatShape(product.shape)}.`,
    )
  }
  if (beta === 0) return scaled
  return add(stretch(beta === 1 ? input : mul(input, beta), product.shape), scaled)
}

/** β·input + α·(x·y) of matrices; the input broadcasts to (m, p). */
export const addmm = (input: Node, x: Node, y: Node, options: AddProductOptions = {}): Node =>
  addProduct('addmm', input, mm(x, y), options)

/** β·input + α·(x·y) of a matrix and a vector; the input broadcasts to (m). */
export const addmv = (input: Node, x: Node, y: Node, options: AddProductOptions = {}): Node =>
  addProduct('addmv', input, mv(x, y), options)

/** β·input + α·x·yᵀ of two vectors; the input broadcasts to (m, n). */
export const addr = (input: Node, x: Node, y: Node, options: AddProductOptions = {}): Node =>
  addProduct('addr', input, outer(x, y), options)

/** β·input + α·(x·y) of batches of matrices; the input broadcasts to (B, m, p). */
export const baddbmm = (input: Node, x: Node, y: Node, options: AddProductOptions = {}): Node =>
  addProduct('baddbmm', input, bmm(x, y), options)

/** β·input + α·Σ over the batch of x·y; the input broadcasts to (m, p). */
export const addbmm = (input: Node, x: Node, y: Node, options: AddProductOptions = {}): Node =>
  addProduct('addbmm', input, tensordotBatch(x, y), options)

/** Σ over batch and inner axis of (B, m, n)·(B, n, p), as one contraction. */
function tensordotBatch(x: Node, y: Node): Node {
  requireRank('addbmm', x, 3)
  requireRank('addbmm', y, 3)
  return tensordot(x, y, [
    [0, 2],
    [0, 1],
  ])
}

/** The Kronecker product: every element of x times the whole of y. Missing axes in front count as size 1. */
export function kron(x: Node, y: Node): Node {
  const rank = Math.max(x.shape.length, y.shape.length)
  const full = (z: Node): number[] => [...new Array<number>(rank - z.shape.length).fill(1), ...z.shape]
  const [p, q] = [full(x), full(y)]
  const [left, right] = pair(
    'kron',
    b.reshape(
      x,
      p.flatMap((n) => [n, 1]),
    ),
    b.reshape(
      y,
      q.flatMap((n) => [1, n]),
    ),
  )
  return b.reshape(
    mul(left, right),
    p.map((n, i) => n * q[i]),
  )
}

/** x·Wᵀ + bias with x (…, in), weight (out, in) or (in), bias (out). */
export function linear(input: Node, matrix: Node, offset?: Node | null): Node {
  const [x, weight, bias] = lowPrecision(input, matrix, offset)
  requireRank('linear', x, 1, Number.POSITIVE_INFINITY)
  requireRank('linear', weight, 1, 2, '(out, in)')
  requireSameDType('linear', x, weight)
  const inX = x.shape[x.shape.length - 1]
  const inW = weight.shape[weight.shape.length - 1]
  if (inX !== inW) {
    throw new ShapeError(
      `linear: input ${formatShape(x.shape)} has ${inX} features, but weight ${formatShape(weight.shape)} takes ${inW}.`,
    )
  }
  const y = b.contract(x, weight, {
    batch: [[], []],
    contracting: [[x.shape.length - 1], [weight.shape.length - 1]],
    accumulate: contractionAccumulator(x.dtype),
  })
  return bias ? add(y, bias) : y
}

/** Sum of products over `axes`: the last n of x with the first n of y, or lists of paired axes. */
export function tensordot(
  left: Node,
  right: Node,
  axes: number | readonly [readonly number[], readonly number[]] = 2,
): Node {
  const [x, y] = lowPrecision(left, right)
  requireSameDType('tensordot', x, y)
  const [rankX, rankY] = [x.shape.length, y.shape.length]
  const [ax, ay] =
    typeof axes === 'number'
      ? [range(axes).map((i) => rankX - axes + i), range(axes)]
      : [
          axes[0].map((a) => normalizeAxis(a, rankX, 'tensordot')),
          axes[1].map((a) => normalizeAxis(a, rankY, 'tensordot')),
        ]
  if (ax.length !== ay.length || ax.some((a, i) => x.shape[a] !== y.shape[ay[i]])) {
    throw new ShapeError(
      `tensordot: axes ${formatShape(ax)} of ${formatShape(x.shape)} and ${formatShape(ay)} of ${formatShape(y.shape)} do not pair.`,
    )
  }
  return b.contract(x, y, {
    batch: [[], []],
    contracting: [ax, ay],
    accumulate: contractionAccumulator(x.dtype),
  })
}

/** Σᵢ x[i, i] of a matrix. */
export function trace(x: Node): Node {
  requireRank('trace', x, 2)
  return b.reduceSum(diagonal(x), [0])
}

/** The inner product of the last axes after broadcasting: Σ x·y over `axis`. */
export function vecdot(x: Node, y: Node, axis = -1): Node {
  requireSameDType('vecdot', x, y)
  const shape = broadcastShapes(x.shape, y.shape, 'vecdot')
  const axes = normalizeAxes(axis, shape.length, 'vecdot')
  return b.reduceSum(b.mul(stretch(x, shape), stretch(y, shape)), axes)
}

/** Batched matrix product (B, m, n)·(B, n, p). */
export function bmm(x: Node, y: Node): Node {
  requireRank('bmm', x, 3)
  requireRank('bmm', y, 3)
  if (x.shape[0] !== y.shape[0]) {
    throw new ShapeError(`bmm: batches of ${formatShape(x.shape)} and ${formatShape(y.shape)} differ.`)
  }
  return matmul(x, y)
}
