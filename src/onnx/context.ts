/**
 * What an operator's rule sees: the inputs and attributes of one node, the version of its operator set, and a way to
 * run the graphs in its attributes.
 */
import { readElement } from '../core/dtype.js'
import { DataError } from '../core/errors.js'
import { formatShape, type Shape, sizeOf } from '../core/shape.js'
import { Node } from '../ir/node.js'
import { type ElementType, typeOfDType, wrap } from './element-type.js'
import { checkHostElements } from './limits.js'
import type { AttributeProto, GraphProto, NodeProto } from './schema.js'
import { type ExternalData, readSparse, readTensor } from './tensor-proto.js'
import {
  article,
  asTensor,
  constantTensor,
  hostValues,
  isKnown,
  type OnnxTensor,
  type OnnxValue,
  tensorValue,
} from './value.js'

/** What a rule returns for one output: a node stands for the ONNX type that is its dtype; null is not there. */
export type Result = Node | OnnxValue | null

/** The meaning of an operator: from inputs and attributes to outputs. */
export type Rule = (c: Context) => Result | readonly Result[]

/** Rules by operator name; operators outside the default domain as `domain:name`. */
export type Rules = Readonly<Record<string, Rule>>

/** What a node's rule may ask of the graph around it. */
export interface Surroundings {
  readonly runGraph: GraphRunner
  /** The value of a name that the node can see. */
  readonly lookUp: (name: string) => OnnxValue | null
  readonly external: ExternalData | null
}

/** Runs a graph of an attribute on values for its inputs; names of the graphs around it are visible. */
export type GraphRunner = (graph: GraphProto, inputs: readonly (OnnxValue | null)[]) => OnnxValue[]

/** Tensors of attributes, read once: a model runs many times. */
const constants = new WeakMap<object, OnnxTensor>()

export class Context {
  readonly op: string
  /** Version of the operator set that the node's domain is imported with. */
  readonly version: number
  readonly inputs: readonly (OnnxValue | null)[]
  /** Whether somebody reads each output. */
  readonly wanted: readonly boolean[]
  private readonly around: Surroundings
  private readonly node: NodeProto
  private readonly attributes: ReadonlyMap<string, AttributeProto>

  constructor(node: NodeProto, version: number, inputs: readonly (OnnxValue | null)[], around: Surroundings) {
    this.op = node.opType ?? ''
    this.version = version
    this.inputs = inputs
    this.wanted = node.output.map((name) => name !== '')
    this.around = around
    this.node = node
    this.attributes = new Map(node.attribute.map((a) => [a.name ?? '', a]))
  }

  /** How errors name the node. */
  get label(): string {
    return this.node.name ? `${this.op} '${this.node.name}'` : this.op
  }

  fail(message: string): never {
    throw new DataError(message)
  }

  /** Runs a graph of an attribute on values for its inputs. */
  runGraph(graph: GraphProto, inputs: readonly (OnnxValue | null)[]): OnnxValue[] {
    return this.around.runGraph(graph, inputs)
  }

  /** The tensor that a name stands for here. */
  named(name: string): Node {
    const value = this.around.lookUp(name)
    return value === null ? this.fail(`'${name}' has no value here.`) : asTensor(value, `'${name}'`).node
  }

  // ---------------------------------------------------------------- inputs

  get count(): number {
    return this.inputs.length
  }

  has(i: number): boolean {
    return i < this.inputs.length && this.inputs[i] !== null
  }

  value(i: number): OnnxValue {
    const value = this.inputs[i] ?? null
    return value ?? this.fail(`expected an input ${i}, got none.`)
  }

  tensor(i: number): OnnxTensor {
    return asTensor(this.value(i), `input ${i}`)
  }

  /** The node of input i, which must be a tensor. */
  x(i: number): Node {
    return this.tensor(i).node
  }

  maybe(i: number): Node | null {
    return this.has(i) ? this.x(i) : null
  }

  type(i: number): ElementType {
    return this.tensor(i).type
  }

  shape(i: number): Shape {
    return this.x(i).shape
  }

  /** All inputs as tensors. */
  tensors(): OnnxTensor[] {
    return this.inputs.map((_, i) => this.tensor(i))
  }

