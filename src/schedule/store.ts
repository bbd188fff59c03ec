/**
 * Which nodes get memory. Everything else is written in place by the kernels that read it.
 *
 * Stored are: what the graph must deliver; results and operands of structured primitives; contractions; reductions;
 * nodes that several kernels need and that are not cheap; and nodes that a broadcast or overlapping windows would
 * compute many times over.
 */
import { sizeOf } from '../core/shape.js'
import { isOp, type Node, type Primitive, topologicalOrder } from '../ir/node.js'
import { isDotContract } from './dot-contract.js'
import { is64, moves, weightOf } from './node-cost.js'
import { operandsOf } from './operands.js'
import { rematerialise } from './rematerialise.js'
import { readInputs, tapsGradient } from './winograd-gradient.js'

/** Primitives with a lowering over stored operands. */
export const structured: ReadonlySet<Primitive> = new Set<Primitive>([
  'argMax',
  'argMin',
  'cumSum',
  'cumProd',
  'cumMax',
  'windowReduce',
  'scatter',
  'segmentSumCsr',
  'dynamicSlice',
  'dynamicUpdate',
  'sort',
  'scan',
  'while',
  'cond',
  'call',
])

const reductions: ReadonlySet<Primitive> = new Set<Primitive>([
  'reduceSum',
  'reduceProd',
  'reduceMax',
  'reduceMin',
])

/** Up to this much may be computed again in each kernel that needs it. */
const cheap = 2
/** An expression heavier than this is cut. */
const heavy = 400
/** So many different stored values may feed one expression. */
const mostLoads = 24

/** Statement-like values cannot stand under a guard: what pads and concatenations read. */
const needsStatements = (node: Node): boolean => reductions.has(node.op) || node.op === 'gather'

const guards: ReadonlySet<Primitive> = new Set<Primitive>(['pad', 'concat', 'fold', 'window'])

/** Whether `user` reads `node` under guards: a contraction's left side is padded to whole tiles of rows. */
const guardsInput = (user: Node, node: Node): boolean =>
  guards.has(user.op) ||
  isOp(user, 'conv') ||
  (isOp(user, 'contract') && (user.inputs[0] === node || tapsGradient(user) !== null))

