/**
 * Encodings of instructions as plain numbers: the forms of the table, spread over vector lengths and operand sizes, and
 * the choice among them by the kinds of the operands.
 */
import { InternalError } from '../../../core/errors.js'
import {
  type Form,
  type ImmediateType,
  type Length,
  type OperandType,
  parseForm,
} from './instruction-form.js'
import { instructions, type Mnemonic } from './instructions.js'
import { operandCodes } from './registers.js'

export const encodingKinds = { legacy: 0, vex: 1, evex: 2 } as const

/** One way to encode one combination of operand kinds. Operand fields are positions in the operand list, or -1. */
export interface Encoding {
  readonly kind: 0 | 1 | 2
  readonly prefix: number
  readonly map: number
  readonly opcode: number
  readonly digit: number
  readonly modrm: number
  readonly w: 0 | 1
  /** 0, 1, 2 for 128, 256, 512 bits. */
  readonly length: 0 | 1 | 2
  readonly size16: boolean
  readonly lock: boolean
  readonly reg: number
  readonly rm: number
  readonly vvvv: number
  readonly inOpcode: number
  readonly inImmediate: number
  readonly immediate: number
  readonly implied: number
  readonly immediateBytes: 0 | 1 | 2 | 4 | 8
  readonly immediateLow: number
  readonly immediateHigh: number
  /** What is added to negative immediates where they may be written as unsigned ones of the operands' size, or 0. */
  readonly immediateWrap: number
  /** Bytes that a displacement of one byte counts in. */
  readonly scale: number
  /** Bytes of the element that can be broadcast, 0 where none can. */
  readonly broadcast: number
  readonly mask: 'allowed' | 'none' | 'required'
  /** The destination is memory or a mask register, where masked-out elements cannot be zeroed. */
  readonly merges: boolean
  /** A mask register takes part, so that the processor must have AVX-512 whatever the encoding. */
  readonly hasMask: boolean
  /** A byte register takes part: 4…7 need a REX prefix. */
  readonly hasByte: boolean
  /** A gather, whose registers must all differ. */
  readonly gathers: boolean
  /** Bits of the memory operand, 0 where there is none or its size does not matter. */
  readonly memoryBits: number
  /** For each operand the kinds it may be of, as bits `1 << code`. */
  readonly accepts: readonly number[]
}

/** The ends of immediates, and their bytes; `iz` by the size of the operands. */
function immediateRange(type: ImmediateType, size: number): [1 | 2 | 4 | 8, number, number] {
  switch (type) {
    case 'i8':
      return [1, -0x80, 0x7f]
    case 'u8':
      return [1, 0, 0xff]
    case 'b8':
      return [1, -0x80, 0xff]
    case 'iz':
      if (size === 16) return [2, -0x8000, 0xffff]
      return [4, -0x80000000, size === 32 ? 0xffffffff : 0x7fffffff]
    case 'i32':
      return [4, -0x80000000, 0x7fffffff]
    case 'u32':
      return [4, 0, 0xffffffff]
    case 'i64':
      return [8, -(2 ** 63), 2 ** 64]
  }
}

const vectorCode = (length: Length): number =>
  length === 512 ? operandCodes.zmm : length === 256 ? operandCodes.ymm : operandCodes.xmm
const half = (length: Length): Length => (length === 512 ? 256 : 128)

function registerCode(register: NonNullable<OperandType['register']>, length: Length, size: number): number {
  switch (register) {
    case 'x':
      return operandCodes.xmm
    case 'y':
      return operandCodes.ymm
    case 'z':
      return operandCodes.zmm
    case 'v':
      return vectorCode(length)
    case 'h':
      return vectorCode(half(length))
    case 'g':
      return size === 16 ? operandCodes.r16 : size === 32 ? operandCodes.r32 : operandCodes.r64
    default:
      return operandCodes[register]
  }
}

function accepted(type: OperandType, length: Length, size: number): number {
  if (type.immediate !== null) return 1 << operandCodes.immediate
  let kinds = type.register === null ? 0 : 1 << registerCode(type.register, length, size)
  if (type.index !== null) {
    // The codes of indexed memory follow those of vectors in the same order.
    const index = vectorCode(type.index === 'v' ? length : half(length))
    kinds |= 1 << (index - operandCodes.xmm + operandCodes.indexedByXmm)
  } else if (type.memory) kinds |= 1 << operandCodes.memory
  return kinds
}

function memoryBytes({ bytes }: Form, length: Length): number {
  if (bytes === null) return 0
  if ('count' in bytes) return bytes.count
  if ('dup' in bytes) return length === 128 ? 8 : length / 8
  return length / 8 / bytes.part
}

