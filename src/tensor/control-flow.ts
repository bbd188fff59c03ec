/** Loops and branches that stay in the graph: `scan`, `whileLoop`, `cond`. */
import { ShapeError, TraceError, ValueError } from '../core/errors.js'
import { formatShape } from '../core/shape.js'
import * as build from '../ir/build.js'
import type { Aval, Node } from '../ir/node.js'
import { nodeOf, type TensorBase } from './base.js'
import { closeOver, flattenTensors, requireTensors, traceSymbolic } from './closure.js'
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

/**
 * A loop over axis 0 of `xs`: [carry, y_t] = body(carry, x_t). Returns the last carry and the stacked y, as trees like
 * the body's. Tensors that the body reads from outside get gradients too. `xs` may be null with `length` given.
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
  let carryCount = 0
  let after: unknown
  let each: unknown
  const traced = traceSymbolic(avals, true, (params) => {
    const given = nodesOf(params)
    const result = body(start.rebuild(given.slice(0, n)) as C, inputs.rebuild(given.slice(n)) as X)
    if (!Array.isArray(result) || result.length !== 2) {
      throw new ValueError('scan: expected a body that returns [carry, y].')
    }
    ;[after, each] = result
    requireTensors('scan', 'a carry', after)
    carryCount = flattenTensors(after).nodes.length
    return result
  })
  if (carryCount !== n)
    throw new ShapeError(`scan: the body got a carry of ${n} tensors and returned ${carryCount}.`)
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
 */
export function whileLoop<C>(predicate: (carry: C) => Tensor, body: (carry: C) => C, carry: C): C {
  requireTensors('whileLoop', 'a carry', carry)
  const start = flattenTensors(carry)
  const avals = start.nodes.map(avalOf)
  const test = traceSymbolic(avals, true, (params) => predicate(start.rebuild(nodesOf(params)) as C))
  const step = traceSymbolic(avals, true, (params) => body(start.rebuild(nodesOf(params)) as C))
  const { consts, bodies } = closeOver([test, step])
  const outs = build.whileLoop(bodies[0], bodies[1], [...consts, ...start.nodes], consts.length)
  return start.rebuild(outs) as C
}

/** yes(...operands) where the 0-d bool `predicate` is true, else no(...operands). Only one of them runs. */
export function cond<A extends unknown[], R>(
  predicate: TensorBase,
  yes: (...operands: A) => R,
  no: (...operands: A) => R,
  ...operands: A
): R {
  const flat = flattenTensors(operands)
  const avals = flat.nodes.map(avalOf)
  const traced = [yes, no].map((branch) =>
    traceSymbolic(avals, false, (params) => branch(...(flat.rebuild(nodesOf(params)) as A))),
  )
  const { consts, bodies } = closeOver(traced)
  if (bodies[0].results.length !== bodies[1].results.length) {
    throw new TraceError(
      `cond: expected both branches to return the same structure, got ${bodies[0].results.length} and ` +
        `${bodies[1].results.length} tensors.`,
    )
  }
  const outs = build.cond(nodeOf(predicate), [bodies[0], bodies[1]], [...consts, ...flat.nodes])
  return traced[0].tree.rebuild(outs) as R
}
