/** Which initializers of a model are trained, which are state, and which are constants. */
import { graphsOf } from './prepare.js'
import type { GraphProto, NodeProto, TensorProto } from './schema.js'

export type Role = 'parameter' | 'buffer' | 'constant'

/** Inputs that say how an operator works (sizes, axes, bounds, ratios) and are not trained. */
const settings: Readonly<Record<string, readonly number[]>> = {
  Clip: [1, 2],
  Dropout: [1, 2],
  Pad: [1, 2, 3],
  Resize: [1, 2, 3],
  Upsample: [1],
  OneHot: [1, 2],
  Range: [0, 1, 2],
  NonMaxSuppression: [2, 3, 4],
  Where: [0],
  MelWeightMatrix: [0, 1, 2, 3, 4],
  QuantizeLinear: [1, 2],
  DequantizeLinear: [1, 2],
  STFT: [1, 2],
}

/** Inputs that follow the data and take no gradient. */
const statistics: Readonly<Record<string, readonly number[]>> = { BatchNormalization: [3, 4] }

export interface Initializer {
  readonly proto: TensorProto
  readonly role: Role
}

/** Every initializer of the graph and of the graphs in it. */
export function initializersOf(graph: GraphProto): Initializer[] {
  const list: Initializer[] = []
  const visit = (inner: GraphProto): void => {
    const readers = readersOf(inner)
    for (const proto of inner.initializer)
      list.push({ proto, role: roleOf(proto, readers.get(proto.name ?? '') ?? []) })
    for (const node of inner.node) for (const nested of graphsOf(node)) visit(nested)
  }
  visit(graph)
  return list
}

type Reader = readonly [op: string, input: number]

/** Who reads each name, in the graph and in the graphs inside. */
function readersOf(graph: GraphProto): Map<string, Reader[]> {
  const readers = new Map<string, Reader[]>()
  const visit = (node: NodeProto): void => {
    node.input.forEach((name, i) => {
      const list = readers.get(name)
      if (list === undefined) readers.set(name, [[node.opType ?? '', i]])
      else list.push([node.opType ?? '', i])
    })
    for (const nested of graphsOf(node)) nested.node.forEach(visit)
  }
  graph.node.forEach(visit)
  return readers
}

/** Floats with an axis are trained, unless they are settings: a 0-d one is a number of the formula. */
function roleOf(proto: TensorProto, readers: readonly Reader[]): Role {
  const float = [1, 10, 11, 16].includes(proto.dataType ?? 0)
  if (!float || proto.dims.length === 0 || readers.length === 0) return 'constant'
  const reads = (table: Readonly<Record<string, readonly number[]>>): boolean =>
    readers.some(([op, i]) => Object.hasOwn(table, op) && table[op].includes(i))
  if (reads(settings)) return 'constant'
  return reads(statistics) ? 'buffer' : 'parameter'
}