function encode(form: Form, kind: 0 | 1 | 2, length: Length, size: 0 | 16 | 32 | 64): Encoding {
  const { roles, operands } = form
  const at = (role: string): number => roles.indexOf(role)
  const immediate = at('I')
  const effectiveSize = size !== 0 ? size : form.size16 ? 16 : form.operands[0]?.register === 'r64' ? 64 : 32
  const type = immediate < 0 ? null : operands[immediate].immediate!
  const [immediateBytes, immediateLow, immediateHigh] =
    type !== null ? immediateRange(type, effectiveSize) : ([at('S') >= 0 ? 1 : 0, 0, 0] as const)
  const memory = operands.find((o) => o.memory)
  const bytes = memoryBytes(form, length)
  const ownBits = memory?.bits === 'g' ? size : (memory?.bits ?? 0)
  const byGeneral = size === 64 ? 1 : 0
  const w = kind === 2 ? form.evexW : kind === 1 ? (form.vexW === 'g' ? byGeneral : form.vexW) : byGeneral
  return {
    kind,
    prefix: form.prefix,
    map: form.map,
    opcode: form.opcode,
    digit: form.digit,
    modrm: form.modrm,
    w: form.rexW ? 1 : w,
    length: length === 512 ? 2 : length === 256 ? 1 : 0,
    size16: form.size16 || (kind === 0 && size === 16),
    lock: form.lock,
    reg: at('R'),
    rm: at('M'),
    vvvv: at('V'),
    inOpcode: at('O'),
    inImmediate: at('S'),
    immediate,
    implied: at('C'),
    immediateBytes,
    immediateLow,
    immediateHigh,
    immediateWrap: type === 'i8' && (size === 16 || size === 32) ? 2 ** size : 0,
    scale: kind === 2 ? form.step || bytes || 1 : 1,
    broadcast: kind === 2 ? form.broadcast : 0,
    mask: form.mask,
    merges: operands[0]?.memory === true || operands[0]?.register === 'k',
    hasMask: operands.some((o) => o.register === 'k'),
    hasByte: operands.some((o) => o.register === 'r8' && !o.implied),
    gathers: operands[1]?.index != null,
    memoryBits: memory === undefined ? 0 : bytes !== 0 ? bytes * 8 : ownBits,
    accepts: operands.map((o) => accepted(o, length, size)),
  }
}

/** All encodings of a form: shorter vectors before longer ones, VEX before EVEX. */
function encodings(form: Form): Encoding[] {
  if (form.legacy)
    return (form.sizes.length > 0 ? form.sizes : ([0] as const)).map((s) => encode(form, 0, 128, s))
  const all: Encoding[] = []
  for (const length of form.lengths)
    for (const size of form.sizes.length > 0 ? form.sizes : ([0] as const)) {
      if (form.vex && length !== 512) all.push(encode(form, encodingKinds.vex, length, size))
      if (form.evex) all.push(encode(form, encodingKinds.evex, length, size))
    }
  return all
}

/** A mnemonic's encodings; those of each combination of operand kinds are found once. */
export class Instruction {
  readonly mnemonic: Mnemonic
  readonly encodings: readonly Encoding[]
  private readonly bySignature = new Map<number, readonly Encoding[]>()

  constructor(mnemonic: Mnemonic) {
    this.mnemonic = mnemonic
    this.encodings = instructions[mnemonic].split(' | ').map(parseForm).flatMap(encodings)
  }

  /**
   * The encodings for operands of these kinds in the order of preference. The signature has four bits for each operand,
   * the last operand lowest, and above the 20 bits of five operands the eighth part of the memory operand's bits, or 0.
   * None where nothing fits; throws where memory's size decides and is not given.
   */
  find(signature: number, operands: number): readonly Encoding[] {
    const known = this.bySignature.get(signature)
    if (known !== undefined) return known
    const bits = (signature >>> 20) * 8
    const matching = this.encodings.filter(
      ({ accepts, memoryBits }) =>
        accepts.length === operands &&
        accepts.every(
          (kinds, i) => ((kinds >>> ((signature >>> (4 * (operands - 1 - i))) & 15)) & 1) === 1,
        ) &&
        (bits === 0 || memoryBits === 0 || memoryBits === bits),
    )
    const sizes = new Set(matching.map(({ memoryBits }) => memoryBits))
    if (bits === 0 && sizes.size > 1 && hasMemory(signature))
      throw new InternalError(
        `expected the size of the memory operand of '${this.mnemonic}', which no register tells, got none; ` +
          `pass { size: ${[...sizes].join(' or ')} }`,
      )
    this.bySignature.set(signature, matching)
    return matching
  }
}

function hasMemory(signature: number): boolean {
  for (let rest = signature & 0xfffff; rest !== 0; rest >>>= 4)
    if ((rest & 15) >= operandCodes.memory) return true
  return false
}

const compiled = new Map<string, Instruction>()

/** The instruction of a mnemonic; its part of the table is read when it is first used. */
export function instructionOf(mnemonic: Mnemonic): Instruction {
  let instruction = compiled.get(mnemonic)
  if (instruction === undefined) {
    if (!Object.hasOwn(instructions, mnemonic))
      throw new InternalError(`expected a mnemonic of the x86 table, got '${mnemonic}'`)
    instruction = new Instruction(mnemonic)
    compiled.set(mnemonic, instruction)
  }
  return instruction
}
