/** Modules to ONNX files: what a module's `forward` computes in evaluation mode, primitive by primitive. */
import { ValueError } from '../core/errors.js'
import { formatShape } from '../core/shape.js'
import * as build from '../ir/build.js'
import { type Aval, type Node, storageOf, topologicalOrder } from '../ir/node.js'
import type { Module } from '../nn/module.js'
import { realize } from '../runtime/realize.js'
import { peekCell, withSymbolic, withTransform } from '../runtime/state.js'
import { checkTensor, wrap } from '../tensor/base.js'
import { flattenTensors } from '../tensor/closure.js'
import type { Tensor } from '../tensor/tensor.js'
import { emitNodes } from './export/emit-graph.js'
import { GraphWriter, type ModelScope } from './export/graph-writer.js'
import { alignTraces, samplesFor } from './export/symbolic-size.js'
import { encodeMessage } from './protobuf.js'

export interface ExportOnnxOptions {
  /** Operator set of the file, 17 (default) to 23. */
  readonly opset?: number
  /** Names of the inputs. Default `input`, or `input0`, `input1`, … where there are several. */
  readonly inputNames?: readonly string[]
  /** Names of the outputs. Default `output`, or `output0`, `output1`, … where there are several. */
  readonly outputNames?: readonly string[]
  /**
   * Axes whose size the file leaves open, by input name: `{ input: { 0: 'batch' } }`. Axes of one name have one size.
   * At most 4 names.
   */
  readonly dynamicAxes?: Readonly<Record<string, Readonly<Record<number, string>>>>
}

/** The version of the file format that an operator set belongs to. */
const irVersionOf = (opset: number): number => (opset <= 18 ? 8 : opset <= 20 ? 9 : 10)

const numbered = (name: string, count: number): string[] =>
  count === 1 ? [name] : Array.from({ length: count }, (_, i) => `${name}${i}`)

interface Traced {
  readonly inputs: readonly Node[]
  readonly results: readonly Node[]
}

/** The graph of `forward` for inputs of these shapes. No values are computed. */
function trace(module: Module, avals: readonly Aval[]): Traced {
  return withSymbolic(false, () =>
    withTransform(() =>
      build.withGradMode(false, () => {
        const inputs = avals.map((a) => build.placeholder(a.shape, a.dtype))
        const forward = module.forward as (...args: Tensor[]) => unknown
        const { nodes } = flattenTensors(forward.apply(module, inputs.map(wrap)))
        return { inputs, results: nodes }
      }),
    ),
  )
}

/** Runs `fn` with the module in evaluation mode and puts every mode back. */
function evaluating<T>(module: Module, fn: () => T): T {
  const modules = module.modules()
  const modes = modules.map((m) => m.training)
  module.eval()
  try {
    return fn()
  } finally {
    // Parents come first, so that what they set is overwritten by what their children had.
    modules.forEach((m, i) => {
      m.train(modes[i])
    })
  }
}

/**
 * The bytes of an ONNX file with what `module.forward(...exampleInputs)` computes in evaluation mode: its parameters and
 * buffers as initializers under their names, the shapes of the inputs fixed but for `dynamicAxes`. Throws `ValueError`
 * for what ONNX has no form for: random numbers, host kernels, sizes that depend on dynamic axes in unusual ways.
 */
export function exportOnnx(
  module: Module,
  exampleInputs: Tensor | readonly Tensor[],
  { opset = 17, inputNames, outputNames, dynamicAxes = {} }: ExportOnnxOptions = {},
): Uint8Array<ArrayBuffer> {
  if (!Number.isInteger(opset) || opset < 17 || opset > 23) {
    throw new ValueError(`exportOnnx: expected an opset from 17 to 23, got ${opset}.`)
  }
  const examples = Array.isArray(exampleInputs)
    ? (exampleInputs as readonly Tensor[])
    : [exampleInputs as Tensor]
  examples.forEach(checkTensor)
  const names = inputNames ?? numbered('input', examples.length)
  if (names.length !== examples.length || new Set(names).size !== names.length) {
    throw new ValueError(
      `exportOnnx: expected ${examples.length} distinct input names, got ${names.join(', ')}.`,
    )
  }
  const symbols = symbolsOf(names, examples, dynamicAxes)
  const state = [...module.namedParameters(), ...module.namedBuffers()]
  realize(state.map(([, cell]) => peekCell(cell)))
  return evaluating(module, () => {
    const { traces, scope } = traceAll(module, examples, names, symbols, dynamicAxes, opset)
    return write(module, traces[0], scope, names, symbols, dynamicAxes, outputNames, state)
  })
}

