/**
 * What flows along the edges of an ONNX graph: tensors (nodes of Chainrule's graph with the ONNX type they stand for),
 * sequences and optionals, which exist only on the host.
 */
import type { TypedArray } from '../core/dtype.js'
import { DataError, TraceError } from '../core/errors.js'
import { sizeOf } from '../core/shape.js'
import { Storage } from '../core/storage.js'
import * as b from '../ir/build.js'
import { type Node, storageOf, topologicalOrder } from '../ir/node.js'
import { currentBackend } from '../runtime/devices.js'
import { executableFor } from '../runtime/executables.js'
import { closedGraph, graphKey } from '../runtime/graph.js'
import { inputStorage, realize } from '../runtime/realize.js'
import { isSymbolic, tracing } from '../runtime/state.js'
import { dtypeOf, type ElementType } from './element-type.js'
import type { OnnxArray } from './tensor-proto.js'

export interface OnnxTensor {
  readonly kind: 'tensor'
  readonly type: ElementType
  readonly node: Node
}

export interface OnnxSequence {
  readonly kind: 'sequence'
  readonly items: readonly OnnxValue[]
}

export interface OnnxOptional {
  readonly kind: 'optional'
  readonly value: OnnxValue | null
}

export type OnnxValue = OnnxTensor | OnnxSequence | OnnxOptional

export const tensorValue = (node: Node, type: ElementType): OnnxTensor => ({ kind: 'tensor', type, node })
export const sequenceValue = (items: readonly OnnxValue[]): OnnxSequence => ({ kind: 'sequence', items })
export const optionalValue = (value: OnnxValue | null): OnnxOptional => ({ kind: 'optional', value })

/** A leaf with these values. */
export function constantTensor({ type, shape, data }: OnnxArray): OnnxTensor {
  const own = data.byteLength === data.buffer.byteLength ? data : (data.slice() as TypedArray)
  const storage = new Storage(dtypeOf(type), own.length, own.buffer as ArrayBuffer)
  return tensorValue(b.buffer(storage, [...shape]), type)
}

/** Integers as an int64 tensor. */
export const int64Tensor = (values: readonly number[], shape: readonly number[]): OnnxTensor =>
  constantTensor({ type: 'int64', shape, data: BigInt64Array.from(values, BigInt) })

/**
 * Whether the value can be known while the graph is built: everywhere but in what depends on the arguments of a traced
 * step or a loop body.
 */
export const isKnown = (node: Node): boolean =>
  node.storage !== null ||
  (tracing === null && !isSymbolic()) ||
  !topologicalOrder([node]).some((n) => n.op === 'placeholder' && n.storage === null)

/**
 * The values of a node now: shapes are static here, so what becomes a shape, an axis or a trip count is read on the
 * host. Throws `TraceError` where they depend on what is being traced.
 */
export function hostValues(node: Node, what: string): TypedArray {
  if (node.storage === null) {
    if (!isKnown(node)) {
      throw new TraceError(
        `${what} depends on the values of the model's inputs, and sizes must be known while a step is traced. Run the ` +
          'model eagerly, outside of compile(), vmap() and scan().',
      )
    }
    if (tracing === null && !isSymbolic()) realize([node])
    else computeKnown(node)
  }
  return storageOf(node).array()
}

/** Computes a node that depends on no placeholder, also while something is traced. */
function computeKnown(node: Node): void {
  if (sizeOf(node.shape) === 0) {
    node.storage = new Storage(node.dtype, 0, new ArrayBuffer(0))
    return
  }
  const order = topologicalOrder([node])
  const { key, inputs } = graphKey(order, [node])
  const executable = executableFor(currentBackend(), key, () => closedGraph(order, inputs, [node]))
  const storage = new Storage(node.dtype, sizeOf(node.shape))
  executable.run(inputs.map(inputStorage), [storage])
  node.storage = storage
}

/** The tensor of a value that must be one. */
export function asTensor(value: OnnxValue, what: string): OnnxTensor {
  if (value.kind === 'tensor') return value
  if (value.kind === 'optional' && value.value?.kind === 'tensor') return value.value
  throw new DataError(`${what}: expected a tensor, got ${article(value)}.`)
}

export const article = (value: OnnxValue): string =>
  value.kind === 'optional' ? 'an optional' : `a ${value.kind}`
