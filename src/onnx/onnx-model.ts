/** An ONNX model as a Module: its float initializers are parameters, it runs on any device, trains and compiles. */
import { DTypeError, ShapeError, ValueError } from '../core/errors.js'
import { formatShape } from '../core/shape.js'
import { Module } from '../nn/module.js'
import { TensorBase, wrap } from '../tensor/base.js'
import { Buffer, Parameter } from '../tensor/parameter.js'
import type { Tensor } from '../tensor/tensor.js'
import { dtypeOf, type ElementType, elementTypeOf } from './element-type.js'
import { Interpreter } from './interpret.js'
import { type Initializer, initializersOf } from './model-state.js'
import { numbersTensor } from './operators/creation.js'
import type { GraphProto, ModelProto, TensorProto, TypeProto, ValueInfoProto } from './schema.js'
import { type ExternalData, readTensor } from './tensor-proto.js'
import {
  asTensor,
  constantTensor,
  type OnnxOptional,
  type OnnxTensor,
  type OnnxValue,
  optionalValue,
  sequenceValue,
  tensorValue,
} from './value.js'

/** What comes out of a model: a tensor, the values of a sequence, null for an optional without value. */
export type OnnxData = Tensor | readonly OnnxData[] | null

/**
 * What goes into a model. A number stands for a tensor of one element that is known while a step is traced: give
 * settings such as a sampling rate as numbers, and `compile` keeps the one branch that they choose.
 */
export type OnnxInput = Tensor | number | readonly OnnxInput[] | null

/** An input or output as the file declares it. */
export interface OnnxPort {
  readonly name: string
  readonly kind: 'tensor' | 'sequence' | 'optional'
  /** ONNX's element type, for example 'float' or 'int8'; of a sequence, that of its tensors. */
  readonly type: ElementType
  /** Sizes; a name or null stands for any size. Null where the file does not say. */
  readonly shape: readonly (number | string | null)[] | null
}

export interface OnnxModelOptions {
  readonly trainable: boolean | ((name: string) => boolean)
  readonly checkShapes: boolean
  readonly maxElements: number
}

export class OnnxModel extends Module {
  /** The trained initializers by name. */
  readonly weights: Record<string, Parameter | Buffer> = {}
  readonly #inputs: readonly OnnxPort[]
  readonly #outputs: readonly OnnxPort[]
  readonly #graph: GraphProto
  readonly #interpreter: Interpreter
  readonly #optionalInputs: ReadonlySet<string>
  readonly #checkShapes: boolean

