/**
 * Functions of tensors as closed bodies of graph: what `scan`, `whileLoop`, `cond` and `vmap` take. Whatever the
 * function reads from around it becomes a constant of the body.
 */
import { TraceError } from '../core/errors.js'
import { isPlainObject, mapTree } from '../core/tree.js'
import * as build from '../ir/build.js'
import { type Aval, isOp, type Node, type Subgraph, topologicalOrder } from '../ir/node.js'
import { withSymbolic, withTransform } from '../runtime/state.js'
import { TensorBase, wrap } from './base.js'
import type { Tensor } from './tensor.js'

/** A tree of tensors taken apart. */
export interface Flat {
  readonly nodes: Node[]
  /** The tree again, around other nodes. */
  rebuild(nodes: readonly Node[]): unknown
}

/** The tensors of a tree in order. Anything else at a leaf stays as it is. */
export function flattenTensors(tree: unknown): Flat {
  const nodes: Node[] = []
  mapTree(tree, (leaf) => {
    if (leaf instanceof TensorBase) nodes.push(leaf.node)
    return leaf
  })
  return {
    nodes,
    rebuild: (replacements) => {
      let at = 0
      return mapTree(tree, (leaf) => (leaf instanceof TensorBase ? wrap(replacements[at++]) : leaf))
    },
  }
}

/** What a tree is at its root, for people. */
export function describe(tree: unknown): string {
  if (tree instanceof TensorBase) return 'a tensor'
  if (Array.isArray(tree)) return `an array of ${tree.length}`
  if (isPlainObject(tree)) return `{ ${Object.keys(tree).join(', ')} }`
  return typeof tree === 'number' || tree === null ? String(tree) : typeof tree
}

/**
 * `tree` with its keys in the order of `like`, so that the tensors of both pair as they are flattened. Throws TraceError
 * where arrays, keys or tensors of one are not in the other.
 */
export function orderLike(operation: string, what: string, like: unknown, tree: unknown, path = ''): unknown {
  const inside = (key: string | number): string => (path === '' ? `${key}` : `${path}.${key}`)
  const differ = (): never => {
    throw new TraceError(
      `${operation}: expected ${what} with ${describe(like)}${path === '' ? '' : ` at ${path}`}, got ${describe(tree)}. ` +
        'Keep the arrays and keys of the tree that it belongs to.',
    )
  }
  if (Array.isArray(like)) {
    if (!Array.isArray(tree) || tree.length !== like.length) return differ()
    return like.map((part, i) => orderLike(operation, what, part, tree[i], inside(i)))
  }
  if (isPlainObject(like)) {
    if (!isPlainObject(tree)) return differ()
    const keys = Object.keys(like)
    if (keys.length !== Object.keys(tree).length || !keys.every((key) => Object.hasOwn(tree, key)))
      return differ()
    return Object.fromEntries(
      keys.map((key) => [key, orderLike(operation, what, like[key], tree[key], inside(key))]),
    )
  }
  const isTree = Array.isArray(tree) || isPlainObject(tree)
  if (isTree || like instanceof TensorBase !== tree instanceof TensorBase) return differ()
  return tree
}

/** Fails where a tree that must hold tensors only holds something else. */
export function requireTensors(operation: string, what: string, tree: unknown): void {
  mapTree(tree, (leaf, path) => {
    if (leaf instanceof TensorBase) return leaf
    throw new TraceError(
      `${operation}: expected ${what} made of tensors, got ${leaf === null ? 'null' : typeof leaf}` +
        `${path === '' ? '' : ` at ${path}`}. Wrap numbers with tensor().`,
    )
  })
}

/** A function's graph over formal parameters, and the tree of its results. */
export interface Traced {
  readonly params: Node<'placeholder'>[]
  readonly results: Node[]
  readonly tree: Flat
  readonly value: unknown
}

/** Runs `fn` on placeholders, which stand for many values each where the function will be `repeated`. */
export function traceSymbolic(
  avals: readonly Aval[],
  repeated: boolean,
  fn: (params: readonly Tensor[]) => unknown,
): Traced {
  return withSymbolic(repeated, () =>
    withTransform(() =>
      build.withGradMode(true, () => {
        const params = avals.map((a) => build.placeholder(a.shape, a.dtype))
        const value = fn(params.map((p) => wrap(p)))
        const tree = flattenTensors(value)
        return { params, results: tree.nodes, tree, value }
      }),
    ),
  )
}

/** Nodes among `order` that depend on the parameters. */
function dependents(order: readonly Node[], params: ReadonlySet<Node>): Set<Node> {
  const found = new Set<Node>(params)
  for (const node of order)
    if (node.storage === null && node.inputs.some((x) => found.has(x))) found.add(node)
  return found
}

/** Nodes that are worth copying into a body: literals and what is made of literals only. */
function literals(order: readonly Node[]): Set<Node> {
  const found = new Set<Node>()
  for (const node of order) {
    if (node.storage !== null) continue
    if (isOp(node, 'const') || isOp(node, 'iota')) found.add(node)
    else if (node.inputs.length > 0 && node.inputs.every((x) => found.has(x))) found.add(node)
  }
  return found
}

export interface Closed {
  /** Outer nodes, in the order of the bodies' constant parameters. */
  readonly consts: readonly Node[]
  /** The bodies: constants first, then their own parameters. */
  readonly bodies: readonly Subgraph[]
}

/** Closes traced functions over one list of constants. */
export function closeOver(
  traced: readonly { params: readonly Node<'placeholder'>[]; results: readonly Node[] }[],
): Closed {
  const consts = new Set<Node>()
  for (const { params, results } of traced) {
    const own = new Set<Node>(params)
    const order = topologicalOrder(results, (n) => (own.has(n) || n.storage !== null ? [] : n.inputs))
    const inside = dependents(order, own)
    const known = literals(order)
    const capture = (node: Node): void => {
      if (inside.has(node) || known.has(node)) return
      // A primitive with several results is no value: its results are, and those are nodes of their own.
      if (!build.hasSeveralOutputs(node)) consts.add(node)
    }
    for (const node of order) if (inside.has(node) && !own.has(node)) node.inputs.forEach(capture)
    results.forEach(capture)
  }
  const list = [...consts]
  const bodies = traced.map(({ params, results }): Subgraph => {
    const formals = list.map((n) => build.placeholder(n.shape, n.dtype))
    const map = new Map<Node, Node>(list.map((n, i) => [n, formals[i]]))
    const closed = build.withGradMode(true, () => build.substitute(results, map))
    return { params: [...formals, ...params], results: closed }
  })
  return { consts: list, bodies }
}
