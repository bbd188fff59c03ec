/**
 * Cuts a graph into kernels: one for each stored node at first, then joined where one pass can do the work of two.
 *
 * Two kernels join when their outputs have equal size and whatever one reads of the other it reads at the very element
 * it writes (a bias, an activation, a mask, the next step of a parameter after its gradient), and when no third kernel
 * stands between them; or when one reads the columns of the other's product in equal parts (the gates of a recurrent
 * cell). Stores that nobody else reads are then dropped.
 */

import type { Target } from '../codegen/target.js'
import { type Shape, sizeOf } from '../core/shape.js'
import { isOp, type Node, topologicalOrder } from '../ir/node.js'
import { packPairs, pairedRows, pairsOn } from './bf16-products.js'
import { readsColumnParts } from './column-parts.js'
import { contractShape } from './contract-shape.js'
import { isDotContract } from './dot-contract.js'
import { laneForm } from './image-lanes.js'
import { type ContractSpec, isTiledKind, type KernelSpec, type WinogradSpec } from './kernel-spec.js'
import { leftView } from './left-view.js'
import { buffersOf } from './operands.js'
import { packLeft } from './pack.js'
import { domainOf, hasBorder, partsOf } from './parts.js'
import { readsElsewhere } from './reads-elsewhere.js'
import { commonRows, type Rows } from './rows.js'
import { chooseStored, structured } from './store.js'
import { isThin } from './thin-contract.js'
import { tapsPanel, transformedTaps, usesTapsOnce } from './winograd.js'
import { readInputs, tapsGradient } from './winograd-gradient.js'

/** A kernel while kernels are being joined. */
interface Draft {
  kind: KernelSpec['kind']
  node: Node | null
  packed: Node | null
  outputs: Node[]
  inputs: Set<Node>
  /** Of kernels that take a row at a time. */
  rows?: Rows
  /** Drafts whose outputs this one reads. */
  needs: Set<Draft>
}

export interface Cut {
  /** In an order in which each kernel's inputs are ready. */
  readonly kernels: readonly KernelSpec[]
}

const mostOutputs = 8
const mostBuffers = 28
/** Kernels over so few elements take less time than their launch: neighbours join whatever they read. */
const small = 16_384

/** `before` pairs: the first node's readers must run before the kernel that stores the second (in-place updates). */
export function cutIntoKernels(
  roots: readonly Node[],
  isLeaf: (node: Node) => boolean,
  target: Target,
  overwrites: ReadonlyMap<Node, Node> = new Map(),
): Cut {
  const order = topologicalOrder(roots, (n) => (isLeaf(n) ? [] : n.inputs))
  const contractions = order.filter(
    (n): n is Node<'contract'> =>
      !isLeaf(n) && isOp(n, 'contract') && tapsGradient(n) === null && !isThin(n) && !isDotContract(n),
  )
  const delivered = new Set(roots)
  const rowsOf = (
    node: Node<'contract'>,
    isStored: (n: Node) => boolean,
    mayStore: boolean,
  ): { readonly base: Node } | null => {
    const pairs = pairsOn(target, node)
    return pairs === null ? leftView(node, isStored, mayStore) : pairedRows(node, pairs, isStored, mayStore)
  }
  const read = contractions.flatMap(
    (node) => rowsOf(node, (n) => isLeaf(n) || delivered.has(n), true)?.base ?? [],
  )
  const stored = chooseStored(roots, isLeaf, read)
  const packs = new Map<Node, Node>()
  /** By operand and layout: contractions that have a left side in common share its copy. */
  const copies = new Map<string, Node>()
  for (const node of contractions) {
    // What is stored for other reasons may stand between a contraction and the rows that it would read.
    if (rowsOf(node, (n) => isLeaf(n) || stored.has(n), false) !== null) continue
    const { rows } = target.tile
    const pairs = pairsOn(target, node)
    const { batch, rows: free, leftOrder } = contractShape(node)
    const key = [node.inputs[0].id, leftOrder, batch.length, free.length, pairs].join(' ')
    const packed = copies.get(key) ?? (pairs === null ? packLeft(node, rows) : packPairs(node, pairs, rows))
    copies.set(key, packed)
    packs.set(node, packed)
  }
  const taps = new Map<Node, Node>()
  for (const node of order) {
    if (isLeaf(node) || !isOp(node, 'conv') || laneForm(node) !== null || usesTapsOnce(node)) continue
    const [, w] = node.inputs
    const packed = transformedTaps(w, tapsPanel(w.shape[0], target))
    packs.set(node, packed)
    taps.set(packed, w)
  }
  for (const packed of packs.values()) stored.add(packed)
  const all = [...roots, ...new Set(packs.values())]
  const drafts = draftKernels(all, isLeaf, stored, packs, taps)
  join(drafts, delivered)
  joinRows(drafts, target)
  dropUnread(drafts, delivered)
  return { kernels: arrange(drafts, overwrites).map(finish) }
}

