/** `vmap`: a function of one example applied to a batch, as one graph. */
import { ShapeError, ValueError } from '../core/errors.js'
import { formatShape, normalizeAxis } from '../core/shape.js'
import { isPlainObject } from '../core/tree.js'
import { batchNodes } from '../ir/batching.js'
import * as build from '../ir/build.js'
import type { Node } from '../ir/node.js'
import { withExamples } from '../runtime/state.js'
import { flattenTensors, traceSymbolic } from './closure.js'

/**
 * Batch axes: one number for all tensors of a tree, null for tensors that have none, or a tree (a prefix of the
 * arguments' or results' tree) of these.
 */
export type BatchAxes = number | null | readonly BatchAxes[] | { readonly [key: string]: BatchAxes }

export interface VmapOptions {
  /**
   * Random draws (rand, dropout, …) in the function: 'error' (default) refuses them, 'different' draws numbers of its
   * own for each example, 'same' gives all examples the same numbers.
   */
  readonly randomness?: 'error' | 'different' | 'same'
}

/** The axis of each tensor in `tree`, in order. */
function axesOf(what: string, axes: BatchAxes | undefined, tree: unknown, path: string): (number | null)[] {
  if (axes === null || typeof axes === 'number') return flattenTensors(tree).nodes.map(() => axes)
  const mismatch = (expected: string): never => {
    throw new ValueError(
      `vmap: expected ${what}${path} like its tree, with ${expected}, got ${JSON.stringify(axes)}. Use one axis (or null) ` +
        'for all tensors of a tree.',
    )
  }
  if (Array.isArray(axes)) {
    if (!Array.isArray(tree)) return mismatch('an axis')
    if (tree.length !== axes.length) {
      throw new ValueError(
        `vmap: expected ${what}${path} with one axis for each of ${tree.length}, got ${axes.length}.`,
      )
    }
    return tree.flatMap((item, i) => axesOf(what, axes[i], item, `${path}[${i}]`))
  }
  if (axes === undefined || !isPlainObject(tree)) return mismatch('an axis')
  const unknown = Object.keys(axes).filter((key) => !(key in tree))
  if (unknown.length > 0) return mismatch(`the keys ${Object.keys(tree).join(', ')}`)
  return Object.keys(tree).flatMap((key) => {
    const axis = (axes as { readonly [key: string]: BatchAxes })[key]
    if (axis === undefined && flattenTensors(tree[key]).nodes.length > 0)
      return mismatch(`an axis for ${key}`)
    return axesOf(what, axis ?? null, tree[key], `${path}.${key}`)
  })
}

/**
 * Maps `f` over an axis of its arguments. `inAxes` names the batch axis of each argument, null where an argument is
 * shared; `outAxes` says where the batch goes in the results, null for results that are the same for all examples.
 * Arguments, results and both axes may be trees. Random draws are refused unless `randomness` says what they mean.
 */
export function vmap<A extends unknown[], R>(
  f: (...args: A) => R,
  inAxes: BatchAxes = 0,
  outAxes: BatchAxes = 0,
  { randomness = 'error' }: VmapOptions = {},
): (...args: A) => R {
  if (randomness !== 'error' && randomness !== 'different' && randomness !== 'same') {
    throw new ValueError(
      `vmap: expected randomness 'error', 'different' or 'same', got '${randomness as string}'.`,
    )
  }
  return (...args) => {
    const flat = flattenTensors(args)
    const axes = axesOf('inAxes', inAxes, args, '')
    const front = flat.nodes.map((node, i) => {
      const axis = axes[i]
      return axis === null ? null : build.moveAxis(node, normalizeAxis(axis, node.shape.length, 'vmap'), 0)
    })
    const mapped = front.filter((node) => node !== null)
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
    const index = build.placeholder([], 'i32')
    const level = randomness === 'different' ? { index, size } : null
    const traced = traceSymbolic(examples, randomness === 'error', (params) => {
      let at = 0
      const given = flat.nodes.map((node, i) => (front[i] === null ? node : params[at++].node))
      return withExamples(level, () => f(...(flat.rebuild(given) as A)))
    })
    const inputs = new Map<Node, Node>(traced.params.map((p, i) => [p, mapped[i]]))
    inputs.set(index, build.iota([size], 0, 'i32'))
    const { results, batched } = batchNodes(build, traced.results, inputs, size)
    const places = axesOf('outAxes', outAxes, traced.value, '')
    const out = results.map((r, i) => {
      const place = places[i]
      if (place === null) {
        if (!batched[i]) return r
        throw new ValueError(
          'vmap: outAxes says null for a result that differs from example to example. Give it an axis.',
        )
      }
      const whole = batched[i] ? r : build.expandBatch(r, size)
      return build.moveAxis(whole, 0, normalizeAxis(place, whole.shape.length, 'vmap'))
    })
    return traced.tree.rebuild(out) as R
  }
}
