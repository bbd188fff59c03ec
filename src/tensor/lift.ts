/** Node-level functions as functions of tensors. */
import type { Node } from '../ir/node.js'
import { nodeOf, type TensorBase, wrap } from './base.js'
import type { Tensor } from './tensor.js'

/** A function of one node, on tensors. */
export const liftOne =
  <A extends unknown[]>(fn: (x: Node, ...args: A) => Node) =>
  (x: TensorBase, ...args: A): Tensor =>
    wrap(fn(nodeOf(x), ...args))

/** A function of two nodes, on tensors. */
export const liftTwo =
  <A extends unknown[]>(fn: (x: Node, y: Node, ...args: A) => Node) =>
  (x: TensorBase, y: TensorBase, ...args: A): Tensor =>
    wrap(fn(nodeOf(x), nodeOf(y), ...args))

/** A function of three nodes, on tensors. */
export const liftThree =
  <A extends unknown[]>(fn: (x: Node, y: Node, z: Node, ...args: A) => Node) =>
  (x: TensorBase, y: TensorBase, z: TensorBase, ...args: A): Tensor =>
    wrap(fn(nodeOf(x), nodeOf(y), nodeOf(z), ...args))