function finish(d: Draft): KernelSpec {
  const inputs = [...d.inputs]
  if (d.kind === 'contract') {
    return {
      kind: 'contract',
      node: d.node as Node<'contract'>,
      packed: d.packed,
      outputs: d.outputs,
      inputs,
    } satisfies ContractSpec
  }
  if (d.kind === 'winograd') {
    const node = d.node as Node<'conv'>
    return { kind: 'winograd', node, packed: d.packed, outputs: d.outputs, inputs } satisfies WinogradSpec
  }
  if (d.kind === 'winogradGradient') {
    const node = d.node as Node<'contract'>
    return { kind: 'winogradGradient', node, packed: null, outputs: d.outputs, inputs }
  }
  if (d.kind === 'imageLanes')
    return { kind: 'imageLanes', node: d.node as Node<'conv'>, packed: null, outputs: d.outputs, inputs }
  if (d.kind === 'winogradTaps') return { kind: 'winogradTaps', taps: d.node!, outputs: d.outputs, inputs }
  return d.kind === 'map'
    ? { kind: 'map', outputs: d.outputs, inputs, rows: d.rows }
    : { kind: 'structured', node: d.node!, outputs: d.outputs, inputs }
}

function draftKernels(
  roots: readonly Node[],
  isLeaf: (node: Node) => boolean,
  stored: ReadonlySet<Node>,
  packs: ReadonlyMap<Node, Node>,
  taps: ReadonlyMap<Node, Node>,
): Draft[] {
  const maker = new Map<Node, Draft>()
  const drafts: Draft[] = []
  const order = topologicalOrder(roots, (n) => (isLeaf(n) ? [] : n.inputs))
  const byNode = new Map<Node, Draft>()
  for (const node of order) {
    if (isLeaf(node) || !stored.has(node)) continue
    const source = isOp(node, 'output') ? node.inputs[0] : node
    if (structured.has(source.op)) {
      let draft = byNode.get(source)
      if (draft === undefined) {
        draft = {
          kind: 'structured',
          node: source,
          packed: null,
          outputs: [],
          inputs: new Set(buffersOf(source, (n) => isLeaf(n) || stored.has(n))),
          needs: new Set(),
        }
        byNode.set(source, draft)
        drafts.push(draft)
      }
      draft.outputs.push(node)
      maker.set(node, draft)
      continue
    }
    const draft: Draft = {
      kind: 'map',
      node: null,
      packed: null,
      outputs: [node],
      inputs: new Set(),
      needs: new Set(),
    }
    const convTaps = taps.get(node)
    if (convTaps !== undefined) {
      Object.assign(draft, { kind: 'winogradTaps', node: convTaps })
      readsOf([convTaps], isLeaf, stored, draft.inputs)
    } else if (laneForm(node) !== null) {
      Object.assign(draft, { kind: 'imageLanes', node })
      readsOf(node.inputs, isLeaf, stored, draft.inputs)
    } else if (isOp(node, 'conv')) {
      const packed = packs.get(node) ?? null
      Object.assign(draft, { kind: 'winograd', node, packed })
      if (packed !== null) draft.inputs.add(packed)
      readsOf(packed === null ? node.inputs : [node.inputs[0]], isLeaf, stored, draft.inputs)
    } else if (tapsGradient(node) !== null) {
      Object.assign(draft, { kind: 'winogradGradient', node })
      readsOf(readInputs(node), isLeaf, stored, draft.inputs)
    } else if (isOp(node, 'contract')) {
      const packed = packs.get(node) ?? null
      Object.assign(draft, { kind: 'contract', node, packed })
      if (packed === null) readsOf(node.inputs, isLeaf, stored, draft.inputs)
      else {
        draft.inputs.add(packed)
        readsOf([node.inputs[1]], isLeaf, stored, draft.inputs)
      }
    } else {
      readsOf(node.inputs, isLeaf, stored, draft.inputs)
    }
    drafts.push(draft)
    maker.set(node, draft)
  }
  for (const d of drafts) for (const x of d.inputs) if (maker.has(x)) d.needs.add(maker.get(x)!)
  // Packed operands are found late in the order: put every draft behind what it needs.
  return inOrder(drafts, (d) => d.needs)
}

