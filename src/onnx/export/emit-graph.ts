/** A whole graph of nodes as ONNX, loops and branches included. */
import { ValueError } from '../../core/errors.js'
import { hasSeveralOutputs } from '../../ir/build.js'
import { isOp, type Node, type Primitive, type Subgraph, topologicalOrder } from '../../ir/node.js'
import type { GraphProto, ValueInfoProto } from '../schema.js'
import { type Emit, scalarEmitters } from './emit-scalar.js'
import { tensorEmitters } from './emit-tensor.js'
import type { GraphWriter } from './graph-writer.js'

/** The graph below `results`, with values for its leaves in `w.values`. Returns the names of the results. */
export function emitNodes(w: GraphWriter, results: readonly Node[]): string[] {
  const several = new Map<Node, readonly string[]>()
  for (const node of topologicalOrder(results, (n) =>
    w.values.has(n) || n.storage !== null ? [] : n.inputs,
  )) {
    if (w.values.has(node)) continue
    if (isOp(node, 'output')) {
      const name = several.get(node.inputs[0])?.[node.attrs.index]
      if (!name) {
        throw new ValueError(
          `exportOnnx: result ${node.attrs.index} of '${node.inputs[0].op}' has no ONNX form.`,
        )
      }
      w.values.set(node, name)
      continue
    }
    const inputs = node.storage === null ? node.inputs.map((x) => nameOf(w, x)) : []
    const names = emitNode(w, node, inputs)
    if (hasSeveralOutputs(node) && node.storage === null) several.set(node, names as readonly string[])
    else w.values.set(node, names as string)
  }
  return results.map((node) => nameOf(w, node))
}

/** A primitive with several results is no value: only its results have names. */
const nameOf = (w: GraphWriter, node: Node): string => w.values.get(node) ?? ''

const emitters: Partial<Record<Primitive, Emit>> = {
  ...scalarEmitters,
  ...tensorEmitters,
  scan: (w, node, inputs) => emitScan(w, node, inputs),
  while: (w, node, inputs) => emitWhile(w, node, inputs),
  cond: (w, node, inputs) => emitCond(w, node, inputs),
}

function emitNode(w: GraphWriter, node: Node, inputs: readonly string[]): string | readonly string[] {
  const emit = node.storage === null ? emitters[node.op] : tensorEmitters.buffer
  if (emit !== undefined) return emit(w, node, inputs)
  const hint =
    node.op === 'randomBits'
      ? ' It draws random numbers: call eval() first.'
      : isOp(node, 'call')
        ? ` It runs '${node.attrs.kernel.name}' on the host.`
        : ''
  throw new ValueError(`exportOnnx: '${node.op}' has no ONNX form.${hint}`)
}

/** A subgraph as the graph of an attribute: some parameters are names from outside, the others are its inputs. */
function body(
  w: GraphWriter,
  { params, results }: Subgraph,
  outer: readonly string[],
  before: readonly ValueInfoProto[],
  finish: (inner: GraphWriter, names: readonly string[]) => readonly (readonly [string, Node])[],
): GraphProto {
  const inner = w.inner()
  const infos = params.map((param, i): ValueInfoProto | null => {
    if (i < outer.length) {
      inner.values.set(param, outer[i])
      return null
    }
    const name = w.name('carried')
    inner.values.set(param, name)
    return inner.info(name, param)
  })
  const names = emitNodes(inner, results)
  const inputs = infos.filter((info) => info !== null)
  return inner.graph(w.name('body'), [...before, ...inputs], finish(inner, names))
}

function emitScan(w: GraphWriter, node: Node, inputs: readonly string[]): readonly string[] {
  if (!isOp(node, 'scan')) return []
  const { body: graph, consts, carry, reverse, length } = node.attrs
  const outputs = node.avals.map(() => w.name('scanned'))
  const xs = inputs.slice(consts + carry)
  const before: ValueInfoProto[] = []
  let scanned = [...xs]
  if (xs.length === 0) {
    // Scan counts its steps by an input: one that nobody reads.
    scanned = [w.constant('f32', new Array<number>(length).fill(0))]
  }
  const direction = reverse ? 1 : 0
  const written = body(w, graph, inputs.slice(0, consts), before, (_inner, names) =>
    names.map((name, i) => [name, graph.results[i]] as const),
  )
  if (xs.length === 0)
    written.input.push({ name: w.name('step'), type: { tensorType: { elemType: 1, shape: { dim: [] } } } })
  w.emitAll(
    'Scan',
    [...inputs.slice(consts, consts + carry), ...scanned],
    {
      body: written,
      num_scan_inputs: scanned.length,
      scan_input_directions: scanned.map(() => direction),
      scan_output_directions: outputs.slice(carry).map(() => direction),
    },
    outputs,
  )
  return outputs
}

function emitWhile(w: GraphWriter, node: Node, inputs: readonly string[]): readonly string[] {
  if (!isOp(node, 'while')) return []
  const { cond, body: graph, consts } = node.attrs
  const test = (writer: GraphWriter, state: readonly string[]): string => {
    const inner = new Map(writer.values)
    cond.params.forEach((param, i) => {
      writer.values.set(param, i < consts ? inputs[i] : state[i - consts])
    })
    // The same nodes are written once for the start and once for each step.
    for (const n of topologicalOrder(cond.results))
      if (!cond.params.includes(n as never)) writer.values.delete(n)
    const [name] = emitNodes(writer, cond.results)
    for (const n of topologicalOrder(cond.results)) {
      if (!inner.has(n)) writer.values.delete(n)
    }
    return name
  }
  const first = test(w, inputs.slice(consts))
  const scalarInfo = (name: string, elemType: number): ValueInfoProto => ({
    name,
    type: { tensorType: { elemType, shape: { dim: [] } } },
  })
  const before = [scalarInfo(w.name('step'), 7), scalarInfo(w.name('again'), 9)]
  const written = body(w, graph, inputs.slice(0, consts), before, (inner, names) => [
    [test(inner, names), cond.results[0]],
    ...names.map((name, i) => [name, graph.results[i]] as const),
  ])
  const outputs = node.avals.map(() => w.name('looped'))
  w.emitAll('Loop', ['', first, ...inputs.slice(consts)], { body: written }, outputs)
  return outputs
}

function emitCond(w: GraphWriter, node: Node, inputs: readonly string[]): readonly string[] {
  if (!isOp(node, 'cond')) return []
  const [yes, no] = node.attrs.branches.map((graph) =>
    body(w, graph, inputs.slice(1), [], (_inner, names) =>
      names.map((name, i) => [name, graph.results[i]] as const),
    ),
  )
  const outputs = node.avals.map(() => w.name('chosen'))
  w.emitAll('If', [inputs[0]], { then_branch: yes, else_branch: no }, outputs)
  return outputs
}
