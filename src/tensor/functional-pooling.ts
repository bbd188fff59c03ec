/** Pooling on tensors: thin wrappers over the node-level functions of the same names in `ops/`. */
import type { Node } from '../ir/node.js'
import * as adaptive from '../ops/adaptive-pooling.js'
import * as lp from '../ops/lp-pooling.js'
import * as unpooling from '../ops/max-unpool.js'
import * as pooling from '../ops/pooling.js'
import type { ValuesAndIndices } from '../ops/reductions.js'
import { nodeOf, type TensorBase, wrap } from './base.js'
import type { Tensor } from './tensor.js'

/** A node-level function of one tensor, on tensors. */
const lift =
  <A extends unknown[]>(fn: (x: Node, ...args: A) => Node) =>
  (x: TensorBase, ...args: A): Tensor =>
    wrap(fn(nodeOf(x), ...args))

/** Asks for the values and the position (i64) of each in the flattened spatial axes of the input. */
export interface ReturnIndices {
  readonly returnIndices: true
}

/** Max pooling: values, or [values, indices] with `returnIndices`. */
export interface MaxPooling<A, O> {
  (x: TensorBase, size: A, options: O & ReturnIndices): [Tensor, Tensor]
  (x: TensorBase, size: A, options?: O & { readonly returnIndices?: false }): Tensor
}

function liftMax<A, O extends object>(
  fn: (x: Node, size: A, options?: O) => Node,
  both: (x: Node, size: A, options?: O) => ValuesAndIndices,
): MaxPooling<A, O> {
  const call = (
    x: TensorBase,
    size: A,
    options?: O & { readonly returnIndices?: boolean },
  ): Tensor | [Tensor, Tensor] => {
    if (!options?.returnIndices) return wrap(fn(nodeOf(x), size, options))
    const { values, indices } = both(nodeOf(x), size, options)
    return [wrap(values), wrap(indices)]
  }
  return call as MaxPooling<A, O>
}

/** The largest element of each window, over 1 spatial axis; with `returnIndices` also where it stood. */
export const maxPool1d = liftMax(pooling.maxPool1d, pooling.maxPool1dWithIndices)
/** The largest element of each window, over 2 spatial axes; with `returnIndices` also where it stood. */
export const maxPool2d = liftMax(pooling.maxPool2d, pooling.maxPool2dWithIndices)
/** The largest element of each window, over 3 spatial axes; with `returnIndices` also where it stood. */
export const maxPool3d = liftMax(pooling.maxPool3d, pooling.maxPool3dWithIndices)
/** Values of maxPool1d back at their indices, zeros elsewhere. */
export const maxUnpool1d = (
  x: TensorBase,
  indices: TensorBase,
  kernelSize: Parameters<typeof unpooling.maxUnpool1d>[2],
  options?: unpooling.MaxUnpoolOptions,
): Tensor => wrap(unpooling.maxUnpool1d(nodeOf(x), nodeOf(indices), kernelSize, options))
/** Values of maxPool2d back at their indices, zeros elsewhere. */
export const maxUnpool2d = (
  x: TensorBase,
  indices: TensorBase,
  kernelSize: Parameters<typeof unpooling.maxUnpool2d>[2],
  options?: unpooling.MaxUnpoolOptions,
): Tensor => wrap(unpooling.maxUnpool2d(nodeOf(x), nodeOf(indices), kernelSize, options))
/** Values of maxPool3d back at their indices, zeros elsewhere. */
export const maxUnpool3d = (
  x: TensorBase,
  indices: TensorBase,
  kernelSize: Parameters<typeof unpooling.maxUnpool3d>[2],
  options?: unpooling.MaxUnpoolOptions,
): Tensor => wrap(unpooling.maxUnpool3d(nodeOf(x), nodeOf(indices), kernelSize, options))
/** The mean of each window, over 1 spatial axis. */
export const avgPool1d = lift(pooling.avgPool1d)
/** The mean of each window, over 2 spatial axes. */
export const avgPool2d = lift(pooling.avgPool2d)
/** The mean of each window, over 3 spatial axes. */
export const avgPool3d = lift(pooling.avgPool3d)
/** The p-norm of each window, over 1 spatial axis. */
export const lpPool1d = lift(lp.lpPool1d)
/** The p-norm of each window, over 2 spatial axes. */
export const lpPool2d = lift(lp.lpPool2d)
/** The p-norm of each window, over 3 spatial axes. */
export const lpPool3d = lift(lp.lpPool3d)
/** Means over windows that cover the input in `outputSize` steps, over 1 spatial axis. */
export const adaptiveAvgPool1d = lift(adaptive.adaptiveAvgPool1d)
/** Means over windows that cover the input in `outputSize` steps, over 2 spatial axes. */
export const adaptiveAvgPool2d = lift(adaptive.adaptiveAvgPool2d)
/** Means over windows that cover the input in `outputSize` steps, over 3 spatial axes. */
export const adaptiveAvgPool3d = lift(adaptive.adaptiveAvgPool3d)
/** Maxima over windows that cover the input in `outputSize` steps, over 1 spatial axis. */
export const adaptiveMaxPool1d = liftMax<adaptive.AdaptiveSize, object>(
  adaptive.adaptiveMaxPool1d,
  adaptive.adaptiveMaxPool1dWithIndices,
)
/** Maxima over windows that cover the input in `outputSize` steps, over 2 spatial axes. */
export const adaptiveMaxPool2d = liftMax<adaptive.AdaptiveSize, object>(
  adaptive.adaptiveMaxPool2d,
  adaptive.adaptiveMaxPool2dWithIndices,
)
/** Maxima over windows that cover the input in `outputSize` steps, over 3 spatial axes. */
export const adaptiveMaxPool3d = liftMax<adaptive.AdaptiveSize, object>(
  adaptive.adaptiveMaxPool3d,
  adaptive.adaptiveMaxPool3dWithIndices,
)
