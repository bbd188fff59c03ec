/**
 * Function transforms in the manner of JAX: derivatives of functions of tensors. All compose, to any order, with each
 * other and with compiled steps.
 */
import { isFloat } from '../core/dtype.js'
import { DTypeError, ShapeError, TraceError, ValueError } from '../core/errors.js'
import { formatShape, sameShape, sizeOf } from '../core/shape.js'
import { batchNodes } from '../ir/batching.js'
import * as build from '../ir/build.js'
import { pullback, pushforward } from '../ir/gradients.js'
import type { Node } from '../ir/node.js'
import { withTransform } from '../runtime/state.js'
import { TensorBase, wrap } from './base.js'
import { type Flat, flattenTensors, traceSymbolic } from './closure.js'
import type { Tensor } from './tensor.js'

export { checkpoint, cond, scan, whileLoop } from './control-flow.js'
export { vmap } from './vmap.js'

/** The function's graph over stand-ins of its real arguments. */
interface Linearized {
  readonly leaves: readonly Node[]
  readonly originals: readonly Node[]
  readonly results: readonly Node[]
  readonly tree: Flat
  readonly value: unknown
}

/** Runs `f` with the chosen arguments' tensors replaced by leaves of their own. */
function linearize(
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
        `Expected a tensor, or a tree with one, as argument ${i} of the function to differentiate, got ${String(arg)}. ` +
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
function settle(
  nodes: readonly Node[],
  { leaves, originals }: Pick<Linearized, 'leaves' | 'originals'>,
): Node[] {
  if (!build.isGradEnabled()) return nodes.map((n) => (n.requiresGrad ? build.alias(n, false) : n))
  return build.substitute(nodes, new Map(leaves.map((leaf, i) => [leaf, originals[i]])))
}

function scalarResult(operation: string, value: unknown): Node {
  if (!(value instanceof TensorBase) || value.size !== 1 || !isFloat(value.dtype)) {
    const got = value instanceof TensorBase ? `${value.dtype} ${formatShape(value.shape)}` : typeof value
    throw new ShapeError(
      `${operation}: expected a function that returns one float number (a 0-d tensor), got ${got}.`,
    )
  }
  return value.node
}

const orZero = (g: Node | null, leaf: Node): Node => g ?? build.literal(leaf, 0)

/** Trees of gradients like the chosen arguments. */
function likeArguments(
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

type Gradients<A extends unknown[], N> = N extends keyof A & number
  ? A[N]
  : N extends readonly number[]
    ? { [K in keyof N]: N[K] extends keyof A & number ? A[N[K]] : unknown }
    : unknown

/**
 * The value of a scalar function and its gradient with respect to argument `argnums` (default 0; a list gives a list).
 * Arguments may be trees of tensors; the gradient has the same structure. Throws ShapeError unless f returns one number.
 */
export function valueAndGrad<A extends unknown[], const N extends number | readonly number[] = 0>(
  f: (...args: A) => Tensor,
  argnums: N = 0 as N,
): (...args: A) => [Tensor, Gradients<A, N>] {
  const chosen = typeof argnums === 'number' ? [argnums] : (argnums as readonly number[])
  return (...args) => {
    checkArgnums(chosen, args.length)
    const linear = linearize(f as (...list: never[]) => unknown, args, chosen)
    const root = scalarResult('gradients', linear.value)
    const found = pullback(build, [root], [build.literal(root, 1)], linear.leaves)
    const settled = settle([root, ...found.map((g, i) => orZero(g, linear.leaves[i]))], linear)
    const trees = likeArguments(args, chosen, settled.slice(1))
    return [wrap(settled[0]), (typeof argnums === 'number' ? trees[0] : trees) as Gradients<A, N>]
  }
}

function checkArgnums(chosen: readonly number[], count: number): void {
  for (const i of chosen) {
    if (!Number.isInteger(i) || i < 0 || i >= count) {
      throw new ValueError(`argnums: expected the number of an argument (0 to ${count - 1}), got ${i}.`)
    }
  }
}

/** The gradient of a scalar function with respect to argument `argnums`; see `valueAndGrad`. */
export function gradients<A extends unknown[], const N extends number | readonly number[] = 0>(
  f: (...args: A) => Tensor,
  argnums: N = 0 as N,
): (...args: A) => Gradients<A, N> {
  const both = valueAndGrad(f, argnums)
  return (...args) => both(...args)[1]
}

/**
 * The result of f and its pullback: a function from cotangents (a tree like the result) to the list of the arguments'
 * cotangents.
 */
export function vjp<A extends unknown[], R>(f: (...args: A) => R, ...args: A): [R, (cotangents: R) => A] {
  const all = args.map((_, i) => i)
  const linear = linearize(f as (...list: never[]) => unknown, args, all)
  const back = (cotangents: R): A => {
    const seeds = flattenTensors(cotangents).nodes
    checkLike('vjp', 'cotangents', linear.results, seeds)
    const found = pullback(build, linear.results, seeds, linear.leaves)
    return likeArguments(
      args,
      all,
      settle(
        found.map((g, i) => orZero(g, linear.leaves[i])),
        linear,
      ),
    ) as A
  }
  return [linear.tree.rebuild(settle(linear.results, linear)) as R, back]
}

/** The result of f and its derivative along `tangents` (a list like the arguments), by forward mode. */
export function jvp<A extends unknown[], R>(f: (...args: A) => R, args: A, tangents: A): [R, R] {
  const linear = linearize(
    f as (...list: never[]) => unknown,
    args,
    args.map((_, i) => i),
  )
  const given = flattenTensors(tangents).nodes
  checkLike('jvp', 'tangents', linear.leaves, given)
  const found = build.withGradMode(true, () =>
    pushforward(
      build,
      linear.results,
      linear.leaves,
      given.map((t) => (isFloat(t.dtype) ? t : null)),
    ),
  )
  const out = settle(
    found.map((t, i) => orZero(t, linear.results[i])),
    linear,
  )
  return [linear.tree.rebuild(settle(linear.results, linear)) as R, linear.tree.rebuild(out) as R]
}

function checkLike(operation: string, what: string, expected: readonly Node[], got: readonly Node[]): void {
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

/**
 * The Jacobian of a function from tensor to tensor with respect to argument `argnum` (default 0): shape
 * (…result, …argument). Reverse mode, one batched pullback for all results.
 */
export function jacobian<A extends unknown[]>(f: (...args: A) => Tensor, argnum = 0): (...args: A) => Tensor {
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
    const m = sizeOf(y.shape)
    // The rows of the identity as cotangents: one row an element of the result.
    const seed = traceSymbolic([y], false, () => [])
    const pulled = build.withGradMode(true, () => pullback(build, [y], [seed.params[0]], [x]))
    const row = orZero(pulled[0], x)
    const identity = build.cast(build.eq(build.iota([m, m], 0, 'i32'), build.iota([m, m], 1, 'i32')), y.dtype)
    const basis = build.reshape(identity, [m, ...y.shape])
    const { results, batched } = batchNodes(build, [row], new Map([[seed.params[0] as Node, basis]]), m)
    const rows = batched[0] ? results[0] : build.expandBatch(results[0], m)
    return wrap(settle([build.reshape(rows, [...y.shape, ...x.shape])], linear)[0])
  }
}

/** The Hessian of a scalar function with respect to argument `argnum` (default 0): shape (…argument, …argument). */
export const hessian = <A extends unknown[]>(
  f: (...args: A) => Tensor,
  argnum = 0,
): ((...args: A) => Tensor) => jacobian((...args: A) => gradients(f, argnum)(...args) as Tensor, argnum)