  /** @internal Made by `readOnnx` and `openOnnx`. */
  constructor(model: ModelProto, external: ExternalData | null, options: OnnxModelOptions) {
    super()
    this.#checkShapes = options.checkShapes
    const graph = model.graph!
    this.#graph = graph
    const cells = new Map<TensorProto, { cell: Parameter | Buffer; type: ElementType }>()
    const names = new Map<string, number>()
    for (const initializer of initializersOf(graph))
      this.#adopt(initializer, external, options.trainable, cells, names)
    this.#interpreter = new Interpreter(
      model,
      external,
      (proto) => {
        const state = cells.get(proto)
        return state === undefined ? null : tensorValue(state.cell.node, state.type)
      },
      options.maxElements,
    )
    const defaults = new Set(graph.initializer.map((t) => t.name ?? ''))
    this.#optionalInputs = defaults
    this.#inputs = graph.input.filter((i) => !defaults.has(i.name ?? '')).map((i) => portOf(i))
    this.#outputs = graph.output.map((o) => portOf(o))
  }

  #adopt(
    { proto, role }: Initializer,
    external: ExternalData | null,
    trainable: ((name: string) => boolean) | boolean,
    cells: Map<TensorProto, { cell: Parameter | Buffer; type: ElementType }>,
    names: Map<string, number>,
  ): void {
    if (role === 'constant') return
    const own = proto.name ?? ''
    // Graphs inside the graph may use a name again.
    const count = names.get(own) ?? 0
    names.set(own, count + 1)
    const name = count === 0 ? own : `${own}#${count}`
    const trained = role === 'parameter' && (typeof trainable === 'boolean' ? trainable : trainable(name))
    const { node, type } = constantTensor(readTensor(proto, external))
    const cell = trained ? new Parameter(wrap(node)) : new Buffer(wrap(node))
    // A name is whatever the file says, '__proto__' included.
    Object.defineProperty(this.weights, name, { value: cell, enumerable: true, writable: true })
    cells.set(proto, { cell, type })
  }

  /** The inputs, in the order in which `forward` takes them. */
  inputs(): readonly OnnxPort[] {
    return this.#inputs
  }

  /** The outputs, in order. */
  outputs(): readonly OnnxPort[] {
    return this.#outputs
  }

  /**
   * The output of a model that has one, for inputs in the model's order. Sequences are arrays, missing optionals null.
   * Throws for a model with several outputs: use `run`.
   */
  override forward(...inputs: readonly OnnxInput[]): Tensor {
    if (this.#outputs.length !== 1) {
      throw new ValueError(
        `forward: this model has ${this.#outputs.length} outputs (${this.#outputs.map((o) => o.name).join(', ')}). ` +
          'Use run({ input: tensor }), which returns them by name.',
      )
    }
    const [result] = this.#run(this.#named(inputs))
    return dataOf(asTensor(result, this.#outputs[0].name)) as Tensor
  }

  /** Every output by name, for inputs by name. */
  run(inputs: Readonly<Record<string, OnnxInput>>): Record<string, OnnxData> {
    const known = new Set([...this.#inputs.map((i) => i.name), ...this.#optionalInputs])
    const given = new Map<string, OnnxInput>()
    for (const [name, value] of Object.entries(inputs)) {
      if (!known.has(name)) {
        throw new ValueError(`run: expected the inputs ${this.#inputNames()}, got '${name}'.`)
      }
      given.set(name, value)
    }
    const results = this.#run(given)
    const named: Record<string, OnnxData> = Object.create(null)
    this.#outputs.forEach(({ name }, i) => {
      named[name] = dataOf(results[i])
    })
    return named
  }

  #inputNames(): string {
    return this.#inputs.map((i) => `'${i.name}'`).join(', ')
  }

  #named(inputs: readonly OnnxInput[]): Map<string, OnnxInput> {
    if (inputs.length > this.#inputs.length) {
      throw new ValueError(
        `forward: expected ${this.#inputs.length} inputs (${this.#inputNames()}), got ${inputs.length}.`,
      )
    }
    return new Map(inputs.map((value, i) => [this.#inputs[i].name, value]))
  }

  #run(given: ReadonlyMap<string, OnnxInput>): OnnxValue[] {
    const values = new Map<string, OnnxValue | null>()
    for (const port of this.#inputs) {
      if (!given.has(port.name)) {
        if (port.kind === 'optional') values.set(port.name, optionalValue(null))
        else throw new ValueError(`Expected the inputs ${this.#inputNames()}; '${port.name}' is missing.`)
        continue
      }
      const checked = this.#checkShapes ? port : { ...port, shape: null }
      values.set(port.name, valueFor(checked, given.get(port.name)!))
    }
    for (const { name = '' } of this.#graph.input) {
      const value = given.get(name)
      if (!values.has(name) && value instanceof TensorBase) {
        const proto = this.#graph.initializer.find((t) => t.name === name)
        values.set(name, tensorValue(value.node, elementTypeOf(proto?.dataType, name)))
      }
    }
    return this.#interpreter.run(this.#graph, values)
  }

  protected override describe(): string {
    const port = (p: OnnxPort): string =>
      `${p.name}: ${p.type}${p.shape === null ? '' : `[${p.shape.map((n) => n ?? '?').join(', ')}]`}`
    return `${this.#inputs.map(port).join(', ')} → ${this.#outputs.map(port).join(', ')}`
  }
}

function portOf({ name = '', type }: ValueInfoProto): OnnxPort {
  const kind = type?.sequenceType ? 'sequence' : type?.optionalType ? 'optional' : 'tensor'
  const tensor = tensorTypeOf(type)
  if (type?.mapType !== undefined || type?.sparseTensorType !== undefined) {
    throw new ValueError(`'${name}': maps and sparse tensors are not supported as inputs and outputs.`)
  }
  const shape =
    kind === 'tensor' ? (tensor?.shape?.dim.map((d) => d.dimValue ?? (d.dimParam || null)) ?? null) : null
  // An output of a graph without declared type tells nothing, and any type will do.
  return { name, kind, type: tensor?.elemType ? elementTypeOf(tensor.elemType, `'${name}'`) : 'float', shape }
}

function tensorTypeOf(type: TypeProto | undefined): TypeProto['tensorType'] {
  let at = type
  for (let depth = 0; at !== undefined && depth < 16; depth++) {
    if (at.tensorType !== undefined) return at.tensorType
    at = at.sequenceType?.elemType ?? at.optionalType?.elemType
  }
  return undefined
}

function valueFor(port: OnnxPort, data: OnnxInput): OnnxValue {
  if (data === null) {
    if (port.kind === 'optional') return optionalValue(null)
    throw new ValueError(`Input '${port.name}': expected a ${port.kind}, got null.`)
  }
  if (port.kind === 'optional') return optionalValue(looseValue(port, data))
  if (port.kind === 'sequence') {
    if (!Array.isArray(data)) throw new ValueError(`Input '${port.name}': expected an array of tensors.`)
    return looseValue(port, data)
  }
  const value = looseValue(port, data)
  const { node } = asTensor(value, `Input '${port.name}'`)
  if (port.shape !== null) {
    const { shape } = port
    const fits =
      node.shape.length === shape.length &&
      shape.every((n, i) => typeof n !== 'number' || n === node.shape[i])
    if (!fits) {
      throw new ShapeError(
        `Input '${port.name}': expected shape [${shape.map((n) => n ?? '?').join(', ')}], got ${formatShape(node.shape)}.`,
      )
    }
  }
  return value
}

function looseValue(port: OnnxPort, data: OnnxInput): OnnxValue {
  if (data === null) return optionalValue(null)
  if (Array.isArray(data)) return sequenceValue(data.map((item) => looseValue(port, item)))
  if (typeof data === 'number') {
    return numbersTensor(
      port.type,
      [data],
      (port.shape ?? []).map(() => 1),
    )
  }
  if (!(data instanceof TensorBase)) {
    throw new ValueError(`Input '${port.name}': expected a tensor. Make one with tensor(values).`)
  }
  const { node } = data
  if (node.dtype !== dtypeOf(port.type)) {
    throw new DTypeError(
      `Input '${port.name}': expected ${dtypeOf(port.type)} (ONNX's ${port.type}), got ${node.dtype}. ` +
        `Cast it with .to('${dtypeOf(port.type)}').`,
    )
  }
  return tensorValue(node, port.type)
}

function dataOf(value: OnnxValue | OnnxOptional | OnnxTensor): OnnxData {
  if (value.kind === 'tensor') return wrap(value.node)
  if (value.kind === 'sequence') return value.items.map(dataOf)
  return value.value === null ? null : dataOf(value.value)
}
