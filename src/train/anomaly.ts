/**
 * Finds the operation that made the first infinite value or NaN of a step: the step is traced again and run one
 * operation at a time on the present device, which gives the same bits as the compiled step did.
 */
import { type DType, readElement, type TypedArray } from '../core/dtype.js'
import { formatShape } from '../core/shape.js'
import type { Storage } from '../core/storage.js'
import { hasSeveralOutputs } from '../ir/build.js'
import { isOp, type Node, storageOf } from '../ir/node.js'
import { realize } from '../runtime/realize.js'
import { type Arguments, templateOf } from '../runtime/signature.js'
import type { Cell } from '../runtime/state.js'
import { traceStep } from '../runtime/traced-step.js'
import { TensorBase, wrap } from '../tensor/base.js'

export interface AnomalyInput {
  readonly shape: readonly number[]
  readonly dtype: DType
  /** Name of the argument or parameter that it is, where it is one. */
  readonly name: string | null
}

export interface Anomaly {
  /** The primitive, or 'argument', 'state' (a parameter or buffer) or 'constant' for a value that was bad before the step. */
  readonly operation: string
  readonly shape: readonly number[]
  readonly dtype: DType
  readonly inputs: readonly AnomalyInput[]
  readonly nanCount: number
  readonly infiniteCount: number
  /** The user's line that built the operation, where the stack shows one. */
  readonly line: string | null
  /** One sentence for people. */
  readonly message: string
}

interface Count {
  readonly nan: number
  readonly infinite: number
}

function countNonFinite(dtype: DType, data: TypedArray): Count {
  let nan = 0
  let infinite = 0
  if (dtype === 'f32' || dtype === 'f64' || dtype === 'f16' || dtype === 'bf16') {
    for (let i = 0; i < data.length; i++) {
      const value = readElement(dtype, data, i)
      if (Number.isNaN(value)) nan++
      else if (!Number.isFinite(value)) infinite++
    }
  }
  return { nan, infinite }
}

const isCell = (value: unknown): value is Cell => value instanceof TensorBase

/**
 * Runs `step(...args)` operation by operation from the present state, which stays as it is, and returns the first
 * operation whose inputs were finite, whose output was not, and from which a bad result, assigned state or gradient of
 * the step descends. null where all of these are finite. An infinite value that is masked away is no anomaly.
 */
export function findAnomaly<A extends unknown[]>(
  step: (...args: A) => unknown,
  args: A,
  nameOf: (cell: unknown) => string | null = () => null,
): Anomaly | null {
  const given: Arguments = { cells: [], numbers: [] }
  templateOf(args, isCell, given)
  const traced = traceStep(step as (...list: never[]) => unknown, args, given, { isCell, makeCell: wrap })
  const cellOf = (slot: number): Cell => {
    const { source } = traced.trace.slots[slot]
    return source.kind === 'cell' ? source.cell : given.cells[source.index]
  }
  const leaves = new Map<Node, { kind: string; name: string | null }>()
  traced.inputNodes.forEach((node, i) => {
    const source = traced.inputs[i]
    if (source.kind === 'constant') {
      leaves.set(node, { kind: 'constant', name: null })
      node.storage ??= source.storage
      return
    }
    const cell = cellOf(source.slot)
    const { source: origin } = traced.trace.slots[source.slot]
    const name = origin.kind === 'argument' ? `argument ${origin.index + 1}` : nameOf(cell)
    leaves.set(node, { kind: origin.kind === 'argument' ? 'argument' : 'state', name })
    const version = source.kind === 'slot' ? cell.version : cell.gradient!.version
    realize([version])
    node.storage = storageOf(version)
  })

  // Computed nodes forget their inputs: the walk below needs them.
  const inputs = new Map<Node, readonly Node[]>(traced.order.map((node) => [node, node.inputs]))
  const counts = new Map<Node, Count>()
  for (const node of traced.order) {
    if (hasSeveralOutputs(node)) continue
    realize([node])
    counts.set(node, countNonFinite(node.dtype, (node.storage as Storage).array()))
  }
  const isBad = (node: Node): boolean => {
    const count = counts.get(node)
    return count !== undefined && count.nan + count.infinite > 0
  }
  const origin = firstOrigin(traced.outputs, traced.order, inputs, isBad)
  if (origin === null) return null

  const { nan, infinite } = counts.get(origin)!
  const leaf = leaves.get(origin)
  const made = isOp(origin, 'output') ? inputs.get(origin)![0] : origin
  const operands = leaf ? [] : (inputs.get(made) ?? []).map((x) => inputOf(x, leaves.get(x)?.name ?? null))
  const anomaly = {
    operation: leaf?.kind ?? made.op,
    shape: origin.shape,
    dtype: origin.dtype,
    inputs: operands,
    nanCount: nan,
    infiniteCount: infinite,
    line: leaf ? null : ownLine(traced.trace.lineOf(made)),
  }
  return { ...anomaly, message: describe(anomaly, leaf?.name ?? null) }
}

const inputOf = ({ shape, dtype }: Node, name: string | null): AnomalyInput => ({ shape, dtype, name })

/** The line, unless it only belongs to whatever package called the library. */
const ownLine = (line: string | null): string | null => (line?.includes('/node_modules/') ? null : line)

/** The earliest bad node with good inputs among those that a bad root descends from through bad nodes. */
function firstOrigin(
  roots: readonly Node[],
  order: readonly Node[],
  inputs: ReadonlyMap<Node, readonly Node[]>,
  isBad: (node: Node) => boolean,
): Node | null {
  const position = new Map<Node, number>(order.map((node, i) => [node, i]))
  const operandsOf = (node: Node): readonly Node[] => {
    const direct = inputs.get(node) ?? []
    return isOp(node, 'output') ? (inputs.get(direct[0]) ?? []) : direct
  }
  const stack = roots.filter(isBad)
  const seen = new Set<Node>(stack)
  let first: Node | null = null
  while (stack.length > 0) {
    const node = stack.pop()!
    const bad = operandsOf(node).filter(isBad)
    if (bad.length === 0 && (first === null || position.get(node)! < position.get(first)!)) first = node
    for (const input of bad) {
      if (seen.has(input)) continue
      seen.add(input)
      stack.push(input)
    }
  }
  return first
}

function describe(anomaly: Omit<Anomaly, 'message'>, name: string | null): string {
  const { operation, shape, dtype, inputs, nanCount, infiniteCount, line } = anomaly
  const size = shape.reduce((a, b) => a * b, 1)
  const value = `${dtype} ${formatShape(shape)}`
  const bad = `${nanCount} NaN and ${infiniteCount} infinite of ${size} values`
  if (inputs.length === 0) {
    return `It was there before the step: ${name ?? `a ${operation}`}, ${value}, has ${bad}.`
  }
  const operands = inputs
    .map((x) => `${x.name === null ? '' : `${x.name} `}${x.dtype} ${formatShape(x.shape)}`)
    .join(', ')
  return (
    `The first operation that went wrong is ${operation} of (${operands}), whose result, ${value}, has ${bad}` +
    `${line === null ? '' : `, built at ${line}`}.`
  )
}
