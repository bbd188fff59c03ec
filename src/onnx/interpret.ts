/**
 * Running a graph: each node's rule builds Chainrule's graph from the values of its inputs. Nothing is computed here but
 * what a shape or a branch depends on.
 */
import { ChainruleError, DataError, TraceError } from '../core/errors.js'
import { type Shape, sizeOf } from '../core/shape.js'
import { boundPending } from '../runtime/realize.js'
import { Context, valueOf } from './context.js'
import { checkElements, elementsPerCall, maxOperations } from './limits.js'
import { rules } from './operators.js'
import { domainOf, functionKey, nodesOf } from './prepare.js'
import type {
  AttributeProto,
  FunctionProto,
  GraphProto,
  ModelProto,
  NodeProto,
  OperatorSetId,
  TensorProto,
} from './schema.js'
import { type ExternalData, readSparse, readTensor } from './tensor-proto.js'
import { constantTensor, type OnnxTensor, type OnnxValue } from './value.js'

/** Functions may call functions, and graphs contain graphs. */
const maxCalls = 64

/** Names in scope: those of one graph, then those of the graph around it. */
interface Frame {
  readonly values: Map<string, OnnxValue | null>
  readonly outer: Frame | null
}

export const ruleFor = (domain: string, op: string): Context['op'] | undefined => {
  const key = domain === '' ? op : `${domain}:${op}`
  return Object.hasOwn(rules, key) ? key : undefined
}

const versionsOf = (imports: readonly OperatorSetId[]): Map<string, number> =>
  new Map(imports.map(({ domain, version = 1 }) => [domainOf(domain), version]))

export class Interpreter {
  private readonly versions: ReadonlyMap<string, number>
  private readonly functions: ReadonlyMap<string, FunctionProto>
  private readonly external: ExternalData | null
  /** Where an initializer's current value comes from, if it is not a constant. */
  private readonly stateOf: (proto: TensorProto) => OnnxTensor | null
  private readonly constants = new WeakMap<object, OnnxTensor>()
  private readonly maxElements: number
  private operations = 0
  /** Elements of all results of this call. */
  private elements = 0
  private calls = 0

  constructor(
    model: ModelProto,
    external: ExternalData | null,
    stateOf: (proto: TensorProto) => OnnxTensor | null,
    maxElements: number,
  ) {
    this.maxElements = maxElements
    this.versions = versionsOf(model.opsetImport)
    this.functions = new Map(model.functions.map((f) => [functionKey(domainOf(f.domain), f.name ?? ''), f]))
    this.external = external
    this.stateOf = stateOf
  }

  /** Runs the model's graph on values by name. */
  run(graph: GraphProto, inputs: ReadonlyMap<string, OnnxValue | null>): OnnxValue[] {
    this.operations = 0
    this.elements = 0
    this.calls = 0
    return this.runGraph(graph, inputs, null)
  }

  private runGraph(
    graph: GraphProto,
    inputs: ReadonlyMap<string, OnnxValue | null>,
    outer: Frame | null,
  ): OnnxValue[] {
    const values = new Map<string, OnnxValue | null>()
    for (const proto of graph.initializer) values.set(proto.name ?? '', this.initializer(proto))
    for (const proto of graph.sparseInitializer) {
      let value = this.constants.get(proto)
      if (value === undefined) {
        value = constantTensor(readSparse(proto, this.external))
        this.constants.set(proto, value)
      }
      values.set(proto.values?.name ?? '', value)
    }
    for (const [name, value] of inputs) values.set(name, value)
    const frame: Frame = { values, outer }
    this.runNodes(nodesOf(graph), frame, this.versions)
    return graph.output.map(({ name = '' }) => {
      const value = lookUp(frame, name)
      return value ?? raise(`The output '${name}' has no value.`)
    })
  }

  private initializer(proto: TensorProto): OnnxTensor {
    const state = this.stateOf(proto)
    if (state !== null) return state
    let value = this.constants.get(proto)
    if (value === undefined) {
      value = constantTensor(readTensor(proto, this.external))
      this.constants.set(proto, value)
    }
    return value
  }

