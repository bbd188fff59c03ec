/**
 * `sparse`: sparse tensors as lists of coordinates (COO) and as compressed rows (CSR), with products, sums and softmax.
 * Their stored values are ordinary tensors: gradients flow to them, and everything runs in compiled steps, but for what
 * looks for elements (`toSparseCoo`, `coalesce`), whose number depends on data.
 */
import { ShapeError, ValueError } from '../core/errors.js'
import { formatShape, sameShape } from '../core/shape.js'
import * as ops from '../ops/sparse.js'
import { nodeOf, TensorBase, wrap } from './base.js'
import { SparseTensor } from './sparse-tensor.js'
import type { Tensor } from './tensor.js'

export { cooTensor, SparseCoo, toSparseCoo } from './sparse-coo.js'
export { csrTensor, denseToSparseCsr, SparseCsr, toSparseCsr } from './sparse-csr.js'
export { SparseTensor } from './sparse-tensor.js'

/** The product of a sparse and a dense matrix or vector, in either order: dense. */
export function matmul(x: SparseTensor | TensorBase, y: SparseTensor | TensorBase): Tensor {
  if (x instanceof SparseTensor && y instanceof TensorBase) return x.matmul(y)
  if (x instanceof TensorBase && y instanceof SparseTensor) return y.leftMatmul(x)
  throw new ValueError(
    'sparse.matmul: expected one sparse and one dense tensor. Call toDense() on one of two sparse ones; two dense ones have x.matmul(y).',
  )
}

export interface AddmmOptions {
  /** Factor of the first argument, default 1. */
  readonly beta?: number
  /** Factor of the product, default 1. */
  readonly alpha?: number
}

/** β·input + α·(sparse·dense): dense, as `torch.sparse.addmm`. */
export function addmm(
  input: TensorBase,
  x: SparseTensor,
  y: TensorBase,
  { beta = 1, alpha = 1 }: AddmmOptions = {},
): Tensor {
  return wrap(nodeOf(input)).mul(beta).add(x.matmul(y).mul(alpha))
}

/**
 * The pattern of a sparse matrix with values β·v + α·(x·y) at its places only, for dense x (m, k) and y (k, n), as
 * `torch.sparse.sampled_addmm`.
 */
export function sampledAddmm<T extends SparseTensor>(
  pattern: T,
  x: TensorBase,
  y: TensorBase,
  { beta = 1, alpha = 1 }: AddmmOptions = {},
): T {
  const shape = [nodeOf(x).shape[0], nodeOf(y).shape[1]]
  if (pattern.shape.length !== 2 || !sameShape(shape, pattern.shape)) {
    throw new ShapeError(
      `sampledAddmm: the product ${formatShape(x.shape)}·${formatShape(y.shape)} does not have the pattern's shape ${formatShape(pattern.shape)}.`,
    )
  }
  const { indices } = pattern
  const product = wrap(
    ops.sampledProduct(nodeOf(indices.select(0, 0)), nodeOf(indices.select(0, 1)), nodeOf(x), nodeOf(y)),
  )
  return pattern.withValues(pattern.values.mul(beta).add(product.mul(alpha))) as T
}

/** The softmax along an axis over the stored values. */
export const softmax = <T extends SparseTensor>(x: T, axis = -1): T => x.softmax(axis)
/** ln softmax along an axis over the stored values. */
export const logSoftmax = <T extends SparseTensor>(x: T, axis = -1): T => x.logSoftmax(axis)
/** The sum over the axes (default all) as a dense tensor. */
export const sum = (x: SparseTensor, axis?: number | readonly number[] | null): Tensor => x.sum(axis)