/** Adds the leaves and stored nodes that an expression over `nodes` reads. */
function readsOf(
  nodes: readonly Node[],
  isLeaf: (n: Node) => boolean,
  stored: ReadonlySet<Node>,
  into: Set<Node>,
): void {
  const stop = (n: Node): boolean => isLeaf(n) || stored.has(n)
  for (const n of topologicalOrder(nodes, (x) => (stop(x) ? [] : x.inputs))) if (stop(n)) into.add(n)
}

/** Whether `reader` reads `source` only at the element it computes itself. */
function readsInPlace(reader: Node, source: Node, stored: (n: Node) => boolean): boolean {
  // Through what moves elements, `source` must not be reachable; through the rest it may.
  const seen = new Set<string>()
  const moves = readsElsewhere.has(reader.op) && partsOf(reader) === null
  const stack: { node: Node; moved: boolean }[] = reader.inputs.map((node) => ({ node, moved: moves }))
  while (stack.length > 0) {
    const { node, moved } = stack.pop()!
    const key = `${node.id}${moved}`
    if (seen.has(key)) continue
    seen.add(key)
    if (node === source) {
      if (moved) return false
      continue
    }
    if (stored(node)) continue
    const next = moved || readsElsewhere.has(node.op)
    for (const x of node.inputs) stack.push({ node: x, moved: next })
  }
  return true
}

function join(drafts: Draft[], roots: ReadonlySet<Node>): void {
  const size = (d: Draft): number => sizeOf(domainOf(d.outputs[0]))
  for (let j = 0; j < drafts.length; j++) {
    const late = drafts[j]
    if (late.kind !== 'map') continue
    const tried = new Set<Draft>()
    // Producers first, then neighbours that read the same values.
    const candidates = [...late.needs, ...drafts.slice(Math.max(0, j - 40), j).filter((d) => shares(d, late))]
    for (const early of candidates) {
      if (tried.has(early) || early === late) continue
      tried.add(early)
      if (early.kind === 'structured' || early.kind === 'winogradTaps') continue
      const ofParts = takesColumnParts(early, late)
      if (!ofParts && size(early) !== size(late)) continue
      if (!fewEnough(early, late) && !fewLeft(drafts, early, late, roots)) continue
      if (isTile(early) && (computesWide(late) || late.outputs.some((n) => partsOf(n) !== null))) continue
      if (!compatible(early, late)) continue
      const reads = early.outputs.filter((n) => late.inputs.has(n))
      const storedIn = (n: Node): boolean => late.inputs.has(n)
      if (!ofParts && !reads.every((n) => late.outputs.every((o) => readsInPlace(o, n, storedIn)))) continue
      if (reachesThroughOthers(late, early)) continue
      merge(drafts, early, late)
      j--
      break
    }
  }
}

/** Whether `late` computes something of the parts of the columns that `early` multiplies. */
const takesColumnParts = (early: Draft, late: Draft): boolean =>
  early.kind === 'contract' &&
  late.needs.has(early) &&
  readsColumnParts(early.node!, early.outputs, late.outputs, (n) => late.inputs.has(n))