  private runNodes(nodes: readonly NodeProto[], frame: Frame, versions: ReadonlyMap<string, number>): void {
    for (const node of nodes) {
      if (++this.operations > maxOperations)
        raise(`Expected at most ${maxOperations} operations in one call, got more.`)
      const inputs = node.input.map((name) => (name === '' ? null : lookUp(frame, name)))
      while (inputs.length > 0 && inputs[inputs.length - 1] === null) inputs.pop()
      const results = this.runNode(node, inputs, frame, versions)
      node.output.forEach((name, i) => {
        if (name === '') return
        const value = results[i] ?? null
        if (value?.kind === 'tensor') boundPending(value.node)
        frame.values.set(name, value)
      })
    }
  }

  private runNode(
    node: NodeProto,
    inputs: readonly (OnnxValue | null)[],
    frame: Frame,
    versions: ReadonlyMap<string, number>,
  ): (OnnxValue | null)[] {
    const domain = domainOf(node.domain)
    const key = ruleFor(domain, node.opType ?? '')
    const label = `ONNX node ${node.opType} '${node.name ?? ''}' (making '${node.output[0] ?? ''}')`
    try {
      if (key === undefined) {
        const f = this.functions.get(functionKey(domain, node.opType ?? ''))
        return f === undefined ? raise('is an unknown operator.') : this.runFunction(f, node, inputs)
      }
      const run = (graph: GraphProto, given: readonly (OnnxValue | null)[]): OnnxValue[] => {
        const named = new Map(graph.input.map(({ name = '' }, i) => [name, given[i] ?? null]))
        return this.nested(() => this.runGraph(graph, named, frame))
      }
      const version = versions.get(domain) ?? 1
      const around = { runGraph: run, lookUp: (name: string) => lookUp(frame, name), external: this.external }
      const result = rules[key](new Context(node, version, inputs, around))
      const values = (Array.isArray(result) ? result : [result]).map(valueOf)
      for (const value of values) if (value?.kind === 'tensor') this.count(value.node.shape)
      return values
    } catch (error) {
      if (!(error instanceof Error) || error instanceof TraceError || error.message.startsWith('ONNX node')) {
        throw error
      }
      if (error instanceof ChainruleError || error instanceof RangeError || error instanceof SyntaxError) {
        throw new DataError(`${label}: ${error.message}`, { cause: error })
      }
      throw error
    }
  }

  /** Sizes are known before anything is computed: a tensor, and all of a call together, have limits. */
  private count(shape: Shape): void {
    checkElements(shape, this.maxElements)
    this.elements += sizeOf(shape)
    const most = this.maxElements * elementsPerCall
    if (this.elements > most) raise(`the results of one call have more than ${most} elements in all.`)
  }

  private nested<T>(fn: () => T): T {
    if (++this.calls > maxCalls) raise(`Expected at most ${maxCalls} nested calls, got more.`)
    try {
      return fn()
    } finally {
      this.calls--
    }
  }

  private runFunction(
    f: FunctionProto,
    node: NodeProto,
    inputs: readonly (OnnxValue | null)[],
  ): (OnnxValue | null)[] {
    const attributes = new Map<string, AttributeProto>()
    for (const attribute of f.attributeProto) attributes.set(attribute.name ?? '', attribute)
    for (const attribute of node.attribute) attributes.set(attribute.name ?? '', attribute)
    const values = new Map(f.input.map((name, i) => [name, inputs[i] ?? null]))
    const frame: Frame = { values, outer: null }
    const imports = f.opsetImport.length > 0 ? versionsOf(f.opsetImport) : this.versions
    this.nested(() => this.runNodes(bound(nodesOf(f), attributes), frame, imports))
    return f.output.map((name) => lookUp(frame, name))
  }
}

/** Nodes of a function with the attributes of the call in place of references to them. */
function bound(nodes: readonly NodeProto[], given: ReadonlyMap<string, AttributeProto>): NodeProto[] {
  return nodes.map((node) => ({
    ...node,
    attribute: node.attribute.flatMap((a) => {
      if (a.g !== undefined) return [{ ...a, g: { ...a.g, node: bound(nodesOf(a.g), given) } }]
      if (!a.refAttrName) return [a]
      const value = given.get(a.refAttrName)
      return value === undefined ? [] : [{ ...value, name: a.name }]
    }),
  }))
}

function lookUp(frame: Frame, name: string): OnnxValue | null {
  for (let at: Frame | null = frame; at !== null; at = at.outer) {
    const value = at.values.get(name)
    if (value !== undefined) return value
  }
  return raise(`nothing has made '${name}' yet.`)
}

function raise(message: string): never {
  throw new DataError(message)
}
