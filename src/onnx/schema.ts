/**
 * The messages of ONNX files (onnx.proto3 of ONNX 1.17 and later) that are read and written here: one table of fields
 * and the types that decoding gives. Fields that are not named are skipped.
 */

/**
 * How a field travels. `int64` becomes a JavaScript number (ONNX uses it for sizes and attributes), `big` stays a
 * bigint. Lower-case names are scalars, the others are messages of the table.
 */
export type FieldType =
  | 'int32'
  | 'int64'
  | 'big'
  | 'ubig'
  | 'float'
  | 'double'
  | 'string'
  | 'bytes'
  | MessageName

export interface Field {
  readonly name: string
  readonly type: FieldType
  readonly repeated: boolean
}

const one = (name: string, type: FieldType): Field => ({ name, type, repeated: false })
const many = (name: string, type: FieldType): Field => ({ name, type, repeated: true })

export interface StringStringEntry {
  key?: string
  value?: string
}

export interface TensorProto {
  dims: number[]
  dataType?: number
  segment?: object
  floatData: number[]
  int32Data: number[]
  stringData: Uint8Array[]
  int64Data: bigint[]
  name?: string
  rawData?: Uint8Array
  doubleData: number[]
  uint64Data: bigint[]
  externalData: StringStringEntry[]
  dataLocation?: number
}

export interface SparseTensorProto {
  values?: TensorProto
  indices?: TensorProto
  dims: number[]
}

export interface AttributeProto {
  name?: string
  f?: number
  i?: number
  s?: Uint8Array
  t?: TensorProto
  g?: GraphProto
  floats: number[]
  ints: number[]
  strings: Uint8Array[]
  tensors: TensorProto[]
  graphs: GraphProto[]
  type?: number
  refAttrName?: string
  sparseTensor?: SparseTensorProto
  tp?: TypeProto
}

export interface NodeProto {
  input: string[]
  output: string[]
  name?: string
  opType?: string
  attribute: AttributeProto[]
  domain?: string
  overload?: string
}

export interface Dimension {
  dimValue?: number
  dimParam?: string
}

export interface TensorShapeProto {
  dim: Dimension[]
}

export interface TypeProto {
  tensorType?: { elemType?: number; shape?: TensorShapeProto }
  sequenceType?: { elemType?: TypeProto }
  mapType?: object
  sparseTensorType?: object
  optionalType?: { elemType?: TypeProto }
}

export interface ValueInfoProto {
  name?: string
  type?: TypeProto
}

export interface GraphProto {
  node: NodeProto[]
  name?: string
  initializer: TensorProto[]
  sparseInitializer: SparseTensorProto[]
  input: ValueInfoProto[]
  output: ValueInfoProto[]
  valueInfo: ValueInfoProto[]
}

export interface OperatorSetId {
  domain?: string
  version?: number
}

export interface FunctionProto {
  name?: string
  input: string[]
  output: string[]
  attribute: string[]
  node: NodeProto[]
  opsetImport: OperatorSetId[]
  domain?: string
  attributeProto: AttributeProto[]
  overload?: string
}

export interface ModelProto {
  irVersion?: number
  producerName?: string
  producerVersion?: string
  domain?: string
  modelVersion?: number
  docString?: string
  graph?: GraphProto
  opsetImport: OperatorSetId[]
  metadataProps: StringStringEntry[]
  functions: FunctionProto[]
}

export interface SequenceProto {
  name?: string
  elemType?: number
  tensorValues: TensorProto[]
  sparseTensorValues: SparseTensorProto[]
  sequenceValues: SequenceProto[]
  mapValues: object[]
  optionalValues: OptionalProto[]
}

export interface OptionalProto {
  name?: string
  elemType?: number
  tensorValue?: TensorProto
  sparseTensorValue?: SparseTensorProto
  sequenceValue?: SequenceProto
  mapValue?: object
  optionalValue?: OptionalProto
}

/** Every message by name. */
export interface Messages {
  Model: ModelProto
  Graph: GraphProto
  Node: NodeProto
  Attribute: AttributeProto
  Tensor: TensorProto
  SparseTensor: SparseTensorProto
  ValueInfo: ValueInfoProto
  Type: TypeProto
  TensorType: NonNullable<TypeProto['tensorType']>
  NestedType: { elemType?: TypeProto }
  Shape: TensorShapeProto
  Dimension: Dimension
  OperatorSet: OperatorSetId
  Function: FunctionProto
  Entry: StringStringEntry
  Sequence: SequenceProto
  Optional: OptionalProto
  /** A message that is only noticed, never read. */
  Opaque: object
}

