/**
 * The ONNX project's backend test cases: a model, its inputs and the outputs that are expected, as Debian's
 * `libonnx-testdata` installs them. Running one says whether it passed, failed or was refused, and why.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { ChainruleError, type Tensor } from '../../src/index.js'
import { tensorOfArray } from '../../src/io/tensor-arrays.js'
import { dtypeOf } from '../../src/onnx/element-type.js'
import type { OnnxData, OnnxModel, OnnxPort } from '../../src/onnx/onnx-model.js'
import { decodeMessage, encodeMessage } from '../../src/onnx/protobuf.js'
import { readOnnx } from '../../src/onnx/read-onnx.js'
import type { AttributeProto, OptionalProto, SequenceProto } from '../../src/onnx/schema.js'
import { type OnnxArray, readTensor } from '../../src/onnx/tensor-proto.js'
import { randomCases } from './random-cases.js'

export const defaultRoot = '/usr/share/libonnx-testdata/data'
export const sets = ['node', 'pytorch-converted', 'pytorch-operator', 'simple'] as const

export interface OnnxCase {
  /** `set/name`. */
  readonly name: string
  readonly folder: string
}

export interface Outcome {
  readonly name: string
  readonly status: 'passed' | 'failed' | 'refused'
  readonly reason: string
}

/** Every case below the root, in order; empty where the package is not installed. */
export function onnxCases(root = defaultRoot): OnnxCase[] {
  return sets.flatMap((set) => {
    const folder = join(root, set)
    if (!existsSync(folder)) return []
    return readdirSync(folder)
      .sort()
      .map((name) => ({ name: `${set}/${name}`, folder: join(folder, name) }))
      .filter((c) => existsSync(join(c.folder, 'model.onnx')))
  })
}

/** What an expected value is: the array itself, a list of them, or nothing. */
type Expected = OnnxArray | readonly Expected[] | null

function readSequence(proto: SequenceProto): Expected {
  if (proto.sequenceValues.length > 0) return proto.sequenceValues.map(readSequence)
  if (proto.optionalValues.length > 0) return proto.optionalValues.map(readOptional)
  return proto.tensorValues.map((t) => readTensor(t, null))
}

function readOptional(proto: OptionalProto): Expected {
  if (proto.tensorValue !== undefined) return readTensor(proto.tensorValue, null)
  if (proto.sequenceValue !== undefined) return readSequence(proto.sequenceValue)
  if (proto.optionalValue !== undefined) return readOptional(proto.optionalValue)
  return null
}

function readValue(port: OnnxPort, bytes: Uint8Array): Expected {
  if (port.kind === 'sequence') return readSequence(decodeMessage('Sequence', bytes, 'a sequence'))
  if (port.kind === 'optional') return readOptional(decodeMessage('Optional', bytes, 'an optional'))
  const value = readTensor(decodeMessage('Tensor', bytes, 'a tensor'), null)
  // NumPy has no bfloat16: the cases that have one store its bits as uint16.
  if (port.type !== 'bfloat16' || value.type !== 'uint16') return value
  return { ...value, type: 'bfloat16', data: Uint16Array.from(value.data, Number) }
}

const isArray = (value: Expected): value is OnnxArray => value !== null && 'data' in value

function dataOf(value: Expected): OnnxData {
  if (value === null) return null
  if (!isArray(value)) return value.map(dataOf)
  return tensorOfArray({ dtype: dtypeOf(value.type), shape: value.shape, data: value.data })
}

/**
 * Numbers as the ONNX project compares them, |actual − expected| ≤ 1e-7 + 1e-3·|expected|. The cases' bfloat16 numbers
 * are cut where the operator rounds, so that they may differ by one unit, 2^-7.
 */
function compareNumbers(
  actual: ArrayLike<number | bigint>,
  expected: ArrayLike<number | bigint>,
  relative: number,
): string | null {
  for (let i = 0; i < expected.length; i++) {
    const [a, e] = [actual[i], expected[i]]
    if (a === e || (Number.isNaN(a) && Number.isNaN(e))) continue
    const [x, y] = [Number(a), Number(e)]
    if (Math.abs(x - y) <= 1e-7 + relative * Math.abs(y)) continue
    return `element ${i} is ${a}, expected ${e}`
  }
  return null
}

