/**
 * Flushing: one Program that computes what was asked for and every pending assign. Walks are iterative and stop at
 * computed nodes.
 */
import { writeElement } from '../core/dtype.js'
import { TraceError } from '../core/errors.js'
import { sizeOf } from '../core/shape.js'
import { Storage } from '../core/storage.js'
import { isOp, type Node, type Primitive, storageOf, topologicalOrder } from '../ir/node.js'
import { currentBackend } from './devices.js'
import { executableFor } from './executables.js'
import { closedGraph, graphKey, resultNodes } from './graph.js'
import {
  backwardRanges,
  clearPending,
  isSymbolic,
  pendingCells,
  pendingIsHeavy,
  rollBackPending,
  tracing,
  wantedGradients,
  wantedNodes,
} from './state.js'

/** Work that is never done twice: what `backward` would otherwise compute again. */
const keptForGradient: ReadonlySet<Primitive> = new Set<Primitive>([
  'contract',
  'conv',
  'reduceSum',
  'reduceProd',
  'reduceMax',
  'reduceMin',
  'cumSum',
  'cumProd',
  'cumMax',
  'scan',
  'windowReduce',
  'sort',
  'gather',
  'scatter',
  'segmentSumCsr',
  'call',
  'cond',
  'while',
])

/** Work worth keeping for whoever looks at a neighbour next (the accuracy after the loss). */
const heavy: ReadonlySet<Primitive> = new Set<Primitive>([
  'contract',
  'conv',
  'scan',
  'windowReduce',
  'sort',
  'call',
  'cond',
  'while',
])

/** Pending chains are computed before they get deeper than this. */
export const depthLimit = 512

/** Computes the nodes, and every pending assign with them. */
export function realize(nodes: readonly Node[]): void {
  if (tracing !== null) throw new TraceError(valueWhileTracing)
  if (isSymbolic()) throw new TraceError(valueInTransform)
  const asked = nodes.filter((n) => n.storage === null)
  const others = pendingNodes()
  if (asked.length === 0 && others.length === 0) {
    clearPending()
    return
  }
  if (others.length === 0) {
    compute(asked, asked)
    clearPending()
    return
  }
  try {
    compute([...asked, ...others], asked)
  } catch (error) {
    recover(asked.length > 0)
    throw error
  }
  clearPending()
}

/** Computes every pending assign; nothing to do while tracing. */
export function flushPending(): void {
  if (tracing !== null || isSymbolic()) return
  if (pendingCells.size > 0) realize([])
}

/** Called for each new node that a Tensor holds: keeps pending work bounded in depth and in the data it holds. */
export function boundPending(node: Node): void {
  if (node.depth <= depthLimit && !(pendingIsHeavy() && node.shape.length === 0)) return
  if (node.storage === null && tracing === null && !isSymbolic()) realize([node])
}

const valueWhileTracing =
  'Expected no look at a value (item, data, toArray, printing) inside a compiled step: while it is traced, tensors ' +
  'have no values. Return the tensor from the step and look at it outside, or keep the decision in the graph with where().'

const valueInTransform =
  'Expected no look at a value (item, data, toArray, printing) inside vmap, scan, whileLoop or cond: there, tensors ' +
  'stand for values that do not exist yet. Use where() or cond() to decide by a value.'

function pendingNodes(): Node[] {
  const nodes: Node[] = []
  for (const cell of pendingCells.keys()) if (cell.version.storage === null) nodes.push(cell.version)
  for (const cell of wantedGradients) if (cell.version.storage === null) nodes.push(cell.version)
  for (const node of wantedNodes) if (node.storage === null) nodes.push(node)
  return nodes
}

/** After a failure: if the assigns can be computed without what was asked for, they are; otherwise they are undone. */
function recover(tryAgain: boolean): void {
  if (tryAgain) {
    try {
      compute(pendingNodes(), [])
      clearPending()
      return
    } catch {
      // The assigns themselves fail: the error that the caller sees says why.
    }
  }
  rollBackPending()
}

/** Runs one Program for the roots. `asked` are those that somebody wants to look at. */
function compute(roots: readonly Node[], asked: readonly Node[]): void {
  const order = topologicalOrder(roots)
  const outputs = new Set<Node>(roots)
  keepForGradient(order, outputs)
  keepFrontier(asked, outputs)
  const targets: Node[] = []
  for (const node of outputs) {
    if (sizeOf(node.shape) === 0) node.storage = new Storage(node.dtype, 0, new ArrayBuffer(0))
    else targets.push(node)
  }
  if (targets.length > 0) {
    const needed = topologicalOrder(targets)
    const { key, inputs } = graphKey(needed, targets)
    const executable = executableFor(currentBackend(), key, () => closedGraph(needed, inputs, targets))
    const storages = targets.map((n) => new Storage(n.dtype, sizeOf(n.shape)))
    executable.run(inputs.map(inputStorage), storages)
    targets.forEach((node, i) => {
      node.storage = storages[i]
    })
  }
  for (const node of order) dropInputs(node)
}

/** The value of a leaf: scalars of the user become storages of one element. */
export function inputStorage(node: Node): Storage {
  if (isOp(node, 'scalar') && node.storage === null) {
    const storage = new Storage(node.dtype, 1)
    writeElement(node.dtype, storage.write(), 0, node.attrs.value)
    return storage
  }
  if (node.storage === null && isOp(node, 'placeholder')) throw new TraceError(valueInTransform)
  return storageOf(node)
}

/** A computed node forgets its inputs once no gradient can flow through it. */
function dropInputs(node: Node): void {
  if (!node.released && node.requiresGrad && node.inputs.some((x) => x.released && x.requiresGrad))
    node.released = true
  if (node.storage === null) return
  if (node.released || !node.requiresGrad || !node.inputs.some((x) => x.requiresGrad)) node.inputs = []
}

function keepForGradient(order: readonly Node[], outputs: Set<Node>): void {
  // What a function with derivatives of its own computes requires no gradient, but its derivatives may read it.
  const given: Node[] = []
  for (const node of order) {
    if (isOp(node, 'barrier') && node.attrs.gradient !== undefined && node.requiresGrad && !node.released)
      given.push(...node.inputs.filter((x) => !x.requiresGrad))
    if (!node.requiresGrad || node.released || node.storage !== null || !keptForGradient.has(node.op))
      continue
    for (const result of resultNodes(node)) if (result.storage === null) outputs.add(result)
  }
  keepFrontier(given, outputs)
}

/** The nearest heavy nodes below what was asked for, unless `backward` built them. */
function keepFrontier(asked: readonly Node[], outputs: Set<Node>): void {
  const stack = [...asked]
  const seen = new Set<Node>(stack)
  while (stack.length > 0) {
    const node = stack.pop()!
    if (node.storage !== null || backwardRanges.some(([from, to]) => node.id >= from && node.id < to))
      continue
    if (heavy.has(node.op)) {
      for (const result of resultNodes(node)) if (result.storage === null) outputs.add(result)
      continue
    }
    for (const input of node.inputs) {
      if (seen.has(input)) continue
      seen.add(input)
      stack.push(input)
    }
  }
}