export type MessageName = keyof Messages

/** Field numbers of each message. */
export const messages: Readonly<Record<MessageName, Readonly<Record<number, Field>>>> = {
  Model: {
    1: one('irVersion', 'int64'),
    2: one('producerName', 'string'),
    3: one('producerVersion', 'string'),
    4: one('domain', 'string'),
    5: one('modelVersion', 'int64'),
    6: one('docString', 'string'),
    7: one('graph', 'Graph'),
    8: many('opsetImport', 'OperatorSet'),
    14: many('metadataProps', 'Entry'),
    25: many('functions', 'Function'),
  },
  Graph: {
    1: many('node', 'Node'),
    2: one('name', 'string'),
    5: many('initializer', 'Tensor'),
    11: many('input', 'ValueInfo'),
    12: many('output', 'ValueInfo'),
    13: many('valueInfo', 'ValueInfo'),
    15: many('sparseInitializer', 'SparseTensor'),
  },
  Node: {
    1: many('input', 'string'),
    2: many('output', 'string'),
    3: one('name', 'string'),
    4: one('opType', 'string'),
    5: many('attribute', 'Attribute'),
    7: one('domain', 'string'),
    8: one('overload', 'string'),
  },
  Attribute: {
    1: one('name', 'string'),
    2: one('f', 'float'),
    3: one('i', 'int64'),
    4: one('s', 'bytes'),
    5: one('t', 'Tensor'),
    6: one('g', 'Graph'),
    7: many('floats', 'float'),
    8: many('ints', 'int64'),
    9: many('strings', 'bytes'),
    10: many('tensors', 'Tensor'),
    11: many('graphs', 'Graph'),
    14: one('tp', 'Type'),
    20: one('type', 'int32'),
    21: one('refAttrName', 'string'),
    22: one('sparseTensor', 'SparseTensor'),
  },
  Tensor: {
    1: many('dims', 'int64'),
    2: one('dataType', 'int32'),
    3: one('segment', 'Opaque'),
    4: many('floatData', 'float'),
    5: many('int32Data', 'int32'),
    6: many('stringData', 'bytes'),
    7: many('int64Data', 'big'),
    8: one('name', 'string'),
    9: one('rawData', 'bytes'),
    10: many('doubleData', 'double'),
    11: many('uint64Data', 'ubig'),
    13: many('externalData', 'Entry'),
    14: one('dataLocation', 'int32'),
  },
  SparseTensor: { 1: one('values', 'Tensor'), 2: one('indices', 'Tensor'), 3: many('dims', 'int64') },
  ValueInfo: { 1: one('name', 'string'), 2: one('type', 'Type') },
  Type: {
    1: one('tensorType', 'TensorType'),
    4: one('sequenceType', 'NestedType'),
    5: one('mapType', 'Opaque'),
    8: one('sparseTensorType', 'Opaque'),
    9: one('optionalType', 'NestedType'),
  },
  TensorType: { 1: one('elemType', 'int32'), 2: one('shape', 'Shape') },
  NestedType: { 1: one('elemType', 'Type') },
  Shape: { 1: many('dim', 'Dimension') },
  Dimension: { 1: one('dimValue', 'int64'), 2: one('dimParam', 'string') },
  OperatorSet: { 1: one('domain', 'string'), 2: one('version', 'int64') },
  Function: {
    1: one('name', 'string'),
    4: many('input', 'string'),
    5: many('output', 'string'),
    6: many('attribute', 'string'),
    7: many('node', 'Node'),
    9: many('opsetImport', 'OperatorSet'),
    10: one('domain', 'string'),
    11: many('attributeProto', 'Attribute'),
    13: one('overload', 'string'),
  },
  Entry: { 1: one('key', 'string'), 2: one('value', 'string') },
  Sequence: {
    1: one('name', 'string'),
    2: one('elemType', 'int32'),
    3: many('tensorValues', 'Tensor'),
    4: many('sparseTensorValues', 'SparseTensor'),
    5: many('sequenceValues', 'Sequence'),
    6: many('mapValues', 'Opaque'),
    7: many('optionalValues', 'Optional'),
  },
  Optional: {
    1: one('name', 'string'),
    2: one('elemType', 'int32'),
    3: one('tensorValue', 'Tensor'),
    4: one('sparseTensorValue', 'SparseTensor'),
    5: one('sequenceValue', 'Sequence'),
    6: one('mapValue', 'Opaque'),
    7: one('optionalValue', 'Optional'),
  },
  Opaque: {},
}
