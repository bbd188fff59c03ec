/** A function's graph over stand-ins of its real arguments: what every derivative of a function starts from. */
import { isFloat } from '../core/dtype.js'
import { DTypeError, ShapeError, ValueError } from '../core/errors.js'
import { formatShape, sameShape } from '../core/shape.js'
import * as build from '../ir/build.js'
import type { Node } from '../ir/node.js'
import { withTransform } from '../runtime/state.js'
import { TensorBase } from './base.js'
import { describe, type Flat, flattenTensors } from './closure.js'

/** The function's graph over stand-ins of its real arguments. */
export interface Linearized {
  readonly leaves: readonly Node[]
  readonly originals: readonly Node[]
  readonly results: readonly Node[]
  readonly tree: Flat
  readonly value: unknown
}

/** Runs `f` with the chosen arguments' tensors replaced by leaves of their own. */
export function linearize(
  f: (...args: never[]) => unknown,
  args: readonly unknown[],
  chosen: readonly number[],
): Linearized {
  const leaves: Node[] = []
  const originals: Node[] = []
  const given = args.map((arg, i) => {
    if (!chosen.includes(i)) return arg
    const flat = flattenTensors(arg)
    if (flat.nodes.length === 0) {
      throw new ValueError(
        `Expected a tensor, or a tree with one, as argument ${i} of the function to differentiate, got ${describe(arg)}. ` +
          'Wrap numbers with tensor(), or choose another argument with argnums.',
      )
    }
    const fresh = flat.nodes.map((node) => {
      const leaf = build.alias(node, isFloat(node.dtype))
      leaves.push(leaf)
      originals.push(node)
      return leaf
    })
    return flat.rebuild(fresh)
  })
  const value = withTransform(() =>
    build.withGradMode(true, () => (f as (...list: unknown[]) => unknown)(...given)),
  )
  const tree = flattenTensors(value)
  return { leaves, originals, results: tree.nodes, tree, value }
}

/** Results in terms of the real arguments, so that outer derivatives see through; or values without graph. */
export function settle(
  nodes: readonly Node[],
  { leaves, originals }: Pick<Linearized, 'leaves' | 'originals'>,
): Node[] {
  if (!build.isGradEnabled()) return nodes.map((n) => (n.requiresGrad ? build.alias(n, false) : n))
  return build.substitute(nodes, new Map(leaves.map((leaf, i) => [leaf, originals[i]])))
}

export function scalarResult(operation: string, value: unknown): Node {
  if (!(value instanceof TensorBase) || value.size !== 1 || !isFloat(value.dtype)) {
    const got = value instanceof TensorBase ? `${value.dtype} ${formatShape(value.shape)}` : typeof value
    throw new ShapeError(
      `${operation}: expected a function that returns one float number (a 0-d tensor), got ${got}.`,
    )
  }
  return value.node
}

export const orZero = (g: Node | null, leaf: Node): Node => g ?? build.literal(leaf, 0)

/** Trees of gradients like the chosen arguments. */
export function likeArguments(
  args: readonly unknown[],
  chosen: readonly number[],
  nodes: readonly Node[],
): unknown[] {
  let at = 0
  return chosen.map((i) => {
    const flat = flattenTensors(args[i])
    const slice = nodes.slice(at, at + flat.nodes.length)
    at += flat.nodes.length
    return flat.rebuild(slice)
  })
}

/** Throws unless every entry is the number of an argument. */
export function checkArgnums(chosen: readonly number[], count: number): void {
  if (!Array.isArray(chosen))
    throw new ValueError(`argnums: expected a number or a list of numbers, got ${describe(chosen)}.`)
  for (const i of chosen) {
    if (!Number.isInteger(i) || i < 0 || i >= count) {
      throw new ValueError(`argnums: expected the number of an argument (0 to ${count - 1}), got ${i}.`)
    }
  }
}

/** Throws unless the nodes agree in number, dtype and shape. */
export function checkLike(
  operation: string,
  what: string,
  expected: readonly Node[],
  got: readonly Node[],
): void {
  if (expected.length !== got.length) {
    throw new ShapeError(`${operation}: expected ${expected.length} ${what}, got ${got.length}.`)
  }
  expected.forEach((e, i) => {
    if (e.dtype !== got[i].dtype) {
      throw new DTypeError(`${operation}: ${what} ${i} should be ${e.dtype}, got ${got[i].dtype}.`)
    }
    if (!sameShape(e.shape, got[i].shape)) {
      throw new ShapeError(
        `${operation}: ${what} ${i} should have shape ${formatShape(e.shape)}, got ${formatShape(got[i].shape)}.`,
      )
    }
  })
}
