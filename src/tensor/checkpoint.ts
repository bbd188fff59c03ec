/** `checkpoint`: less memory for the gradient, by computing again what it needs. */
import * as build from '../ir/build.js'
import type { Aval, Node } from '../ir/node.js'
import { closeOver, flattenTensors, traceSymbolic } from './closure.js'

const avalOf = ({ shape, dtype }: Node): Aval => ({ shape, dtype })

/**
 * f, whose intermediate values are not kept for the gradient but computed again (Chen et al. 2016). The result and its
 * derivatives are the same. A checkpointed scan of one step: its body is a world of its own, which keeps its inputs only.
 */
export function checkpoint<A extends unknown[], R>(f: (...args: A) => R): (...args: A) => R {
  return (...args) => {
    const flat = flattenTensors(args)
    const traced = traceSymbolic(flat.nodes.map(avalOf), false, (params) =>
      f(...(flat.rebuild(params.map((t) => t.node)) as A)),
    )
    const { consts, bodies } = closeOver([traced])
    const xs = flat.nodes.map((x) => build.reshape(x, [1, ...x.shape]))
    const outs = build.scan(bodies[0], { consts, carry: [], xs }, { length: 1, checkpoint: 1 })
    return traced.tree.rebuild(outs.map((y) => build.reshape(y, y.shape.slice(1)))) as R
  }
}
