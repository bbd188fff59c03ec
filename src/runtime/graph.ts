/**
 * From live nodes to a closed Graph: its structural key (what makes two graphs the same program) and a copy of it
 * that a backend may keep, free of the user's nodes and values.
 */
import { hasSeveralOutputs, outputs as outputsOf } from '../ir/build.js'
import type { Graph } from '../ir/graph.js'
import { isOp, Node, type Subgraph, topologicalOrder } from '../ir/node.js'

/** Leaves whose value comes at each run. */
export const isInput = (node: Node): boolean =>
  node.storage !== null || node.op === 'scalar' || node.op === 'placeholder' || node.op === 'buffer'

const identities = new WeakMap<object, number>()
let nextIdentity = 1

/** A number that stands for an object that has no structure of its own (a host kernel). */
function identityOf(value: object): number {
  let id = identities.get(value)
  if (id === undefined) {
    id = nextIdentity++
    identities.set(value, id)
  }
  return id
}

const subgraphKeys = new WeakMap<object, string>()

const isSubgraph = (value: object): value is Subgraph => 'params' in value && 'results' in value

function subgraphKey(graph: Subgraph): string {
  let key = subgraphKeys.get(graph)
  if (key === undefined) {
    const formals = new Map<Node, string>(graph.params.map((p, i) => [p, `p${i}`]))
    key = `{${graphKey(topologicalOrder(graph.results), graph.results, formals).key}}`
    subgraphKeys.set(graph, key)
  }
  return key
}

/** The text of one attribute value. */
export function attributeKey(value: unknown): string {
  if (typeof value === 'number') return Object.is(value, -0) ? '-0' : String(value)
  if (typeof value !== 'object' || value === null) {
    return typeof value === 'function' ? `#${identityOf(value)}` : String(value)
  }
  if (Array.isArray(value)) {
    let text = '['
    for (const item of value) text += `${attributeKey(item)},`
    return `${text}]`
  }
  if (isSubgraph(value)) return subgraphKey(value)
  if ('run' in value) return `#${identityOf(value)}`
  let text = ''
  for (const key in value) text += `${key}:${attributeKey((value as Record<string, unknown>)[key])};`
  return text
}

/** A barrier that means something to derivatives only. Its rules are no part of a program. */
const isMarker = (node: Node): boolean =>
  node.storage === null && isOp(node, 'barrier') && node.attrs.gradient !== undefined

/** What a result of a marker is: the input itself; null for other nodes. */
const markedInput = (node: Node): Node | null =>
  node.storage === null && isOp(node, 'output') && isMarker(node.inputs[0])
    ? node.inputs[0].inputs[node.attrs.index]
    : null

/**
 * The structure of a graph as text: primitives, attributes, shapes, dtypes and wiring. Values of inputs (scalars of
 * the user among them) are no part of it. Also returns the inputs in the order of their
 * first use, and the text of each node.
 */
export function graphKey(
  order: readonly Node[],
  roots: readonly Node[],
  formals?: ReadonlyMap<Node, string>,
): { key: string; inputs: Node[]; lines: string[] } {
  const names = new Map<Node, string>(formals)
  const inputs: Node[] = []
  const lines: string[] = []
  let count = 0
  for (const node of order) {
    if (names.has(node) || isMarker(node)) continue
    const marked = markedInput(node)
    if (marked !== null) {
      names.set(node, names.get(marked)!)
      continue
    }
    if (isInput(node)) {
      names.set(node, `i${inputs.length}`)
      inputs.push(node)
      lines.push(`${node.dtype}[${node.shape.join(',')}]`)
      continue
    }
    let text = node.op as string
    for (const name in node.attrs) {
      text += ` ${attributeKey((node.attrs as Record<string, unknown>)[name])}`
    }
    for (const input of node.inputs) text += ` ${names.get(input)}`
    lines.push(text)
    names.set(node, String(count++))
  }
  let results = '>'
  for (const root of roots) results += ` ${names.get(root)}`
  return { key: `${lines.join('|')}${results}`, inputs, lines }
}

/** A copy of the graph with placeholders for inputs. Each output is a node of its own and never an input. */
export function closedGraph(
  order: readonly Node[],
  inputs: readonly Node[],
  roots: readonly Node[],
  donations: ReadonlyMap<number, number> = new Map(),
): Graph {
  const copies = new Map<Node, Node>()
  const formals = inputs.map((node) => {
    const aval = { shape: node.shape, dtype: node.dtype }
    const formal = new Node('placeholder', aval, [], [aval], false)
    copies.set(node, formal)
    return formal
  })
  for (const node of order) {
    if (copies.has(node) || isMarker(node)) continue
    const marked = markedInput(node)
    if (marked !== null) {
      copies.set(node, copies.get(marked)!)
      continue
    }
    const args = node.inputs.map((x) => copies.get(x)!)
    if (isOp(node, 'output')) copies.set(node, outputsOf(args[0])[node.attrs.index])
    else copies.set(node, new Node(node.op, node.attrs, args, node.avals, false))
  }
  const taken = new Set<Node>(formals)
  const outputs = roots.map((root) => {
    let copy = copies.get(root)!
    if (taken.has(copy)) copy = new Node('alias', {}, [copy], [copy.avals[0]], false)
    taken.add(copy)
    return copy
  })
  return { inputs: formals, outputs, donations }
}

/** A node as results people can hold: itself, or its `output` nodes. */
export const resultNodes = (node: Node): readonly Node[] =>
  hasSeveralOutputs(node) ? outputsOf(node) : [node]