const isTile = (d: Draft): boolean => isTiledKind(d.kind)

/** Joins what can be computed a row at a time: a softmax's maximum, exponentials, sum and quotients. */
function joinRows(drafts: Draft[], target: Target): void {
  for (let j = 0; j < drafts.length; j++) {
    const late = drafts[j]
    if (late.kind !== 'map') continue
    for (const early of late.needs) {
      if (early.kind !== 'map' || !fewEnough(early, late)) continue
      const part = (d: Draft) => ({ outputs: d.outputs, inputs: d.inputs, rows: d.rows ?? null })
      const rows = commonRows(part(early), part(late), target)
      if (rows === null || reachesThroughOthers(late, early)) continue
      merge(drafts, early, late)
      early.rows = rows
      j = drafts.indexOf(early) - 1
      break
    }
  }
}

/** Whether a kernel of both has not too many buffers. */
function fewEnough(a: Draft, b: Draft): boolean {
  const outputs = a.outputs.length + b.outputs.length
  return outputs <= mostOutputs && new Set([...a.inputs, ...b.inputs]).size + outputs <= mostBuffers
}

/** Whether it has not when what only the two read of each other is left out. */
function fewLeft(drafts: readonly Draft[], early: Draft, late: Draft, roots: ReadonlySet<Node>): boolean {
  const read = new Set<Node>(roots)
  for (const d of drafts) if (d !== early && d !== late) for (const x of d.inputs) read.add(x)
  const outputs = [...early.outputs, ...late.outputs].filter((n) => read.has(n)).length
  const made = new Set(early.outputs)
  const inputs = new Set([...early.inputs, ...late.inputs].filter((n) => !made.has(n))).size
  return outputs <= mostOutputs && inputs + outputs <= mostBuffers
}

/** Whether an expression of the kernel has 64-bit values, which have no lanes. */
const computesWide = (d: Draft): boolean =>
  topologicalOrder(d.outputs, (n) => (d.inputs.has(n) ? [] : n.inputs)).some(
    (n) => n.dtype === 'i64' || n.dtype === 'f64',
  )

/** Whether one pass saves the other a reading: two that share numbers only would be more streams than memory likes. */
const sharesMuch = (early: Draft, late: Draft): boolean => {
  const size = sizeOf(domainOf(late.outputs[0]))
  return [...late.inputs].some((x) => early.inputs.has(x) && 2 * sizeOf(x.shape) >= size)
}

const shares = (a: Draft, b: Draft): boolean => {
  for (const x of b.inputs) if (a.inputs.has(x)) return true
  return false
}

/** Reductions along different shapes in one nest would spoil each other's loops. */
function compatible(early: Draft, late: Draft): boolean {
  const reduced = (d: Draft): string[] =>
    d.outputs
      .filter((n) => n.op.startsWith('reduce'))
      .map((n) => shapeKey(n.inputs[0].shape, (n as Node<'reduceSum'>).attrs.axes))
  const [a, b] = [reduced(early), reduced(late)]
  if (late.outputs.some((n) => n.op.startsWith('reduce')) && isTile(early)) return false
  // Joining two plain maps that read nothing of each other pays when they are small, or read the same.
  const linked = late.needs.has(early)
  if (!linked && (a.length === 0) !== (b.length === 0)) return false
  if (!linked && sizeOf(domainOf(late.outputs[0])) > small && !sharesMuch(early, late)) return false
  if (!linked && rowOf(early) !== rowOf(late) && (hasBorders(early) || hasBorders(late))) return false
  return a.length === 0 || b.length === 0 || a.every((k) => b.includes(k))
}

const rowOf = (d: Draft): number | undefined => domainOf(d.outputs[0]).at(-1)

/** Rows that begin or end with other values: in one loop with rows of another length every element would be tested. */
const hasBorders = (d: Draft): boolean =>
  topologicalOrder(d.outputs, (n) => (d.inputs.has(n) ? [] : n.inputs)).some(
    (n) => !d.inputs.has(n) && hasBorder(n, d.outputs),
  )

