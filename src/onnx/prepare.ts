/**
 * Graphs made ready to run: every name is made once and before it is used, nodes stand in an order in which they can
 * run, and nothing calls itself. What fails here is refused before anything is computed.
 */
import { DataError } from '../core/errors.js'
import type { FunctionProto, GraphProto, ModelProto, NodeProto } from './schema.js'

/** Graphs inside graphs. */
const maxNesting = 32
const maxNodes = 1_000_000

const preparedNodes = new WeakMap<object, readonly NodeProto[]>()

/** The graphs in a node's attributes. */
export const graphsOf = (node: NodeProto): GraphProto[] =>
  node.attribute.flatMap((a) => [...(a.g === undefined ? [] : [a.g]), ...a.graphs])

/** The nodes of a graph or function in an order in which they can run. */
export const nodesOf = (graph: GraphProto | FunctionProto): readonly NodeProto[] =>
  preparedNodes.get(graph) ?? graph.node

export const functionKey = (domain: string, name: string): string => `${domain}:${name}`

/** The domain's own name: the default one has two. */
export const domainOf = (domain: string | undefined): string =>
  domain === undefined || domain === 'ai.onnx' ? '' : domain

/** Checks the whole model and orders its nodes. `known` says which operators there are. */
export function prepare(model: ModelProto, known: (domain: string, op: string) => boolean): void {
  const { graph } = model
  if (graph === undefined) throw new DataError('Expected an ONNX model with a graph, got none.')
  const functions = new Map(model.functions.map((f) => [functionKey(domainOf(f.domain), f.name ?? ''), f]))
  const missing = new Set<string>()
  const visit = (node: NodeProto): void => {
    const [domain, op] = [domainOf(node.domain), node.opType ?? '']
    if (known(domain, op) || functions.has(functionKey(domain, op))) return
    missing.add(domain === '' ? op : `${domain}.${op}`)
  }
  const counter = { nodes: 0 }
  prepareGraph(graph, new Set(), 0, visit, counter)
  for (const f of functions.values()) {
    const names = new Set(f.input.filter((name) => name !== ''))
    prepareNodes(f, f.node, names, f.output, 0, visit, counter)
  }
  checkRecursion(functions)
  if (missing.size > 0) {
    throw new DataError(
      `This model uses operators that Chainrule does not have: ${[...missing].sort().join(', ')}.`,
    )
  }
}

function prepareGraph(
  graph: GraphProto,
  outer: ReadonlySet<string>,
  depth: number,
  visit: (node: NodeProto) => void,
  counter: { nodes: number },
): void {
  if (depth > maxNesting)
    throw new DataError(`Expected at most ${maxNesting} graphs inside one another, got more.`)
  const names = new Set(outer)
  for (const { name } of graph.input) names.add(name ?? '')
  const initialized = new Set<string>()
  for (const { name = '' } of graph.initializer) {
    if (initialized.has(name))
      throw new DataError(`Expected every name to be made once, '${name}' is made twice.`)
    initialized.add(name)
    names.add(name)
  }
  for (const { values } of graph.sparseInitializer) names.add(values?.name ?? '')
  const outputs = graph.output.map((o) => o.name ?? '')
  prepareNodes(graph, graph.node, names, outputs, depth, visit, counter)
}

function prepareNodes(
  owner: GraphProto | FunctionProto,
  nodes: readonly NodeProto[],
  names: Set<string>,
  outputs: readonly string[],
  depth: number,
  visit: (node: NodeProto) => void,
  counter: { nodes: number },
): void {
  counter.nodes += nodes.length
  if (counter.nodes > maxNodes) throw new DataError(`Expected at most ${maxNodes} nodes, got more.`)
  const made = new Map<string, number>()
  nodes.forEach((node, i) => {
    visit(node)
    for (const name of node.output) {
      if (name === '') continue
      if (made.has(name)) throw new DataError(`Expected every name to be made once, '${name}' is made twice.`)
      made.set(name, i)
    }
  })
  const order = sorted(nodes, made)
  for (const node of order) {
    for (const name of node.input) {
      if (name !== '' && !names.has(name)) {
        throw new DataError(`${node.opType} '${node.name ?? ''}' reads '${name}', which nothing makes.`)
      }
    }
    for (const graph of graphsOf(node)) prepareGraph(graph, names, depth + 1, visit, counter)
    for (const name of node.output) names.add(name)
  }
  for (const name of outputs) {
    if (!names.has(name)) throw new DataError(`The output '${name}' is made by nothing.`)
  }
  preparedNodes.set(owner, order)
}

/** Names that a node reads, those in its graphs included. */
function reads(node: NodeProto, into: Set<string>, depth = 0): Set<string> {
  for (const name of node.input) into.add(name)
  if (depth > maxNesting) return into
  for (const graph of graphsOf(node)) {
    for (const inner of graph.node) reads(inner, into, depth + 1)
    for (const { name } of graph.output) into.add(name ?? '')
  }
  return into
}

/** The nodes so that what makes a name comes before what reads it. Iterative. */
function sorted(nodes: readonly NodeProto[], made: ReadonlyMap<string, number>): NodeProto[] {
  const before = nodes.map((node, i) => {
    const list = new Set<number>()
    for (const name of reads(node, new Set())) {
      const maker = made.get(name)
      if (maker !== undefined && maker !== i) list.add(maker)
      else if (maker === i && node.input.includes(name)) list.add(i)
    }
    return list
  })
  if (before.every((list, i) => [...list].every((j) => j < i))) return [...nodes]
  const after: number[][] = nodes.map(() => [])
  const waiting = before.map((list, i) => {
    for (const j of list) after[j].push(i)
    return list.size
  })
  const ready = nodes.map((_, i) => i).filter((i) => waiting[i] === 0)
  const order: NodeProto[] = []
  for (let at = 0; at < ready.length; at++) {
    order.push(nodes[ready[at]])
    for (const i of after[ready[at]]) if (--waiting[i] === 0) ready.push(i)
  }
  if (order.length < nodes.length) {
    const stuck = nodes.find((_, i) => waiting[i] > 0)
    throw new DataError(`Expected a graph without cycles, '${stuck?.output[0] ?? ''}' depends on itself.`)
  }
  return order
}

/** Functions may call functions, but none itself. */
function checkRecursion(functions: ReadonlyMap<string, FunctionProto>): void {
  const state = new Map<string, 'open' | 'done'>()
  const calls = (f: FunctionProto): string[] => {
    const keys: string[] = []
    const stack = [...f.node]
    while (stack.length > 0) {
      const node = stack.pop()!
      const key = functionKey(domainOf(node.domain), node.opType ?? '')
      if (functions.has(key)) keys.push(key)
      for (const graph of graphsOf(node)) for (const inner of graph.node) stack.push(inner)
    }
    return keys
  }
  for (const start of functions.keys()) {
    const stack = [start]
    while (stack.length > 0) {
      const key = stack[stack.length - 1]
      if (state.get(key) === undefined) {
        state.set(key, 'open')
        for (const next of calls(functions.get(key)!)) {
          if (state.get(next) === 'open') {
            throw new DataError(`Expected functions that do not call themselves, '${next}' does.`)
          }
          if (state.get(next) === undefined) stack.push(next)
        }
      } else {
        stack.pop()
        state.set(key, 'done')
      }
    }
  }
}