async function compare(actual: OnnxData, expected: Expected, path: string): Promise<string | null> {
  if (expected === null) return actual === null ? null : `${path} should be missing`
  if (!isArray(expected)) {
    if (!Array.isArray(actual)) return `${path} should be a sequence`
    if (actual.length !== expected.length)
      return `${path} has ${actual.length} items, expected ${expected.length}`
    for (let i = 0; i < expected.length; i++) {
      const problem = await compare(actual[i], expected[i], `${path}[${i}]`)
      if (problem !== null) return problem
    }
    return null
  }
  if (actual === null || Array.isArray(actual)) return `${path} should be a tensor`
  const tensor = actual as Tensor
  const dtype = dtypeOf(expected.type)
  if (tensor.dtype !== dtype) return `${path} is ${tensor.dtype}, expected ${dtype}`
  if (tensor.shape.join() !== expected.shape.join()) {
    return `${path} has shape [${tensor.shape.join(', ')}], expected [${expected.shape.join(', ')}]`
  }
  const wanted = await (dataOf(expected) as Tensor).data()
  const problem = compareNumbers(await tensor.data(), wanted, dtype === 'bf16' ? 2 ** -7 : 1e-3)
  return problem === null ? null : `${path}: ${problem}`
}

function readData(folder: string, kind: 'input' | 'output', ports: readonly OnnxPort[]): Expected[] {
  return ports.flatMap((port, i) => {
    const file = join(folder, `${kind}_${i}.pb`)
    return existsSync(file) ? [readValue(port, readFileSync(file))] : []
  })
}

async function runData(model: OnnxModel, name: string, folder: string): Promise<string | null> {
  const inputs = readData(folder, 'input', model.inputs()).map(dataOf)
  const expected = readData(folder, 'output', model.outputs())
  const results = model.run(
    Object.fromEntries(model.inputs().map((port, i) => [port.name, inputs[i] ?? null])),
  )
  const random = randomCases[name.replace(/_expanded$/, '')]
  for (let i = 0; i < expected.length; i++) {
    const { name: output } = model.outputs()[i]
    const problem =
      random === undefined
        ? await compare(results[output], expected[i], `output '${output}'`)
        : await random(results[output] as Tensor, inputs as readonly Tensor[], i)
    if (problem !== null) return problem
  }
  return null
}

/** Cases whose inputs have other sizes than their models declare. */
const wrongShapes = /castlike_(BFLOAT16_to_FLOAT|FLOAT_to_BFLOAT16)/

/** Attributes that the expected data was made with and the models lack. */
const missingAttributes: Readonly<Record<string, AttributeProto>> = {
  'node/test_adam_multiple': {
    name: 'epsilon',
    f: 0.01,
    type: 1,
    floats: [],
    ints: [],
    strings: [],
    tensors: [],
    graphs: [],
  },
}

function openCase(name: string, bytes: Uint8Array): OnnxModel {
  const missing = missingAttributes[name]
  if (missing === undefined) return readOnnx(bytes, { checkShapes: !wrongShapes.test(name) })
  const model = decodeMessage('Model', bytes, 'a model')
  for (const node of model.graph!.node) node.attribute.push(missing)
  return readOnnx(encodeMessage('Model', model))
}

/** Runs one case on the device in use. */
export async function runCase({ name, folder }: OnnxCase): Promise<Outcome> {
  let model: OnnxModel
  try {
    model = openCase(name, readFileSync(join(folder, 'model.onnx')))
  } catch (error) {
    const status = error instanceof ChainruleError ? 'refused' : 'failed'
    return { name, status, reason: (error as Error).message }
  }
  try {
    const folders = readdirSync(folder).filter((f) => f.startsWith('test_data_set_'))
    for (const data of folders.sort()) {
      const problem = await runData(model, name, join(folder, data))
      if (problem !== null) return { name, status: 'failed', reason: `${data}: ${problem}` }
    }
    return { name, status: 'passed', reason: '' }
  } catch (error) {
    const refused = error instanceof ChainruleError && /not supported/.test(error.message)
    return { name, status: refused ? 'refused' : 'failed', reason: (error as Error).message }
  }
}
