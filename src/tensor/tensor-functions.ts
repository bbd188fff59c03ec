/** Functions of several tensors that are no method of one: `where`, `cat`, `stack`, `einsum`. */
import * as diagonal from '../ops/diagonal.js'
import { einsum as einsumOf } from '../ops/einsum.js'
import * as elementwise from '../ops/elementwise.js'
import * as joining from '../ops/joining.js'
import * as linear from '../ops/linear-algebra.js'
import { nodeOf, type Operand, operand, type TensorBase, wrap } from './base.js'
import type { CatResult, Fits, ShapeOr, ShapesOf, StackResult } from './shape-types.js'
import type { Tensor } from './tensor.js'

/** x where the condition is true, y elsewhere; all broadcast. */
export const where = (condition: TensorBase, x: Operand, y: Operand): Tensor =>
  wrap(elementwise.where(nodeOf(condition), operand(x), operand(y)))

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

/** A matrix with the vector on its diagonal; the last axis becomes two. */
export const diagEmbed = (x: TensorBase, offset = 0): Tensor => wrap(diagonal.diagEmbed(nodeOf(x), offset))
