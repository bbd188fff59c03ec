/** A readable listing of a graph: one line a node, bodies of loops and branches indented under theirs. */
import { formatShape } from '../core/shape.js'
import { type Aval, isOp, type Node, type Subgraph, topologicalOrder } from './node.js'

const formatAval = ({ shape, dtype }: Aval): string => `${dtype}${formatShape(shape)}`

/** An attribute as it would be written in source; host kernels and functions by name. */
function formatAttribute(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(formatAttribute).join(', ')}]`
  if (typeof value === 'string') return value
  if (typeof value === 'function') return 'function'
  if (typeof value === 'object' && value !== null) {
    if ('name' in value && 'run' in value) return String(value.name)
    return formatAttributes(value)
  }
  return Object.is(value, -0) ? '-0' : String(value)
}

const formatAttributes = (attrs: object): string =>
  `{${Object.entries(attrs)
    .map(([name, value]) => `${name}: ${formatAttribute(value)}`)
    .join(', ')}}`

/** The bodies of a node by name, and its attributes without them and without what the result's type says. */
function split(node: Node): { bodies: [string, Subgraph][]; attrs: Record<string, unknown> } {
  const bodies: [string, Subgraph][] = []
  const attrs: Record<string, unknown> = { ...node.attrs }
  if (isOp(node, 'scan')) bodies.push(['body', node.attrs.body])
  if (isOp(node, 'while')) bodies.push(['cond', node.attrs.cond], ['body', node.attrs.body])
  if (isOp(node, 'cond')) bodies.push(['true', node.attrs.branches[0]], ['false', node.attrs.branches[1]])
  for (const name of ['body', 'cond', 'branches', 'shape', 'dtype']) delete attrs[name]
  if (isOp(node, 'call')) delete attrs.outputs
  return { bodies, attrs }
}

/** One node: its name, primitive, operands, attributes and types, without the insides of loops and branches. */
export function printNode(node: Node, name: string, operands: readonly string[], computed = false): string {
  const { attrs } = split(node)
  const words = [name, '=', computed ? `${node.op} (computed)` : node.op, ...operands]
  if (Object.keys(attrs).length > 0) words.push(formatAttributes(attrs))
  return `${words.join(' ')} : ${node.avals.map(formatAval).join(', ')}`
}

/**
 * The graph that the roots need, inputs before users: `%3 = contract %1 %2 {…} : f32[64, 10]`. Computed nodes are
 * leaves. Numbers are positions in the listing, so equal graphs print alike; bodies number on from where they stand.
 */
export function printGraph(roots: readonly Node[]): string {
  const lines: string[] = []
  const names = new Map<Node, string>()
  const nameOf = (node: Node): string => {
    let name = names.get(node)
    if (name === undefined) {
      name = `%${names.size}`
      names.set(node, name)
    }
    return name
  }

  const print = (results: readonly Node[], params: readonly Node[], indent: string): void => {
    const given = new Set(params)
    const leaf = (node: Node): boolean => given.has(node) || node.storage !== null
    for (const node of topologicalOrder(results, (n) => (leaf(n) ? [] : n.inputs))) {
      if (given.has(node) || names.has(node)) continue
      const operands = leaf(node) ? [] : node.inputs.map(nameOf)
      const computed = node.storage !== null && node.op !== 'buffer'
      lines.push(`${indent}${printNode(node, nameOf(node), operands, computed)}`)
      if (node.storage !== null) continue
      for (const [name, body] of split(node).bodies) {
        const formals = body.params.map((p) => `${nameOf(p)}: ${formatAval(p.avals[0])}`)
        lines.push(`${indent}  ${name} (${formals.join(', ')})`)
        print(body.results, body.params, `${indent}    `)
        lines.push(`${indent}    return ${body.results.map(nameOf).join(', ')}`)
      }
    }
  }
  print(roots, [], '')
  lines.push(`return ${roots.map(nameOf).join(', ')}`)
  return lines.join('\n')
}
