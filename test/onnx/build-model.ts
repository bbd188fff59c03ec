/** ONNX files put together by hand. */
import { encodeMessage } from '../../src/onnx/protobuf.js'
import type { AttributeProto, GraphProto, ModelProto, NodeProto, TensorProto } from '../../src/onnx/schema.js'

/** A node. */
export const node = (
  opType: string,
  input: string[],
  output: string[],
  attribute: NodeProto['attribute'] = [],
): NodeProto => ({
  opType,
  input,
  output,
  attribute,
})

/** A graph from x to y, unless `parts` say otherwise. */
export const graphOf = (parts: Partial<GraphProto>): GraphProto => ({
  name: 'g',
  node: [],
  initializer: [],
  sparseInitializer: [],
  valueInfo: [],
  input: [{ name: 'x', type: { tensorType: { elemType: 1 } } }],
  output: [{ name: 'y', type: { tensorType: { elemType: 1 } } }],
  ...parts,
})

/** The bytes of a model. */
export const fileOf = (graph: GraphProto, more: Partial<ModelProto> = {}): Uint8Array =>
  encodeMessage('Model', {
    irVersion: 8,
    opsetImport: [{ domain: '', version: 17 }],
    metadataProps: [],
    functions: [],
    graph,
    ...more,
  })

/** A vector of int64 as initializer. */
export const int64s = (name: string, values: number[]): TensorProto => ({
  name,
  dims: [values.length],
  dataType: 7,
  int64Data: values.map(BigInt),
  floatData: [],
  int32Data: [],
  stringData: [],
  doubleData: [],
  uint64Data: [],
  externalData: [],
})

/** An attribute. */
export const attributeOf = (name: string, parts: object): AttributeProto => ({
  name,
  floats: [],
  ints: [],
  strings: [],
  tensors: [],
  graphs: [],
  ...parts,
})
