/**
 * Values that are cheaper to compute again than to keep: what an activation's mask or a masked gradient is made of is
 * read anyway by the kernels that need it, and reading memory takes far longer than a few operations.
 */
import { sizeOf } from '../core/shape.js'
import { isOp, type Node, type Primitive, topologicalOrder } from '../ir/node.js'
import { bytesOf, is64, moves, weightOf } from './node-cost.js'
import { isReduction } from './rows.js'

export interface Storing {
  /** Inputs first. */
  readonly order: readonly Node[]
  readonly isLeaf: (node: Node) => boolean
  readonly usersOf: (node: Node) => readonly Node[]
  readonly inputsOf: (node: Node) => readonly Node[]
  /** Whether a user reads elements of a node more than about once, or in tiles. */
  readonly repeats: (user: Node, node: Node) => boolean
  /** Nodes that have memory; those that are computed again are taken out. */
  readonly stored: Set<Node>
}

/** Bytes of memory traffic that take the time of one simple operation on an element. */
const bytesOfOperation = 1
/** An expression heavier than this is not put together anew. */
const heaviest = 60
const mostLoads = 12
/** Values this much smaller than others (a number a channel) cost nothing to read. */
const negligible = 16
const rounds = 3
/** The estimate is rough: only what is clearly less is done. */
const clearly = 0.95

/** Movement through which a value can be computed where it is read. */
const transparent: ReadonlySet<Primitive> = new Set<Primitive>([
  'reshape',
  'expand',
  'permute',
  'pad',
  'slice',
  'output',
  'alias',
  'stopGradient',
])

/** Takes those of `candidates` out of `stored` that are cheaper to compute again. */
export function rematerialise(storing: Storing, candidates: readonly Node[]): void {
  const { order, stored } = storing
  const places = new Map(order.map((n, i) => [n, i]))
  const chosen = new Set(candidates)
  const kept = [...candidates].sort((a, b) => places.get(a)! - places.get(b)!)
  for (let round = 0; round < rounds; round++) {
    let changed = false
    for (const node of kept) {
      if (!stored.has(node)) continue
      // With what it is made of: a masked gradient and its masks pay together, or not at all.
      const parts = expression(storing, [node]).loads.filter((l) => chosen.has(l) && stored.has(l))
      const sets = parts.length === 0 ? [[node]] : [[node], [node, ...parts]]
      const out = sets.find((set) => pays(storing, places, set))
      if (out === undefined) continue
      for (const n of out) stored.delete(n)
      changed = true
    }
    if (!changed) return
  }
}

/** Whether it takes less time to compute `nodes` in each kernel that reads them. */
function pays(storing: Storing, places: ReadonlyMap<Node, number>, nodes: readonly Node[]): boolean {
  const out = new Set(nodes)
  const readers = new Set<Node>()
  for (const node of nodes) {
    const own = readersOf(storing, node)
    if (own === null || expression(storing, [node]).nodes.some(unfit)) return false
    for (const r of own) if (!out.has(r)) readers.add(r)
  }
  if (readers.size === 0) return false
  const before = kernels(storing, places, [...nodes, ...readers])
  for (const node of nodes) storing.stored.delete(node)
  const after = kernels(storing, places, [...readers])
  const loads = new Set([...before, ...after].flatMap((k) => k.loads))
  const changed = after.every(({ loads, cost }) => cost <= heaviest && loads.length <= mostLoads)
    ? time(storing, after, loads)
    : Number.POSITIVE_INFINITY
  for (const node of nodes) storing.stored.add(node)
  return changed < clearly * time(storing, before, loads)
}

interface Work {
  readonly nodes: readonly Node[]
  readonly size: number
  /** Stored values that are read, and the operations on each element. */
  readonly loads: readonly Node[]
  readonly cost: number
}

/** The kernels that will probably compute `nodes`. */
const kernels = (storing: Storing, places: ReadonlyMap<Node, number>, nodes: readonly Node[]): Work[] =>
  joined(storing, places, nodes).map((group) => {
    const { loads, cost } = expression(storing, group)
    const [first] = group
    return { nodes: group, size: sizeOf((isReduction(first) ? first.inputs[0] : first).shape), loads, cost }
  })

