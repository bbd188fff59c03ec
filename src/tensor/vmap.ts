/** `vmap`: a function of one example applied to a batch, as one graph. */
import { ShapeError, ValueError } from '../core/errors.js'
import { formatShape, normalizeAxis } from '../core/shape.js'
import { batchNodes } from '../ir/batching.js'
import * as build from '../ir/build.js'
import type { Node } from '../ir/node.js'
import { flattenTensors, traceSymbolic } from './closure.js'
import type { Tensor } from './tensor.js'

/** The batch axis of each argument (null: the same for all examples), or one for all. */
export type BatchAxes = number | null | readonly (number | null)[]

/**
 * Maps `f` over an axis of its arguments. `inAxes` names the batch axis of each argument, null where an argument is
 * shared; `outAxes` says where the batch goes in every result. Arguments and results may be trees of tensors.
 */
export function vmap<A extends unknown[], R>(
  f: (...args: A) => R,
  inAxes: BatchAxes = 0,
  outAxes = 0,
): (...args: A) => R {
  return (...args) => {
    const axes = typeof inAxes === 'object' && inAxes !== null ? inAxes : args.map(() => inAxes)
    if (axes.length !== args.length) {
      throw new ValueError(
        `vmap: expected one axis for each of ${args.length} arguments, got ${axes.length}.`,
      )
    }
    const flats = args.map((arg) => flattenTensors(arg))
    const mapped = flats.flatMap(({ nodes }, i) => {
      const axis = axes[i]
      if (axis === null) return []
      return nodes.map((node) => build.moveAxis(node, normalizeAxis(axis, node.shape.length, 'vmap'), 0))
    })
    if (mapped.length === 0) throw new ValueError('vmap: expected at least one argument with a batch axis.')
    const size = mapped[0].shape[0]
    for (const node of mapped) {
      if (node.shape[0] !== size) {
        throw new ShapeError(
          `vmap: expected batch axes of one size, got ${size} and ${node.shape[0]} (of ${formatShape(node.shape)}).`,
        )
      }
    }
    const examples = mapped.map((n) => ({ shape: n.shape.slice(1), dtype: n.dtype }))
    const traced = traceSymbolic(examples, true, (params) => {
      let at = 0
      const given = args.map((arg, i) => {
        if (axes[i] === null) return arg
        const count = flats[i].nodes.length
        at += count
        return flats[i].rebuild(params.slice(at - count, at).map((t: Tensor) => t.node))
      })
      return f(...(given as A))
    })
    const inputs = new Map<Node, Node>(traced.params.map((p, i) => [p, mapped[i]]))
    const { results, batched } = batchNodes(build, traced.results, inputs, size)
    const out = results.map((r, i) => {
      const whole = batched[i] ? r : build.expandBatch(r, size)
      return build.moveAxis(whole, 0, normalizeAxis(outAxes, whole.shape.length, 'vmap'))
    })
    return traced.tree.rebuild(out) as R
  }
}
