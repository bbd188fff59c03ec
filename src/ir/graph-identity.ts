/**
 * A closed graph as text that means the same in every process: equal texts, equal programs. Host kernels, which have no
 * structure, are numbered.
 */
import type { Graph } from './graph.js'
import { type Aval, type HostKernel, isOp, type Node, type Subgraph, topologicalOrder } from './node.js'

export interface GraphIdentity {
  readonly text: string
  /** The host kernels that the text numbers. */
  readonly kernels: readonly HostKernel[]
}

const avalText = ({ shape, dtype }: Aval): string => `${dtype}[${shape.join()}]`

export function graphIdentity(graph: Graph): GraphIdentity {
  const kernels: HostKernel[] = []
  const numbers = new Map<Node, number>()
  const lines: string[] = []

  const number = (node: Node, line: string): void => {
    numbers.set(node, numbers.size)
    lines.push(line)
  }
  const formals = (nodes: readonly Node[], name: string): void => {
    for (const node of nodes) if (!numbers.has(node)) number(node, `${name} ${avalText(node)}`)
  }
  const references = (nodes: readonly Node[]): string => nodes.map((x) => numbers.get(x)).join()

  const attribute = (value: unknown): string => {
    switch (typeof value) {
      case 'number':
        return Object.is(value, -0) ? '-0' : String(value)
      case 'string':
        return JSON.stringify(value)
      case 'object':
        if (value === null) return 'null'
        if (Array.isArray(value)) return `[${value.map(attribute).join()}]`
        if ('results' in value) return 'body'
        return `{${Object.entries(value)
          .map(([name, item]) => `${name}:${attribute(item)}`)
          .join()}}`
      case 'function':
        // Derivatives: no part of a program.
        return 'function'
      default:
        return String(value)
    }
  }

  const kernelNumber = (kernel: HostKernel): number => {
    const found = kernels.indexOf(kernel)
    return found >= 0 ? found : kernels.push(kernel) - 1
  }

  const body = ({ params, results }: Subgraph): void => {
    lines.push('{')
    formals(params, 'param')
    nodes(results)
    lines.push(`} ${references(params)} > ${references(results)}`)
  }

  const nodes = (roots: readonly Node[]): void => {
    for (const node of topologicalOrder(roots, (n) => (numbers.has(n) ? [] : n.inputs))) {
      if (numbers.has(node)) continue
      if (isOp(node, 'scan')) body(node.attrs.body)
      else if (isOp(node, 'while')) for (const part of [node.attrs.cond, node.attrs.body]) body(part)
      else if (isOp(node, 'cond')) for (const part of node.attrs.branches) body(part)
      const attributes = isOp(node, 'call')
        ? `kernel ${kernelNumber(node.attrs.kernel)} ${JSON.stringify(node.attrs.kernel.name)} ${node.attrs.kernel.batched === true}`
        : attribute(node.attrs)
      number(
        node,
        `${node.op} ${attributes} ${references(node.inputs)} : ${node.avals.map(avalText).join(' ')}`,
      )
    }
  }

  formals(graph.inputs, 'input')
  lines.push(`inputs ${references(graph.inputs)}`)
  nodes(graph.outputs)
  lines.push(`outputs ${references(graph.outputs)}`)
  lines.push(`donations ${[...graph.donations].map(([to, from]) => `${to}:${from}`).join()}`)
  return { text: lines.join('\n'), kernels }
}