/** Bytes that these kernels read, and that are written of what any of them may read, with their operations as bytes. */
function time(storing: Storing, works: readonly Work[], written: ReadonlySet<Node>): number {
  let bytes = 0
  // What only one kernel reads, element by element, is computed by that kernel.
  const fused = (l: Node): boolean => {
    if (storing.isLeaf(l) || !storing.stored.has(l)) return false
    const readers = readersOf(storing, l)
    return (
      readers !== null &&
      works.some(
        ({ nodes, size }) =>
          size === sizeOf(l.shape) && !nodes.some(isReduction) && readers.every((r) => nodes.includes(r)),
      )
    )
  }
  const inPlace = new Set([...written].filter(fused))
  for (const l of written) {
    if (!inPlace.has(l) && storing.stored.has(l)) bytes += bytesOf(l)
  }
  for (const { loads, size, cost } of works) {
    bytes += bytesOfOperation * cost * size
    for (const l of loads) {
      if (!inPlace.has(l) && sizeOf(l.shape) * negligible > size) bytes += bytesOf(l)
    }
  }
  return bytes
}

/** No lanes, or statements of their own. */
const unfit = (node: Node): boolean => is64(node) || isOp(node, 'gather') || isOp(node, 'randomBits')

interface Expression {
  readonly nodes: readonly Node[]
  readonly loads: readonly Node[]
  readonly cost: number
}

/** What computing `roots` from stored values means. */
function expression(storing: Storing, roots: readonly Node[]): Expression {
  const { stored, isLeaf, inputsOf } = storing
  const own = new Set(roots)
  const stops = (n: Node): boolean => !own.has(n) && (isLeaf(n) || stored.has(n))
  const all = topologicalOrder(roots, (n) => (stops(n) ? [] : inputsOf(n)))
  const nodes = all.filter((n) => !stops(n))
  return {
    nodes,
    loads: all.filter(stops),
    cost: nodes.reduce((sum, n) => sum + weightOf(n), 0),
  }
}

/** The stored nodes that are computed from `node`; null where one of them could not compute it itself. */
function readersOf({ stored, usersOf, repeats }: Storing, node: Node): Node[] | null {
  const readers = new Set<Node>()
  const seen = new Set([node])
  for (const x of seen) {
    for (const user of usersOf(x)) {
      if (repeats(user, x) || (moves(user) && !transparent.has(user.op))) return null
      if (isOp(user, 'permute') && turns(user)) return null
      if (stored.has(user)) {
        if (!isReduction(user) && !isPlain(user)) return null
        readers.add(user)
      } else seen.add(user)
    }
  }
  return [...readers]
}

/** Computed element by element by a kernel without a form of its own. */
const isPlain = (node: Node): boolean => transparent.has(node.op) || (!moves(node) && elementwise(node))

const elementwise = (node: Node): boolean => node.inputs.every((x) => sizeOf(x.shape) === sizeOf(node.shape))

const turns = ({ attrs: { axes }, shape }: Node<'permute'>): boolean =>
  axes[axes.length - 1] !== axes.length - 1 && shape[shape.length - 1] > 1

/** Nodes that one kernel will compute: as many elements, or sums along the same axes, of which none needs another. */
function joined(storing: Storing, places: ReadonlyMap<Node, number>, nodes: readonly Node[]): Node[][] {
  const groups = new Map<string, Node[][]>()
  for (const node of nodes) {
    const key = isReduction(node) ? `${node.inputs[0].shape}|${node.attrs.axes}` : `${sizeOf(node.shape)}`
    const list = groups.get(key) ?? []
    const group = list.find((g) => g.every((other) => !depends(storing, places, node, other)))
    if (group === undefined) list.push([node])
    else group.push(node)
    groups.set(key, list)
  }
  return [...groups.values()].flat()
}

/** Whether one of two nodes is computed from the other. */
function depends(
  { inputsOf, isLeaf }: Storing,
  places: ReadonlyMap<Node, number>,
  a: Node,
  b: Node,
): boolean {
  const [early, late] = places.get(a)! < places.get(b)! ? [a, b] : [b, a]
  const first = places.get(early)!
  const seen = new Set([late])
  for (const n of seen) {
    if (isLeaf(n)) continue
    for (const x of inputsOf(n)) {
      if (x === early) return true
      if (places.get(x)! > first) seen.add(x)
    }
  }
  return false
}