type DynamicAxes = NonNullable<ExportOnnxOptions['dynamicAxes']>

/** Names of dynamic axes, each once. */
function symbolsOf(names: readonly string[], examples: readonly Tensor[], axes: DynamicAxes): string[] {
  const symbols = new Set<string>()
  for (const [input, list] of Object.entries(axes)) {
    const i = names.indexOf(input)
    if (i < 0)
      throw new ValueError(`exportOnnx: dynamicAxes names '${input}'; the inputs are ${names.join(', ')}.`)
    for (const [axis, symbol] of Object.entries(list)) {
      const a = Number(axis)
      if (!Number.isInteger(a) || a < 0 || a >= examples[i].rank) {
        throw new ValueError(
          `exportOnnx: '${input}' of shape ${formatShape(examples[i].shape)} has no axis ${axis} to make dynamic.`,
        )
      }
      symbols.add(symbol)
    }
  }
  return [...symbols]
}

function traceAll(
  module: Module,
  examples: readonly Tensor[],
  names: readonly string[],
  symbols: readonly string[],
  axes: DynamicAxes,
  opset: number,
): { traces: Traced[]; scope: ModelScope } {
  for (let attempt = 0; attempt < 3; attempt++) {
    const samples = samplesFor(symbols.length, attempt)
    const traces = samples.map((sizes) =>
      trace(
        module,
        examples.map(({ shape, dtype }, i) => ({
          dtype,
          shape: shape.map((n, a) => {
            const symbol = axes[names[i]]?.[a]
            return symbol === undefined ? n : sizes[symbols.indexOf(symbol)]
          }),
        })),
      ),
    )
    const aligned = alignTraces(traces.map((t) => t.results))
    if (aligned === null) continue
    traces[0].inputs.forEach((input, i) => {
      aligned.set(
        input,
        traces.map((t) => t.inputs[i]),
      )
    })
    const scope: ModelScope = {
      opset,
      samples,
      aligned,
      initializers: [],
      names: new Set(names),
      constants: new Map(),
      sizes: [],
    }
    return { traces, scope }
  }
  throw new ValueError(
    `exportOnnx: ${module.constructor.name} computes something else for other sizes of ${symbols.join(', ')}. Export it ` +
      'with fixed shapes, or make fewer axes dynamic.',
  )
}

function write(
  module: Module,
  { inputs, results }: Traced,
  scope: ModelScope,
  names: readonly string[],
  symbols: readonly string[],
  axes: DynamicAxes,
  outputNames: readonly string[] | undefined,
  state: readonly (readonly [string, Tensor])[],
): Uint8Array<ArrayBuffer> {
  if (results.length === 0) {
    throw new ValueError(`exportOnnx: ${module.constructor.name}.forward returned no tensor.`)
  }
  const outputs = outputNames ?? numbered('output', results.length)
  if (outputs.length !== results.length) {
    throw new ValueError(`exportOnnx: expected ${results.length} output names, got ${outputs.length}.`)
  }
  for (const name of outputs) scope.names.add(name)
  const w = new GraphWriter(scope)
  inputs.forEach((node, i) => {
    w.values.set(node, names[i])
  })
  for (const symbol of symbols) {
    const [input, list] = Object.entries(axes).find(([, l]) => Object.values(l).includes(symbol))!
    const axis = Number(Object.entries(list).find(([, s]) => s === symbol)![0])
    scope.sizes.push(w.emit('Shape', [input], { start: axis, end: axis + 1 }))
  }
  const byNode = new Map(state.map(([name, cell]) => [peekCell(cell), name]))
  for (const node of topologicalOrder(results)) {
    const name = byNode.get(node)
    if (name === undefined || node.storage === null) continue
    w.values.set(node, w.initializer(name, node.dtype, node.shape, storageOf(node).array()))
  }
  const made = emitNodes(w, results)
  const named = made.map((value, i) => [w.emit('Identity', [value], {}, outputs[i]), results[i]] as const)
  const infos = inputs.map((node, i) =>
    w.info(
      names[i],
      node,
      node.shape.map((_, a) => axes[names[i]]?.[a] ?? null),
    ),
  )
  const graph = { ...w.graph(module.constructor.name, infos, named), initializer: scope.initializers }
  return encodeMessage('Model', {
    irVersion: irVersionOf(scope.opset),
    producerName: 'chainrule',
    opsetImport: [{ domain: '', version: scope.opset }],
    graph,
    metadataProps: [],
    functions: [],
  })
}
