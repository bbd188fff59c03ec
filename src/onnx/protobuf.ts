/**
 * Protobuf messages to plain objects and back, by the table of `schema.ts`. Bytes are untrusted: what they make is
 * bounded by their length, nesting and number of messages have limits, and whatever does not fit is a `DataError`.
 */
import { BinaryReader, BinaryWriter, WireType } from '@bufbuild/protobuf/wire'
import { ChainruleError, DataError } from '../core/errors.js'
import { type Field, type FieldType, type MessageName, type Messages, messages } from './schema.js'

/** Messages inside messages: control flow nests graphs, and each level of graphs is three messages. */
const maxDepth = 96
/** Messages in one file. An empty message costs two bytes in the file and much more in memory. */
const maxMessages = 5_000_000

/** Scalars that may come packed: a run of values in one length-delimited field. */
const packable: ReadonlySet<FieldType> = new Set(['int32', 'int64', 'big', 'ubig', 'float', 'double'])

type Plain = Record<string, unknown>

interface Budget {
  messages: number
}

/** Decodes a message. Throws `DataError` for bytes that are not one. */
export function decodeMessage<M extends MessageName>(name: M, bytes: Uint8Array, what: string): Messages[M] {
  try {
    // Node's Buffer has a `slice` that copies nothing: from here on it is a plain array.
    const plain = new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    return decode(name, plain, 0, { messages: maxMessages }) as unknown as Messages[M]
  } catch (error) {
    if (error instanceof ChainruleError) throw error
    throw new DataError(
      `Expected ${what} (a protobuf message of ${bytes.length} bytes), but it is cut off or damaged: ${(error as Error).message}.`,
      { cause: error },
    )
  }
}

function decode(name: MessageName, bytes: Uint8Array, depth: number, budget: Budget): Plain {
  if (depth > maxDepth) throw new DataError(`ONNX: expected at most ${maxDepth} nested messages, got more.`)
  if (--budget.messages < 0) {
    throw new DataError(`ONNX: expected at most ${maxMessages} messages in one file, got more.`)
  }
  const fields = messages[name]
  const message: Plain = {}
  for (const field of Object.values(fields)) if (field.repeated) message[field.name] = []
  if (name === 'Opaque') return message
  const reader = new BinaryReader(bytes)
  while (reader.pos < reader.len) {
    const [number, wire] = reader.tag()
    const field: Field | undefined = fields[number]
    if (field === undefined) {
      reader.skip(wire, number)
      continue
    }
    readField(reader, field, wire, message, depth, budget)
  }
  return message
}

function readField(
  reader: BinaryReader,
  field: Field,
  wire: WireType,
  message: Plain,
  depth: number,
  budget: Budget,
): void {
  const { name, type, repeated } = field
  if (wire === WireType.LengthDelimited && packable.has(type)) {
    if (!repeated) throw new DataError(`ONNX: expected one value in the field '${name}', got a list.`)
    const bytes = reader.bytes()
    const packed = new BinaryReader(bytes)
    const list = message[name] as unknown[]
    while (packed.pos < packed.len) list.push(scalar(packed, type))
    return
  }
  if (wire !== wireOf(type)) {
    throw new DataError(`ONNX: the field '${name}' has the wire type ${wire}, expected ${wireOf(type)}.`)
  }
  if (type in messages) {
    const bytes = reader.bytes()
    const value = decode(type as MessageName, bytes, depth + 1, budget)
    if (repeated) (message[name] as unknown[]).push(value)
    else message[name] = value
    return
  }
  const value = scalar(reader, type)
  if (repeated) (message[name] as unknown[]).push(value)
  else message[name] = value
}

function wireOf(type: FieldType): WireType {
  switch (type) {
    case 'int32':
    case 'int64':
    case 'big':
    case 'ubig':
      return WireType.Varint
    case 'float':
      return WireType.Bit32
    case 'double':
      return WireType.Bit64
    default:
      return WireType.LengthDelimited
  }
}

function scalar(reader: BinaryReader, type: FieldType): unknown {
  switch (type) {
    case 'int32':
      return reader.int32()
    case 'int64':
      return Number(reader.int64())
    case 'big':
      return BigInt(reader.int64())
    case 'ubig':
      return BigInt(reader.uint64())
    case 'float':
      return reader.float()
    case 'double':
      return reader.double()
    case 'string':
      return reader.string()
    default:
      return reader.bytes()
  }
}

/** The bytes of a message. Fields that are undefined or empty lists are left out. */
export function encodeMessage<M extends MessageName>(name: M, message: Messages[M]): Uint8Array<ArrayBuffer> {
  const writer = new BinaryWriter()
  encode(writer, name, message as unknown as Plain)
  return writer.finish()
}

function encode(writer: BinaryWriter, name: MessageName, message: Plain): void {
  for (const [number, field] of Object.entries(messages[name])) {
    const value = message[field.name]
    if (value === undefined) continue
    if (!field.repeated) {
      writeField(writer, Number(number), field.type, value)
      continue
    }
    const list = value as readonly unknown[]
    if (list.length === 0) continue
    if (packable.has(field.type)) {
      writer.tag(Number(number), WireType.LengthDelimited).fork()
      for (const item of list) writeScalar(writer, field.type, item)
      writer.join()
    } else {
      for (const item of list) writeField(writer, Number(number), field.type, item)
    }
  }
}

function writeField(writer: BinaryWriter, number: number, type: FieldType, value: unknown): void {
  writer.tag(number, wireOf(type))
  if (type in messages) {
    writer.fork()
    encode(writer, type as MessageName, value as Plain)
    writer.join()
  } else {
    writeScalar(writer, type, value)
  }
}

function writeScalar(writer: BinaryWriter, type: FieldType, value: unknown): void {
  switch (type) {
    case 'int32':
      writer.int32(value as number)
      return
    case 'int64':
      writer.int64(BigInt(value as number))
      return
    case 'big':
      writer.int64(value as bigint)
      return
    case 'ubig':
      writer.uint64(value as bigint)
      return
    case 'float':
      writer.float(value as number)
      return
    case 'double':
      writer.double(value as number)
      return
    case 'string':
      writer.string(value as string)
      return
    default:
      writer.bytes(value as Uint8Array)
  }
}
