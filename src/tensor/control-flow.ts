/** Loops and branches that stay in the graph: `scan`, `whileLoop`, `cond`. */
import { ShapeError, ValueError } from '../core/errors.js'
import { formatShape } from '../core/shape.js'
import * as build from '../ir/build.js'
import type { Aval, Node } from '../ir/node.js'
import { nodeOf, type TensorBase } from './base.js'
import { closeOver, flattenTensors, orderLike, requireTensors, traceSymbolic } from './closure.js'
import type { Tensor } from './tensor.js'

export interface ScanOptions {
  /** Runs from the last step to the first; results stay in their places. Default false. */
  readonly reverse?: boolean
  /** Keep the carry every k steps for the gradient and recompute between; 0 (default) keeps what the gradient needs. */
  readonly checkpoint?: number
  /** Number of steps, for a scan without stacked inputs. */
  readonly length?: number
}

const nodesOf = (params: readonly Tensor[]): Node[] => params.map((t) => t.node)
const avalOf = ({ shape, dtype }: Node): Aval => ({ shape, dtype })

/** Throws unless an option of `scan` is a number of steps. */
function requireCount(option: string, value: number): void {
  if (!Number.isInteger(value) || value < 0)
    throw new ValueError(`scan: expected ${option} to be a whole number of at least 0, got ${String(value)}.`)
}

/**
 * A loop over axis 0 of `xs`: [carry, y_t] = body(carry, x_t). Returns the last carry and the stacked y, as trees like
 * the body's. Tensors that the body reads from outside get gradients too. `xs` may be null with `length` given.
 * Throws TraceError for a body that returns another structure than the carry's, ShapeError for inputs of other lengths,
 * ValueError for options that are no numbers of steps.
 */
export function scan<C, X, Y>(
  body: (carry: C, x: X) => [C, Y],
  carry: C,
  xs: X,
  { reverse = false, checkpoint = 0, length }: ScanOptions = {},
): [C, Y] {
  requireTensors('scan', 'a carry', carry)
  const start = flattenTensors(carry)
  const inputs = flattenTensors(xs)
  requireCount('length', length ?? 0)
  requireCount('checkpoint', checkpoint)
  if (inputs.nodes.some((x) => x.shape.length === 0))
    throw new ShapeError('scan: expected inputs stacked along axis 0, got a 0-d tensor.')
  const steps = length ?? inputs.nodes[0]?.shape[0]
  if (steps === undefined) throw new ValueError('scan: expected stacked inputs, or the length of the loop.')
  for (const x of inputs.nodes) {
    if (x.shape[0] !== steps) {
      throw new ShapeError(
        `scan: expected ${steps} steps on axis 0 of every input, got shape ${formatShape(x.shape)}.`,
      )
    }
  }
  const n = start.nodes.length
  const avals = [
    ...start.nodes.map(avalOf),
    ...inputs.nodes.map(({ shape, dtype }) => ({ shape: shape.slice(1), dtype })),
  ]
  let each: unknown
  const traced = traceSymbolic(avals, true, (params) => {
    const given = nodesOf(params)
    const result = body(start.rebuild(given.slice(0, n)) as C, inputs.rebuild(given.slice(n)) as X)
    if (!Array.isArray(result) || result.length !== 2) {
      throw new ValueError('scan: expected a body that returns [carry, y].')
    }
    each = result[1]
    return [orderLike('scan', 'a carry from the body', carry, result[0]), each]
  })
  const { consts, bodies } = closeOver([traced])
  const outs = build.scan(
    bodies[0],
    { consts, carry: start.nodes, xs: inputs.nodes },
    { length: steps, reverse, checkpoint },
  )
  return [start.rebuild(outs.slice(0, n)) as C, flattenTensors(each).rebuild(outs.slice(n)) as Y]
}

/**
 * Repeats `body` on the carry while `predicate(carry)` (a 0-d bool tensor) is true. Forward-mode derivatives only.
 * Throws TraceError for a body that returns another structure than the carry's.
 */
export function whileLoop<C>(predicate: (carry: C) => Tensor, body: (carry: C) => C, carry: C): C {
  requireTensors('whileLoop', 'a carry', carry)
  const start = flattenTensors(carry)
  const avals = start.nodes.map(avalOf)
  const test = traceSymbolic(avals, true, (params) => predicate(start.rebuild(nodesOf(params)) as C))
  const step = traceSymbolic(avals, true, (params) =>
    orderLike('whileLoop', 'a carry from the body', carry, body(start.rebuild(nodesOf(params)) as C)),
  )
  const { consts, bodies } = closeOver([test, step])
  const outs = build.whileLoop(bodies[0], bodies[1], [...consts, ...start.nodes], consts.length)
  return start.rebuild(outs) as C
}

/**
 * yes(...operands) where the 0-d bool `predicate` is true, else no(...operands). Only one of them runs. Throws TraceError
 * where they return other structures.
 */
export function cond<A extends unknown[], R>(
  predicate: TensorBase,
  yes: (...operands: A) => R,
  no: (...operands: A) => R,
  ...operands: A
): R {
  const flat = flattenTensors(operands)
  const avals = flat.nodes.map(avalOf)
  const call = (branch: (...operands: A) => R, params: readonly Tensor[]): R =>
    branch(...(flat.rebuild(nodesOf(params)) as A))
  const first = traceSymbolic(avals, false, (params) => call(yes, params))
  const second = traceSymbolic(avals, false, (params) =>
    orderLike('cond', 'a result of the second branch', first.value, call(no, params)),
  )
  const { consts, bodies } = closeOver([first, second])
  const outs = build.cond(nodeOf(predicate), [bodies[0], bodies[1]], [...consts, ...flat.nodes])
  return first.tree.rebuild(outs) as R
}
