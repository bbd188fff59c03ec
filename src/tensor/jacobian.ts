/** Jacobians: all derivatives of a function from tensor to tensor, by one batched pullback or pushforward. */
import { ShapeError, TraceError, ValueError } from '../core/errors.js'
import { sizeOf } from '../core/shape.js'
import { batchNodes } from '../ir/batching.js'
import * as build from '../ir/build.js'
import { pullback, pushforward } from '../ir/gradients.js'
import { isOp, type Node, topologicalOrder } from '../ir/node.js'
import { TensorBase, wrap } from './base.js'
import { checkArgnums, type Linearized, linearize, orZero, settle } from './linearize.js'
import type { Tensor } from './tensor.js'

export interface JacobianOptions {
  /**
   * 'reverse': one row for each element of the result; 'forward': one column for each element of the argument; 'auto'
   * (default): whichever is fewer, where the function allows both.
   */
  readonly mode?: 'auto' | 'forward' | 'reverse'
}

/** The identity as `size` tensors of the given shape. */
function basis(like: Node): Node {
  const n = sizeOf(like.shape)
  const identity = build.cast(
    build.eq(build.iota([n, n], 0, 'i32'), build.iota([n, n], 1, 'i32')),
    like.dtype,
  )
  return build.reshape(identity, [n, ...like.shape])
}

/** `fn` on a stand-in for each tensor of the basis at once: (size, …result). */
function overBasis(like: Node, fn: (one: Node) => Node): Node {
  const all = basis(like)
  const one = build.placeholder(like.shape, like.dtype)
  const result = build.withGradMode(true, () => fn(one))
  const { results, batched } = batchNodes(build, [result], new Map<Node, Node>([[one, all]]), all.shape[0])
  return batched[0] ? results[0] : build.expandBatch(results[0], all.shape[0])
}

/** What of the function's graph allows one mode only. */
function onlyMode({ results, leaves }: Linearized): 'forward' | 'reverse' | null {
  const inputs = new Set<Node>(leaves)
  let reverse = false
  for (const node of topologicalOrder(results, (n) => (inputs.has(n) ? [] : n.inputs))) {
    if (isOp(node, 'while')) return 'forward'
    if (isOp(node, 'barrier') && node.attrs.gradient?.jvp === null) reverse = true
  }
  return reverse ? 'reverse' : null
}

/**
 * The Jacobian of a function from tensor to tensor with respect to argument `argnum` (default 0): shape
 * (…result, …argument). Forward or reverse mode by size, or as `mode` says.
 */
export function jacobian<A extends unknown[]>(
  f: (...args: A) => Tensor,
  argnum = 0,
  { mode = 'auto' }: JacobianOptions = {},
): (...args: A) => Tensor {
  if (mode !== 'auto' && mode !== 'forward' && mode !== 'reverse') {
    throw new ValueError(`jacobian: expected mode 'auto', 'forward' or 'reverse', got '${mode as string}'.`)
  }
  return (...args) => {
    checkArgnums([argnum], args.length)
    if (!(args[argnum] instanceof TensorBase)) {
      throw new TraceError('jacobian: expected the argument to be one tensor. Use vjp or jvp for trees.')
    }
    const linear = linearize(f as (...list: never[]) => unknown, args, [argnum])
    if (linear.results.length !== 1) {
      throw new ShapeError(
        `jacobian: expected a function that returns one tensor, got ${linear.results.length}.`,
      )
    }
    const [y] = linear.results
    const [x] = linear.leaves
    const shape = [...y.shape, ...x.shape]
    const smaller = sizeOf(x.shape) < sizeOf(y.shape) ? 'forward' : 'reverse'
    const chosen = mode === 'auto' ? (onlyMode(linear) ?? smaller) : mode
    if (chosen === 'reverse') {
      const rows = overBasis(y, (g) => orZero(pullback(build, [y], [g], [x])[0], x))
      return wrap(settle([build.reshape(rows, shape)], linear)[0])
    }
    const columns = overBasis(x, (t) => orZero(pushforward(build, [y], [x], [t])[0], y))
    const flat = build.reshape(columns, [sizeOf(x.shape), sizeOf(y.shape)])
    return wrap(settle([build.reshape(build.permute(flat, [1, 0]), shape)], linear)[0])
  }
}
