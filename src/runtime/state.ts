/**
 * The mutable state of the runtime: cells and their versions, which assigns are pending, which leaves receive
 * gradients, and what is being traced. Nodes are immutable; everything that changes goes through a cell.
 */
import { isFloat, writeElement } from '../core/dtype.js'
import { TraceError } from '../core/errors.js'
import { sizeOf } from '../core/shape.js'
import { Storage } from '../core/storage.js'
import { alias, buffer } from '../ir/build.js'
import { isOp, type Node, topologicalOrder } from '../ir/node.js'

/**
 * A holder of a current version. Every Tensor is one; parameters and buffers are cells that people assign to.
 * An expression captures the version it read, so a later assign does not change it.
 */
export interface Cell {
  /** The current version. Reading this field does not count as capturing: use `readCell`. */
  version: Node
  /** Somebody besides the cell may hold the version or its storage: it is never overwritten in place. */
  escaped: boolean
  gradient: Cell | null
  /** A compiled step keeps what it knows of the three above: whatever changes them counts it (`countStateChange`). */
  watched: boolean
  /** The trace that made this cell; null outside of traces. Such a cell means nothing once its trace ends. */
  readonly owner: object | null
  /** Read by reference in compiled steps (Parameter, Buffer). */
  readonly isState: boolean
}

/** What the functions below ask of a running trace. */
export interface Tracing {
  read(cell: Cell): Node
  assign(cell: Cell, value: Node): void
  gradientOf(cell: Cell): Cell | null
  setGradient(cell: Cell, gradient: Cell | null): void
  requiresGrad(cell: Cell): boolean
  setRequiresGrad(cell: Cell, flag: boolean): void
  /** The value of state that a step makes while it is traced: it must not depend on what is traced. */
  stateNode(cell: Cell): Node
  observe(owner: object, key: string, value: unknown, read: () => unknown, counted?: boolean): void
  overwrite(owner: object, key: string, redo: () => void): void
}

/** The trace in progress, or null. */
export let tracing: Tracing | null = null

/** Runs `fn` with the given trace (or none) in progress. */
export function withTracing<T>(trace: Tracing | null, fn: () => T): T {
  const before = tracing
  tracing = trace
  try {
    return fn()
  } finally {
    tracing = before
  }
}

/** How often properties have changed whose observations are `counted`: a compiled step need not read them until then. */
export let propertyChanges = 0

/** To be called by whatever sets such a property. */
export function countPropertyChange(): void {
  propertyChanges++
}

/** How often watched cells have changed: while it stays, what compiled steps know of them holds. */
export let stateChanges = 0

export function countStateChange(): void {
  stateChanges++
}

/** Depth of transforms whose inputs have no values (`vmap`, bodies of `scan`, …), and of those that run many times. */
let symbolicDepth = 0
let repeatedDepth = 0

export const isSymbolic = (): boolean => symbolicDepth > 0

/** Whether what is built now stands for many examples or steps at once. */
export const isRepeated = (): boolean => repeatedDepth > 0

/** Runs `fn`, in which tensors stand for values that do not exist yet; for many of them where `repeated`. */
export function withSymbolic<T>(repeated: boolean, fn: () => T): T {
  symbolicDepth++
  if (repeated) repeatedDepth++
  try {
    return fn()
  } finally {
    symbolicDepth--
    if (repeated) repeatedDepth--
  }
}

/** A batch whose examples draw random numbers of their own: which example, and how many there are. */
export interface Examples {
  /** 0-d i32; stands for the number of the example. */
  readonly index: Node
  readonly size: number
}

/** The batches around what is built now, outermost first. */
export const examples: Examples[] = []

/** Runs `fn` for one example of a batch (or, with null, as it is). */
export function withExamples<T>(batch: Examples | null, fn: () => T): T {
  if (batch === null) return fn()
  examples.push(batch)
  try {
    return fn()
  } finally {
    examples.pop()
  }
}

/** Depth of transforms in progress: compiled steps called inside one are built into its graph. */
let transformDepth = 0

export const isTransforming = (): boolean => transformDepth > 0

/** Runs `fn` as the function of a transform. */
export function withTransform<T>(fn: () => T): T {
  transformDepth++
  try {
    return fn()
  } finally {
    transformDepth--
  }
}

/** The cell to which `backward` gives the gradient of a leaf. */
export const leafCells = new WeakMap<Node, Cell>()

/** Cells of intermediate results that asked to keep their gradient. */
export const retainedCells = new WeakMap<Node, Cell>()

interface Saved {
  readonly version: Node
  readonly escaped: boolean
}

/** Cells with an assign that has not been computed, and their last computed version. Strong until flushed. */
export const pendingCells = new Map<Cell, Saved>()

/** Roots of `backward` and gradients it left: the next flush computes them with the assigns. */
export const wantedNodes = new Set<Node>()
export const wantedGradients = new Set<Cell>()

/** Ids of nodes that `backward` built, as half-open ranges: their heavy results are not worth keeping. */
export const backwardRanges: [number, number][] = []

/** Bytes of leaves made since the last flush. What is pending may hold all of them. */
let leafBytes = 0
const leafBytesLimit = 64 * 2 ** 20