  sequence(i: number): readonly OnnxValue[] {
    const value = this.value(i)
    const inner = value.kind === 'optional' && value.value !== null ? value.value : value
    return inner.kind === 'sequence' ? inner.items : this.fail(`expected a sequence, got ${article(value)}.`)
  }

  /** The values of an input, which have to be known now. */
  numbers(i: number): number[] {
    const { node } = this.tensor(i)
    checkHostElements(sizeOf(node.shape))
    const array = hostValues(node, `Input ${i} of ${this.label}`)
    return Array.from({ length: array.length }, (_, k) => readElement(node.dtype, array, k))
  }

  optionalNumbers(i: number): number[] | null {
    return this.has(i) ? this.numbers(i) : null
  }

  /** One number of an input that has one element. */
  number(i: number): number {
    const values = this.numbers(i)
    return values.length === 1
      ? values[0]
      : this.fail(`expected one value as input ${i}, got ${values.length}.`)
  }

  /** Whether `numbers(i)` would succeed. */
  isKnown(i: number): boolean {
    return isKnown(this.x(i))
  }

  // ---------------------------------------------------------------- attributes

  hasAttribute(name: string): boolean {
    return this.attributes.has(name)
  }

  int(name: string, fallback?: number): number {
    const value = this.attributes.get(name)
    if (value !== undefined) return value.i ?? 0
    return fallback ?? this.missing(name)
  }

  float(name: string, fallback?: number): number {
    const value = this.attributes.get(name)
    if (value !== undefined) return value.f ?? 0
    return fallback ?? this.missing(name)
  }

  string(name: string, fallback?: string): string {
    const value = this.attributes.get(name)
    if (value !== undefined) return new TextDecoder().decode(value.s ?? new Uint8Array())
    return fallback ?? this.missing(name)
  }

  strings(name: string): string[] | null {
    return this.attributes.get(name)?.strings.map((s) => new TextDecoder().decode(s)) ?? null
  }

  ints(name: string): number[] | null {
    return this.attributes.get(name)?.ints ?? null
  }

  floats(name: string): number[] | null {
    return this.attributes.get(name)?.floats ?? null
  }

  tensorAttribute(name: string): OnnxTensor | null {
    const value = this.attributes.get(name)
    const proto = value?.t ?? value?.sparseTensor
    if (proto === undefined) return null
    let tensor = constants.get(proto)
    if (tensor === undefined) {
      const { external } = this.around
      const array =
        value?.t === undefined ? readSparse(value!.sparseTensor!, external) : readTensor(value.t, external)
      tensor = constantTensor(array)
      constants.set(proto, tensor)
    }
    return tensor
  }

  graph(name: string): GraphProto {
    return this.attributes.get(name)?.g ?? this.missing(name)
  }

  private missing(name: string): never {
    return this.fail(`expected an attribute '${name}', got none.`)
  }

  // ---------------------------------------------------------------- results

  /** `node` as a tensor of the type of input i, brought back into its range. */
  keep(node: Node, i = 0): OnnxTensor {
    const type = this.type(i)
    return tensorValue(wrap(node, type), type)
  }

  /** `node`, whose values are in range, with the type of input i. */
  like(node: Node, i = 0): OnnxTensor {
    return tensorValue(node, this.type(i))
  }

  /** `axis` counted from the front. */
  axis(axis: number, rank: number): number {
    const normal = axis < 0 ? axis + rank : axis
    if (!Number.isInteger(normal) || normal < 0 || normal >= Math.max(rank, 1)) {
      this.fail(`expected an axis from ${-rank} to ${rank - 1}, got ${axis}.`)
    }
    return normal
  }

  expectRank(i: number, least: number, most = least): void {
    const { shape } = this.x(i)
    if (shape.length < least || shape.length > most) {
      const expected = least === most ? `${least}` : `${least} to ${most}`
      this.fail(`expected input ${i} of rank ${expected}, got shape ${formatShape(shape)}.`)
    }
  }
}

/** A result as a value. */
export function valueOf(result: Result): OnnxValue | null {
  return result instanceof Node ? tensorValue(result, typeOfDType[result.dtype]) : result
}