/** Nodes with memory of their own, leaves not included; `wanted` are among them. */
export function chooseStored(
  roots: readonly Node[],
  isLeaf: (node: Node) => boolean,
  wanted: readonly Node[] = [],
): Set<Node> {
  const order = topologicalOrder(roots, (n) => (isLeaf(n) ? [] : readInputs(n)))
  const stored = new Set<Node>()
  const add = (node: Node): void => {
    if (!isLeaf(node)) stored.add(node)
  }
  for (const node of [...roots, ...wanted]) add(node)
  for (const node of order) {
    if (isLeaf(node)) continue
    if (structured.has(node.op)) for (const x of operandsOf(node)) add(x)
    if (isOp(node, 'output') && !isOp(node.inputs[0], 'barrier')) add(node)
    if (isOp(node, 'contract') || isOp(node, 'conv') || reductions.has(node.op)) add(node)
    if (
      node.op === 'argMax' ||
      node.op === 'argMin' ||
      node.op.startsWith('cum') ||
      node.op === 'scatter' ||
      node.op === 'segmentSumCsr' ||
      node.op.startsWith('dynamic')
    )
      add(node)
  }

  const users = new Map<Node, Node[]>()
  for (const node of order) {
    if (isLeaf(node)) continue
    for (const x of readInputs(node)) {
      const list = users.get(x)
      if (list === undefined) users.set(x, [node])
      else list.push(node)
    }
  }

  // From inputs to users: what one element costs when written in place, and how much it reads.
  const cost = new Map<Node, number>()
  const loads = new Map<Node, Set<Node>>()
  const statements = new Set<Node>()
  /** Expressions over 64-bit values, which have no lanes. */
  const wide = new Set<Node>()
  const account = (node: Node): void => {
    let sum = weightOf(node)
    const reads = new Set<Node>()
    let withStatements = needsStatements(node)
    if (is64(node)) wide.add(node)
    for (const x of readInputs(node)) {
      if (isLeaf(x) || stored.has(x)) {
        reads.add(x)
        continue
      }
      sum += cost.get(x) ?? 0
      for (const l of loads.get(x) ?? []) reads.add(l)
      if (statements.has(x)) withStatements = true
      if (wide.has(x)) wide.add(node)
    }
    cost.set(node, sum)
    loads.set(node, reads)
    if (withStatements) statements.add(node)
  }
  for (const node of order) {
    if (isLeaf(node)) continue
    account(node)
    if (stored.has(node)) continue
    if (cost.get(node)! > heavy || loads.get(node)!.size > mostLoads) {
      stored.add(node)
      continue
    }
    const list = users.get(node) ?? []
    const repeated = list.some((u) => repeats(u, node))
    // Padding read through windows would be tested for at each of them; a padded copy is read straight.
    const windowed = (u: Node): boolean =>
      isOp(u, 'window')
        ? repeats(u, u.inputs[0])
        : (isOp(u, 'permute') || isOp(u, 'reshape')) && (users.get(u) ?? []).some(windowed)
    const padded = isOp(node, 'pad') && list.some(windowed)
    // Padding tests each element; a transposition turns whole tiles: one after the other.
    const turned = isOp(node, 'permute') && movesLast(node) && list.some((u) => isOp(u, 'pad'))
    if (repeated && cost.get(node)! > cheap) {
      // What is computed is stored, not how it is laid out for one of its readers.
      const chain = layoutsOf(node, stored)
      const source = chain.pop()!
      stored.add(source)
      for (const n of chain.reverse()) account(n)
      if (source !== node && cost.get(node)! > cheap) stored.add(node)
    } else if (padded || turned) stored.add(node)
    else if (statements.has(node) && list.some((u) => guardsInput(u, node))) stored.add(node)
  }

  // From users to inputs: a node that several stored ones would compute is stored unless it is cheap.
  const owners = new Map<Node, Set<Node>>()
  const shared: Node[] = []
  for (let i = order.length - 1; i >= 0; i--) {
    const node = order[i]
    if (isLeaf(node)) continue
    const set = new Set<Node>()
    for (const u of users.get(node) ?? []) {
      if (stored.has(u) || structured.has(u.op)) set.add(u)
      else for (const o of owners.get(u) ?? []) set.add(o)
    }
    owners.set(node, set)
    // A contraction's tile and a reduction's rows have lanes: what they read must have them too.
    const inLanes = (o: Node): boolean =>
      !is64(o) && (isOp(o, 'contract') || isOp(o, 'conv') || reductions.has(o.op))
    if (wide.has(node) && !is64(node) && !stored.has(node) && [...set].some(inLanes)) stored.add(node)
    if (set.size > 1 && !stored.has(node) && cost.get(node)! > cheap && !moves(node)) {
      stored.add(node)
      if (!statements.has(node) && !wide.has(node)) shared.push(node)
    }
  }
  const usersOf = (node: Node): readonly Node[] => users.get(node) ?? []
  const tiled = (user: Node, node: Node): boolean => isOp(user, 'contract') || repeats(user, node)
  rematerialise({ order, isLeaf, usersOf, inputsOf: readInputs, repeats: tiled, stored }, shared)
  return stored
}

/** The node and what it only lays out anew, with rows kept whole: the last one is computed. */
function layoutsOf(node: Node, stored: ReadonlySet<Node>): Node[] {
  const chain = [node]
  let at = node
  while (isOp(at, 'reshape') || (isOp(at, 'permute') && !movesLast(at))) {
    at = at.inputs[0]
    if (stored.has(at)) break
    chain.push(at)
  }
  return chain
}

/** The innermost axis changes. */
const movesLast = (node: Node<'permute'>): boolean => {
  const last = node.attrs.axes.length - 1
  return node.attrs.axes[last] !== last && node.shape[last] > 1
}

/** Whether a user reads an element of `node` more than about once. */
function repeats(user: Node, node: Node): boolean {
  if (isOp(user, 'expand')) return sizeOf(user.shape) > sizeOf(node.shape)
  if (isOp(user, 'window')) return sizeOf(user.shape) > sizeOf(node.shape)
  // Rows of a strip of tiles overlap those of the next, and parts of the output channels read all inputs.
  if (isOp(user, 'conv')) return user.inputs[0] === node
  if (tapsGradient(user) !== null || isDotContract(user)) return true
  return isOp(user, 'gather') && user.inputs[0] === node
}
