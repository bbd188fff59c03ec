/** Functions of several tensors that are no method of one: `where`, `cat`, `stack`, `einsum`. */

import { ValueError } from '../core/errors.js'
import type { Shape } from '../core/shape.js'
import { einsum as einsumOf } from '../ops/einsum.js'
import * as elementwise from '../ops/elementwise.js'
import * as joining from '../ops/joining.js'
import * as linear from '../ops/linear-algebra.js'
import { nonzeroCount, nonzeroStatic } from '../ops/masking.js'
import { unbind } from '../ops/slicing.js'
import { nodeOf, type Operand, operand, type TensorBase, wrap } from './base.js'
import type { BroadcastResult, BroadcastResult3 } from './broadcast-shapes.js'
import { lookThen } from './data-dependent.js'
import type { CatResult, ShapesOf, StackResult } from './join-shapes.js'
import type { Fits, ShapeOr } from './shape-types.js'
import type { Tensor } from './tensor.js'

/**
 * x where the condition is true, y elsewhere; all broadcast. With the condition alone: the positions of what is not 0,
 * one vector an axis, whose size depends on data (`nonzero` as a list; not inside `compile` or `vmap`).
 */
export function where<C extends Shape, A extends Shape = readonly [], B extends Shape = readonly []>(
  condition: TensorBase<C>,
  x: (TensorBase<A> & Fits<BroadcastResult<C, A, 'where'>>) | number,
  y: (TensorBase<B> & Fits<BroadcastResult3<C, A, B, 'where'>>) | number,
): Tensor<ShapeOr<BroadcastResult3<C, A, B, 'where'>>>
export function where(condition: TensorBase): Promise<Tensor[]>
export function where(condition: TensorBase, x?: Operand, y?: Operand): Tensor | Promise<Tensor[]> {
  const node = nodeOf(condition)
  if (x !== undefined && y !== undefined) return wrap(elementwise.where(node, operand(x), operand(y)))
  if (x !== undefined || y !== undefined) {
    throw new ValueError('where: expected a condition alone or with two values, got one value.')
  }
  return lookThen('where', insteadOfPositions, nonzeroCount(node), (count) =>
    unbind(nonzeroStatic(node, count), 1).map(wrap),
  )
}

const insteadOfPositions = 'Use nonzeroStatic(size), which pads, or where() with two values.'

/** Joins tensors along an axis that exists. */
export const cat = <const L extends readonly TensorBase[], const X extends number = 0>(
  tensors: L & Fits<CatResult<ShapesOf<L>, X>>,
  axis?: X,
): Tensor<ShapeOr<CatResult<ShapesOf<L>, X>>> =>
  wrap(joining.cat(tensors.map(nodeOf), axis)) as Tensor<ShapeOr<CatResult<ShapesOf<L>, X>>>

/** Joins tensors of one shape along a new axis. */
export const stack = <const L extends readonly TensorBase[], const X extends number = 0>(
  tensors: L & Fits<StackResult<ShapesOf<L>, X>>,
  axis?: X,
): Tensor<ShapeOr<StackResult<ShapesOf<L>, X>>> =>
  wrap(joining.stack(tensors.map(nodeOf), axis)) as Tensor<ShapeOr<StackResult<ShapesOf<L>, X>>>

/** Einstein summation: `einsum('bij,bjk->bik', x, y)`. */
export const einsum = (expression: string, ...tensors: readonly TensorBase[]): Tensor =>
  wrap(einsumOf(expression, ...tensors.map(nodeOf)))

/** Contraction over the last `axes` axes of x and the first of y, or over lists of axes. Default 2. */
export const tensordot = (
  x: TensorBase,
  y: TensorBase,
  axes: number | readonly [readonly number[], readonly number[]] = 2,
): Tensor => wrap(linear.tensordot(nodeOf(x), nodeOf(y), axes))
