/** Runs a step's function once on tracers and reads off what the step does: its graph, what it reads and writes. */
import { TraceError } from '../core/errors.js'
import { sizeOf } from '../core/shape.js'
import type { Storage } from '../core/storage.js'
import { isOp, type Node, topologicalOrder } from '../ir/node.js'
import { withNodeListener } from '../ir/node-listener.js'
import { graphKey } from './graph.js'
import { inputStorage } from './realize.js'
import { type Arguments, type IsCell, substituteTracers } from './signature.js'
import { type Cell, withTracing } from './state.js'
import { Trace } from './trace.js'

/** Where an input of the graph comes from at each call. Slots by number. */
export type InputSource =
  | { readonly kind: 'slot'; readonly slot: number }
  | { readonly kind: 'gradient'; readonly slot: number }
  | { readonly kind: 'constant'; readonly node: Node; readonly storage: Storage }

/** How the step's return value is put together. `output` counts the step's outputs. */
export type ResultTemplate =
  | { readonly kind: 'output'; readonly output: number }
  | { readonly kind: 'slot'; readonly slot: number }
  | { readonly kind: 'value'; readonly value: unknown }
  | { readonly kind: 'array'; readonly items: readonly ResultTemplate[] }
  | { readonly kind: 'object'; readonly keys: readonly string[]; readonly items: readonly ResultTemplate[] }

/** What one trace found. */
export interface TracedStep {
  readonly trace: Trace
  readonly order: readonly Node[]
  readonly key: string
  readonly lines: readonly string[]
  /** The graph's inputs and where they come from. */
  readonly inputNodes: readonly Node[]
  readonly inputs: readonly InputSource[]
  /** Every output; those without elements are in no graph. */
  readonly outputs: readonly Node[]
  readonly result: ResultTemplate
  /** Slots that get a new version. */
  readonly writes: readonly { readonly slot: number; readonly output: number }[]
  /** Slots whose gradient changes; null takes it away. */
  readonly gradients: readonly { readonly slot: number; readonly output: number | null }[]
}

export interface TensorKind {
  readonly isCell: IsCell
  readonly makeCell: (node: Node) => Cell
}

/** Outputs that a graph computes: those with elements. */
export const isComputed = (node: Node): boolean => sizeOf(node.shape) > 0

export function traceStep(
  fn: (...args: never[]) => unknown,
  args: readonly unknown[],
  { cells }: Arguments,
  { isCell, makeCell }: TensorKind,
): TracedStep {
  const trace = new Trace(makeCell)
  const value = withTracing(trace, () =>
    withNodeListener(trace.mark, () => {
      const tracers = new Map(cells.map((cell, i) => [cell, trace.addArgument(cell, i)]))
      const given = args.map((arg) => substituteTracers(arg, isCell, tracers))
      return (fn as (...list: unknown[]) => unknown)(...given)
    }),
  )
  refusePromise(value)

  const outputs: Node[] = []
  const result = resultTemplate(value, trace, isCell, outputs)
  const writes = trace.slots.flatMap((slot, i) =>
    slot.assigned ? [{ slot: i, output: outputs.push(slot.version) - 1 }] : [],
  )
  const gradients: { slot: number; output: number | null }[] = []
  // Reading a gradient may add slots: those have no gradient of their own.
  for (const [i, slot] of [...trace.slots].entries()) {
    if (!slot.gradientSet) continue
    const node = slot.gradient === null ? null : trace.read(slot.gradient)
    if (node !== null && node === slot.gradientInitial) continue
    gradients.push({ slot: i, output: node === null ? null : outputs.push(node) - 1 })
  }
  const roots = outputs.filter(isComputed)
  const order = topologicalOrder(roots)
  const { key, inputs: inputNodes, lines } = graphKey(order, roots)
  const inputs = inputNodes.map((node) => sourceOf(node, trace))
  return { trace, order, key, lines, inputNodes, inputs, outputs, result, writes, gradients }
}

function refusePromise(value: unknown): void {
  if (typeof value !== 'object' || value === null || !('then' in value) || typeof value.then !== 'function')
    return
  // What the function does after its first await fails too; this error says why.
  value.then(undefined, () => {})
  throw new TraceError(
    'Expected a step that returns at once, got an async function (or one that returns a Promise). Await data and values ' +
      'outside of the compiled step and pass tensors in.',
  )
}

function sourceOf(node: Node, trace: Trace): InputSource {
  const slot = trace.slots.findIndex((s) => s.initial === node)
  if (slot >= 0) return { kind: 'slot', slot }
  const gradient = trace.slots.findIndex((s) => s.gradientInitial === node)
  if (gradient >= 0) return { kind: 'gradient', slot: gradient }
  if (isOp(node, 'placeholder') && node.storage === null) {
    throw new TraceError(
      'A compiled step uses a tensor that was made inside a transform (vmap, scan, …) and kept in a variable: it stood ' +
        'for no value. Return it from the function that the transform takes.',
    )
  }
  return { kind: 'constant', node, storage: inputStorage(node) }
}

function resultTemplate(value: unknown, trace: Trace, isCell: IsCell, outputs: Node[]): ResultTemplate {
  const seen = new Map<Cell, ResultTemplate>()
  const visit = (item: unknown): ResultTemplate => {
    if (isCell(item)) {
      let known = seen.get(item)
      if (known === undefined) {
        const slot = trace.slotOf(item)
        known =
          slot === null
            ? { kind: 'output', output: outputs.push(item.version) - 1 }
            : { kind: 'slot', slot: trace.slots.indexOf(slot) }
        seen.set(item, known)
      }
      return known
    }
    if (Array.isArray(item)) return { kind: 'array', items: item.map(visit) }
    if (typeof item === 'object' && item !== null) {
      const prototype = Object.getPrototypeOf(item)
      if (prototype === Object.prototype || prototype === null) {
        const keys = Object.keys(item)
        return { kind: 'object', keys, items: keys.map((k) => visit((item as Record<string, unknown>)[k])) }
      }
    }
    return { kind: 'value', value: item }
  }
  return visit(value)
}
