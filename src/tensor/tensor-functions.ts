/** Functions of several tensors that are no method of one: `where`, `cat`, `stack`. */
import * as elementwise from '../ops/elementwise.js'
import * as shape from '../ops/shape.js'
import { type Operand, operand, type TensorBase, wrap } from './base.js'
import type { Tensor } from './tensor.js'

/** x where the condition is true, y elsewhere; all broadcast. */
export const where = (condition: TensorBase, x: Operand, y: Operand): Tensor =>
  wrap(elementwise.where(condition.node, operand(x), operand(y)))

/** Joins tensors along an axis that exists. */
export const cat = (tensors: readonly TensorBase[], axis = 0): Tensor =>
  wrap(shape.cat(tensors.map((t) => t.node), axis))

/** Joins tensors of one shape along a new axis. */
export const stack = (tensors: readonly TensorBase[], axis = 0): Tensor =>
  wrap(shape.stack(tensors.map((t) => t.node), axis))
