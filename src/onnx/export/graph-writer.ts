/** Builds the nodes and initializers of an ONNX graph: fresh names, shared constants, sizes that are computed. */

import type { DType } from '../../core/dtype.js'
import { type TypedArray, viewAs, writeElement } from '../../core/dtype.js'
import type { Shape } from '../../core/shape.js'
import type { Node } from '../../ir/node.js'
import { elementTypes, typeOfDType } from '../element-type.js'
import type { AttributeProto, GraphProto, NodeProto, TensorProto, ValueInfoProto } from '../schema.js'
import { writeTensor } from '../tensor-proto.js'
import { isConstant, type Samples, type Size, sizeOfSamples } from './symbolic-size.js'

export type AttributeValue = number | readonly number[] | string | { readonly float: number } | GraphProto

const isGraph = (value: object): value is GraphProto => 'node' in value

function attribute(name: string, value: AttributeValue): AttributeProto {
  const empty = { name, floats: [], ints: [], strings: [], tensors: [], graphs: [] }
  if (typeof value === 'number') return { ...empty, type: 2, i: value }
  if (typeof value === 'string') return { ...empty, type: 3, s: new TextEncoder().encode(value) }
  if (Array.isArray(value)) return { ...empty, type: 7, ints: [...(value as readonly number[])] }
  if (isGraph(value as object)) return { ...empty, type: 5, g: value as GraphProto }
  return { ...empty, type: 1, f: (value as { float: number }).float }
}

/** What all graphs of a model share: names, initializers and the meaning of dynamic sizes. */
export interface ModelScope {
  readonly opset: number
  readonly samples: Samples
  readonly aligned: ReadonlyMap<Node, readonly Node[]>
  readonly initializers: TensorProto[]
  readonly names: Set<string>
  /** Names of constants by their content. */
  readonly constants: Map<string, string>
  /** The name of a vector with the size of each dynamic axis, in the main graph. */
  readonly sizes: string[]
}

export class GraphWriter {
  readonly nodes: NodeProto[] = []
  readonly scope: ModelScope
  /** Names of the results of nodes in this graph and those around it. */
  readonly values: Map<Node, string>

  constructor(scope: ModelScope, values: Map<Node, string> = new Map()) {
    this.scope = scope
    this.values = values
  }

  /** A writer for a graph inside this one: it sees the names of this one. */
  inner(): GraphWriter {
    return new GraphWriter(this.scope, new Map(this.values))
  }

  name(hint: string): string {
    let name = hint
    for (let i = 1; this.scope.names.has(name); i++) name = `${hint}_${i}`
    this.scope.names.add(name)
    return name
  }

  /** Adds a node with one output and returns its name. */
  emit(
    opType: string,
    inputs: readonly string[],
    attributes: Readonly<Record<string, AttributeValue>> = {},
    output = this.name(opType.toLowerCase()),
  ): string {
    this.emitAll(opType, inputs, attributes, [output])
    return output
  }

  emitAll(
    opType: string,
    inputs: readonly string[],
    attributes: Readonly<Record<string, AttributeValue>>,
    outputs: readonly string[],
  ): void {
    this.nodes.push({
      opType,
      name: `${opType}_${this.scope.names.size}_${this.nodes.length}`,
      input: [...inputs],
      output: [...outputs],
      attribute: Object.entries(attributes).map(([name, value]) => attribute(name, value)),
    })
  }

  // ---------------------------------------------------------------- constants

  /** An initializer with these values. */
  initializer(hint: string, dtype: DType, shape: Shape, data: TypedArray): string {
    const name = this.name(hint)
    this.scope.initializers.push(writeTensor(name, { type: typeOfDType[dtype], shape, data }))
    return name
  }

  /** Numbers as an initializer, one for equal ones. */
  constant(dtype: DType, values: readonly number[], shape: Shape = [values.length]): string {
    const key = `${dtype}[${shape.join()}]${values.map((v) => (Object.is(v, -0) ? '-0' : v)).join()}`
    const known = this.scope.constants.get(key)
    if (known !== undefined) return known
    const data = viewAs(dtype, new ArrayBuffer(values.length * elementTypes[typeOfDType[dtype]].bytes))
    values.forEach((value, i) => {
      writeElement(dtype, data, i, value)
    })
    const name = this.initializer('constant', dtype, shape, data)
    this.scope.constants.set(key, name)
    return name
  }

  scalar(dtype: DType, value: number): string {
    return this.constant(dtype, [value], [])
  }

  // ---------------------------------------------------------------- sizes

  /** A number of a node in terms of the dynamic axes. */
  size(node: Node, read: (node: Node) => number): Size {
    const all = this.scope.aligned.get(node) ?? this.scope.samples.map(() => node)
    return sizeOfSamples(all.map(read), this.scope.samples)
  }

  /** Numbers of a node as an int64 vector: a constant, or computed from the inputs' sizes. */
  vector(node: Node, read: (node: Node) => readonly number[]): string {
    const sizes = read(node).map((_, i) => this.size(node, (n) => read(n)[i]))
    if (sizes.every(isConstant)) {
      return this.constant(
        'i64',
        sizes.map((s) => s.offset),
      )
    }
    const parts = sizes.map((s) => this.sizeVector(s))
    return parts.length === 1 ? parts[0] : this.emit('Concat', parts, { axis: 0 })
  }

  /** One number as an int64 vector of one element. */
  sizeVector({ factor, axes, offset }: Size): string {
    if (axes.length === 0) return this.constant('i64', [offset])
    let product = this.scope.sizes[axes[0]]
    for (const i of axes.slice(1)) product = this.emit('Mul', [product, this.scope.sizes[i]])
    if (factor !== 1) product = this.emit('Mul', [product, this.constant('i64', [factor])])
    return offset === 0 ? product : this.emit('Add', [product, this.constant('i64', [offset])])
  }

  reshape(x: string, node: Node, read: (node: Node) => readonly number[]): string {
    return this.emit('Reshape', [x, this.vector(node, read)], { allowzero: 1 })
  }

  // ---------------------------------------------------------------- results

  /** The finished graph. Outputs that are no result of a node here are copied. */
  graph(
    name: string,
    inputs: readonly ValueInfoProto[],
    outputs: readonly (readonly [string, Node])[],
  ): GraphProto {
    const made = new Set(this.nodes.flatMap((n) => n.output))
    const taken = new Set<string>()
    const results = outputs.map(([value, node]) => {
      const own = made.has(value) && !taken.has(value) ? value : this.emit('Identity', [value])
      taken.add(own)
      return this.info(own, node)
    })
    return {
      name,
      node: this.nodes,
      input: [...inputs],
      output: results,
      initializer: [],
      sparseInitializer: [],
      valueInfo: [],
    }
  }

  /** Name, type and shape of a value; sizes that depend on dynamic axes are left open. */
  info(name: string, node: Node, dims?: readonly (string | null)[]): ValueInfoProto {
    const dim = node.shape.map((_, i) => {
      const named = dims?.[i]
      if (named) return { dimParam: named }
      const size = this.size(node, (n) => n.shape[i])
      return isConstant(size) ? { dimValue: size.offset } : {}
    })
    const elemType = elementTypes[typeOfDType[node.dtype]].code
    return { name, type: { tensorType: { elemType, shape: { dim } } } }
  }
}