export function countLeafBytes(bytes: number): void {
  leafBytes += bytes
}

/** True when pending work may hold so much input data that it should be computed now. */
export const pendingIsHeavy = (): boolean => leafBytes > leafBytesLimit

/** Forgets what the next flush was to compute, after it did. */
export function clearPending(): void {
  pendingCells.clear()
  wantedNodes.clear()
  wantedGradients.clear()
  backwardRanges.length = 0
  leafBytes = 0
}

/** Undoes every assign that could not be computed. */
export function rollBackPending(): void {
  for (const [cell, saved] of pendingCells) {
    cell.version = saved.version
    cell.escaped = saved.escaped
  }
  clearPending()
}

/** The current version, captured by an expression. */
export function readCell(cell: Cell): Node {
  if (tracing !== null || cell.owner !== null) return readTraced(cell)
  cell.escaped = true
  return cell.version
}

function readTraced(cell: Cell): Node {
  if (tracing !== null) return tracing.read(cell)
  throw new TraceError(leaked)
}

const leaked =
  'Expected a tensor with a value, got one that was made while a compiled step was traced and kept in a variable: it ' +
  'stood for a value of that trace only. Return it from the step, or keep it in a Buffer with assign().'

/** The current version, for looking at its value only: it does not count as captured. */
export function peekCell(cell: Cell): Node {
  if (tracing !== null || cell.owner !== null) return readTraced(cell)
  return cell.version
}

/** A leaf that stands for the value of `node`: the start of its own gradient, or of none. */
export function versionOf(node: Node, requiresGrad: boolean): Node {
  const flag = requiresGrad && isFloat(node.dtype)
  // The alias in between cuts the gradient of whatever was assigned.
  if (node.storage !== null) return buffer(node.storage, node.shape, flag)
  return alias(node.requiresGrad && flag ? alias(node, false) : node, flag)
}

/** The first version of a new cell of state. */
export function stateVersion(data: Cell, requiresGrad: boolean): Node {
  const node = tracing !== null ? tracing.stateNode(data) : readCell(data)
  const storage = filled(node)
  // Zeros are written at once: the first step is then the same program as the second.
  return versionOf(storage === null ? node : buffer(storage, node.shape), requiresGrad)
}

const handsOn = new Set(['expand', 'reshape', 'alias', 'stopGradient'])

/** The value of a node that is one literal everywhere; null for other nodes. */
function filled(node: Node): Storage | null {
  let at = node
  while (at.storage === null && handsOn.has(at.op)) at = at.inputs[0]
  if (at.storage !== null || !isOp(at, 'const')) return null
  const storage = new Storage(node.dtype, sizeOf(node.shape))
  const array = storage.write() as Float32Array
  if (storage.size > 0) {
    writeElement(node.dtype, array, 0, at.attrs.value)
    array.fill(array[0])
  }
  return storage
}

const dependsOnPlaceholder = (node: Node): boolean =>
  topologicalOrder([node]).some((n) => n.op === 'placeholder' && n.storage === null)

const symbolicAssign =
  'Expected no assign() of values made inside vmap, scan, whileLoop, cond or checkpoint: they stand for many values, or ' +
  'none yet. Return them (or carry them through the loop) and assign the result outside; use eval mode for running ' +
  'statistics.'

/** Makes `value` the next version of the cell. The write happens at the next flush. */
export function assignCell(cell: Cell, value: Node): void {
  if (tracing !== null) {
    tracing.assign(cell, value)
    return
  }
  if (symbolicDepth > 0 && dependsOnPlaceholder(value)) throw new TraceError(symbolicAssign)
  const saved = pendingCells.get(cell)
  const before = saved ?? { version: cell.version, escaped: cell.escaped }
  const next = versionOf(value, cell.version.requiresGrad)
  cell.version = next
  // A computed value is shared with whoever holds it.
  cell.escaped = next.storage !== null
  if (next.requiresGrad) leafCells.set(next, cell)
  if (next.storage === null) pendingCells.set(cell, before)
  else pendingCells.delete(cell)
}

/** The gradient left in a cell. */
export function gradientOf(cell: Cell): Cell | null {
  return tracing !== null ? tracing.gradientOf(cell) : cell.gradient
}

export function setGradient(cell: Cell, gradient: Cell | null): void {
  if (tracing !== null) {
    tracing.setGradient(cell, gradient)
    return
  }
  if (cell.gradient !== null) wantedGradients.delete(cell.gradient)
  cell.gradient = gradient
}

/** Whether gradients flow to (or through) the cell's current version. */
export const requiresGradOf = (cell: Cell): boolean =>
  tracing !== null ? tracing.requiresGrad(cell) : cell.version.requiresGrad

/** Starts or stops gradients at a leaf. */
export function setRequiresGrad(cell: Cell, flag: boolean): void {
  if (tracing !== null) {
    tracing.setRequiresGrad(cell, flag)
    return
  }
  if (cell.version.requiresGrad === flag) return
  const next = versionOf(cell.version, flag)
  const saved = pendingCells.get(cell)
  cell.version = next
  if (flag) leafCells.set(next, cell)
  if (next.storage === null && saved !== undefined) pendingCells.set(cell, saved)
}