const shapeKey = (shape: Shape, axes: readonly number[]): string => `${shape.join()}|${axes.join()}`

/** Whether `late` needs `early` through a third kernel: joining them would be a cycle. */
function reachesThroughOthers(late: Draft, early: Draft): boolean {
  const stack = [...late.needs].filter((d) => d !== early)
  const seen = new Set<Draft>(stack)
  while (stack.length > 0) {
    const d = stack.pop()!
    if (d === early) return true
    for (const n of d.needs) {
      if (!seen.has(n)) {
        seen.add(n)
        stack.push(n)
      }
    }
  }
  return false
}

function merge(drafts: Draft[], early: Draft, late: Draft): void {
  for (const x of late.inputs) if (!early.outputs.includes(x)) early.inputs.add(x)
  early.outputs.push(...late.outputs)
  late.needs.delete(early)
  for (const d of late.needs) early.needs.add(d)
  for (const d of drafts) {
    if (d.needs.delete(late) && d !== early) d.needs.add(early)
  }
  early.needs.delete(early)
  drafts.splice(drafts.indexOf(late), 1)
  // The joined kernel may need what stood behind it: restore the order.
  const ordered = inOrder(drafts, (d) => d.needs)
  drafts.splice(0, drafts.length, ...ordered)
}

/** Outputs that only their own kernel reads need no memory. */
function dropUnread(drafts: Draft[], roots: ReadonlySet<Node>): void {
  const read = new Set<Node>(roots)
  for (const d of drafts) for (const x of d.inputs) read.add(x)
  for (const d of drafts) {
    if (d.kind === 'structured' || d.kind === 'winogradTaps') continue
    d.outputs = d.outputs.filter((n) => read.has(n))
  }
}

/**
 * An order in which inputs are ready, close to the given one. Kernels that overwrite a value in place come after all
 * other readers of it, where that is possible.
 */
function arrange(drafts: readonly Draft[], overwrites: ReadonlyMap<Node, Node>): Draft[] {
  const waits = new Map<Draft, Set<Draft>>(drafts.map((d) => [d, new Set(d.needs)]))
  const writers = new Map(drafts.flatMap((d) => d.outputs.map((output) => [output, d])))
  const readers = new Map<Node, Draft[]>([...overwrites.values()].map((input) => [input, []]))
  for (const d of drafts) for (const input of d.inputs) readers.get(input)?.push(d)
  for (const [output, input] of overwrites) {
    const writer = writers.get(output)
    if (writer === undefined) continue
    for (const reader of readers.get(input)!) {
      if (reader !== writer && !reaches(reader, writer, waits)) waits.get(writer)!.add(reader)
    }
  }
  return inOrder(drafts, (d) => waits.get(d)!)
}

/** An order, close to the given one, in which each kernel comes after those that it waits for. */
function inOrder(drafts: readonly Draft[], waitsFor: (d: Draft) => ReadonlySet<Draft>): Draft[] {
  const done = new Set<Draft>()
  const nextOf = (d: Draft): Draft | null => {
    for (const n of waitsFor(d)) if (!done.has(n)) return n
    return null
  }
  const order: Draft[] = []
  for (const first of drafts) {
    const stack = [first]
    while (stack.length > 0) {
      const d = stack[stack.length - 1]
      const next = done.has(d) ? null : nextOf(d)
      if (next !== null) {
        stack.push(next)
        continue
      }
      stack.pop()
      if (done.has(d)) continue
      done.add(d)
      order.push(d)
    }
  }
  return order
}

function reaches(from: Draft, to: Draft, waits: ReadonlyMap<Draft, ReadonlySet<Draft>>): boolean {
  const stack = [from]
  const seen = new Set<Draft>()
  while (stack.length > 0) {
    const d = stack.pop()!
    if (d === to) return true
    if (seen.has(d)) continue
    seen.add(d)
    stack.push(...(waits.get(d) ?? []))
  }
  return false
}
