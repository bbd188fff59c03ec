/**
 * An assembler of x86-64: instructions by the table, labels, jumps and constant data. VEX encodings are chosen where
 * they exist and reach the operands, since they are shorter; EVEX ones for zmm, registers 16…31, masks and broadcasts.
 */
import { InternalError } from '../../../core/errors.js'
import { type Condition, conditionCodes } from './conditions.js'
import { ConstantPool } from './constant-pool.js'
import { type Encoding, encodingKinds, type Instruction, instructionOf } from './encoding.js'
import type { Mnemonic } from './instructions.js'
import type { Label } from './label.js'
import { operandText } from './operand-text.js'
import { type Mem, type Operand, operandCodes, type Reg } from './registers.js'

export type { Condition } from './conditions.js'
export type { Label } from './label.js'

export interface InstructionOptions {
  /** The mask register (k1…k7) of the elements that are written; the others keep their values. */
  readonly mask?: Reg
  /** Elements outside the mask become 0 instead. */
  readonly zero?: boolean
  /** Bits of the memory operand, needed where no register tells them: `mov [rax], 1`, `movzx`, `vcvtpd2ps xmm, [rax]`. */
  readonly size?: 8 | 16 | 32 | 64 | 128 | 256 | 512
}

/** Bytes that no instruction exceeds (the longest has 15). */
const longest = 24

/** The recommended instructions without effect of 1…9 bytes. */
const nops: readonly (readonly number[])[] = [
  [0x90],
  [0x66, 0x90],
  [0x0f, 0x1f, 0x00],
  [0x0f, 0x1f, 0x40, 0x00],
  [0x0f, 0x1f, 0x44, 0x00, 0x00],
  [0x66, 0x0f, 0x1f, 0x44, 0x00, 0x00],
  [0x0f, 0x1f, 0x80, 0x00, 0x00, 0x00, 0x00],
  [0x0f, 0x1f, 0x84, 0x00, 0x00, 0x00, 0x00, 0x00],
  [0x66, 0x0f, 0x1f, 0x84, 0x00, 0x00, 0x00, 0x00, 0x00],
]

const mandatoryPrefixes = [0, 0x66, 0xf3, 0xf2]
const scaleBits: Readonly<Record<number, number>> = { 1: 0x00, 2: 0x40, 4: 0x80, 8: 0xc0 }

export class Assembler {
  private readonly avx512: boolean
  private bytes = new Uint8Array(4096)
  private length = 0
  private readonly labels: Label[] = []
  private readonly positions: number[] = []
  /** Four numbers for each: where 4 bytes are filled in, what they count from, the label's id, what is added. */
  private readonly fixups: number[] = []
  private readonly constants = new ConstantPool()

  constructor(options: { readonly avx512: boolean }) {
    this.avx512 = options.avx512
  }

  get position(): number {
    return this.length
  }

  label(): Label {
    const label = { id: this.labels.length }
    this.labels.push(label)
    this.positions.push(-1)
    return label
  }

  /** The label stands for the next instruction from now on. */
  bind(label: Label): void {
    this.check(label)
    if (this.positions[label.id] >= 0)
      throw new InternalError(`expected an unbound label, got label ${label.id}`)
    this.positions[label.id] = this.length
  }

  /**
   * Emits one instruction, destination first. Throws `InternalError` for a combination of operands that the table
   * lacks, that needs AVX-512 where it is not allowed, or whose memory operand's size is not known.
   */
  emit(mnemonic: Mnemonic, operands: readonly Operand[], options?: InstructionOptions): void {
    const mask = options?.mask
    let signature = (options?.size ?? 0) / 8
    let evex = mask !== undefined
    let broadcast = false
    for (let i = 0; i < operands.length; i++) {
      const operand = operands[i]
      let code: number = operandCodes.immediate
      if (typeof operand === 'object') {
        if ('code' in operand) {
          code = operand.code
          // General registers and masks end before 16.
          if (operand.n > 15) evex = true
        } else {
          code = operandCodes.memory
          if (operand.broadcast === true) evex = broadcast = true
          if (operand.index !== null && operand.index.code !== operandCodes.r64) {
            code = operand.index.code - operandCodes.xmm + operandCodes.indexedByXmm
            if (operand.index.n > 15) evex = true
          }
        }
      }
      signature = (signature << 4) | code
    }
    // Five operands have 20 bits whatever their number is; the size stands above them.
    if (operands.length < 5 && options?.size !== undefined) {
      const bits = 4 * operands.length
      signature = (signature & ((1 << bits) - 1)) | ((signature >>> bits) << 20)
    }
    const instruction = instructionOf(mnemonic)
    const encoding = this.choose(instruction, signature, operands, evex, broadcast, options)
    if (this.length + longest > this.bytes.length) this.grow(longest)
    if (encoding.kind === encodingKinds.legacy) this.legacy(encoding, operands)
    else if (encoding.kind === encodingKinds.vex) this.vex(encoding, operands)
    else this.evex(encoding, operands, broadcast, mask === undefined ? 0 : mask.n, options?.zero === true)
    // What follows ModRM; instructions without one have no memory operand either.
    this.operand(encoding, operands, broadcast)
  }

  private choose(
    instruction: Instruction,
    signature: number,
    operands: readonly Operand[],
    evex: boolean,
    broadcast: boolean,
    options: InstructionOptions | undefined,
  ): Encoding {
    const candidates = instruction.find(signature, operands.length)
    const mask = options?.mask
    for (let i = 0; i < candidates.length; i++) {
      const e = candidates[i]
      if (evex && e.kind !== encodingKinds.evex) continue
      if (e.immediate >= 0 && !fits(operands[e.immediate], e)) continue
      if (e.implied >= 0 && !isImplied(operands[e.implied])) continue
      if (!this.avx512 && (e.kind === encodingKinds.evex || e.hasMask)) continue
      if (broadcast && e.broadcast === 0) continue
      if (mask === undefined ? e.mask === 'required' : e.mask === 'none' || mask.kind !== 'k' || mask.n === 0)
        continue
      if (options?.zero === true && (mask === undefined || e.merges)) continue
      if (e.gathers && !allDiffer(e, operands)) continue
      return e
    }
    throw this.refusal(instruction, candidates, operands, options)
  }

  private refusal(
    { mnemonic }: Instruction,
    candidates: readonly Encoding[],
    operands: readonly Operand[],
    options: InstructionOptions | undefined,
  ): InternalError {
    const mask =
      options?.mask === undefined ? '' : ` {${operandText(options.mask)}}${options.zero ? '{z}' : ''}`
    const got = `${mnemonic} ${operands.map(operandText).join(', ')}${mask}`
    if (candidates.length === 0)
      return new InternalError(`expected operands of a form of '${mnemonic}' in the x86 table, got '${got}'`)
    if (!this.avx512 && candidates.some((e) => e.kind === encodingKinds.evex || e.hasMask))
      return new InternalError(`expected an instruction of AVX2, got '${got}', which needs AVX-512`)
    return new InternalError(
      `expected '${mnemonic}' with immediates in range and masks, broadcasts and registers that it has, got '${got}'`,
    )
  }

  private legacy(e: Encoding, operands: readonly Operand[]): void {
    const { bytes } = this
    let at = this.length
    if (e.lock) bytes[at++] = 0xf0
    if (e.size16) bytes[at++] = 0x66
    if (e.prefix !== 0) bytes[at++] = mandatoryPrefixes[e.prefix]
    const reg = e.reg >= 0 ? (operands[e.reg] as Reg).n : 0
    let rex = (e.w << 3) | ((reg >> 3) << 2)
    let low = 0
    if (e.rm >= 0) rex |= highBits(operands[e.rm] as Reg | Mem)
    else if (e.inOpcode >= 0) {
      const { n } = operands[e.inOpcode] as Reg
      rex |= n >> 3
      low = n & 7
    }
    if (rex !== 0 || (e.hasByte && operands.some(needsRex))) bytes[at++] = 0x40 | rex
    if (e.map !== 0) bytes[at++] = 0x0f
    if (e.map === 2) bytes[at++] = 0x38
    else if (e.map === 3) bytes[at++] = 0x3a
    bytes[at++] = e.opcode | low
    this.length = at
  }

  private vex(e: Encoding, operands: readonly Operand[]): void {
    const { bytes } = this
    let at = this.length
    const reg = e.reg >= 0 ? (operands[e.reg] as Reg).n : 0
    const high = e.rm >= 0 ? highBits(operands[e.rm] as Reg | Mem) : 0
    const vvvv = e.vvvv >= 0 ? (operands[e.vvvv] as Reg).n : 0
    const last = ((~vvvv & 15) << 3) | (e.length << 2) | e.prefix
    if (high === 0 && e.w === 0 && e.map === 1) {
      bytes[at++] = 0xc5
      bytes[at++] = (reg > 7 ? 0 : 0x80) | last
    } else {
      bytes[at++] = 0xc4
      bytes[at++] = ((((reg >> 3) << 7) | (high << 5)) ^ 0xe0) | e.map
      bytes[at++] = (e.w << 7) | last
    }
    bytes[at++] = e.opcode
    this.length = at
  }

  private evex(
    e: Encoding,
    operands: readonly Operand[],
    broadcast: boolean,
    mask: number,
    zero: boolean,
  ): void {
    const { bytes } = this
    const at = this.length
    const reg = e.reg >= 0 ? (operands[e.reg] as Reg).n : 0
    let vvvv = e.vvvv >= 0 ? (operands[e.vvvv] as Reg).n : 0
    let high = 0
    if (e.rm >= 0) {
      const place = operands[e.rm] as Reg | Mem
      // Bit 4 of a register in r/m is X; bit 4 of an index is that of vvvv.
      if ('code' in place) high = (place.n >> 3) & 3
      else {
        high = highBits(place)
        if (place.index !== null) vvvv |= place.index.n & 16
      }
    }
    bytes[at] = 0x62
    bytes[at + 1] = (((((reg >> 3) & 1) << 7) | (high << 5) | ((reg >> 4) << 4)) ^ 0xf0) | e.map
    bytes[at + 2] = (e.w << 7) | ((~vvvv & 15) << 3) | 4 | e.prefix
    bytes[at + 3] = (zero ? 0x80 : 0) | (e.length << 5) | (broadcast ? 0x10 : 0) | ((~vvvv & 16) >> 1) | mask
    bytes[at + 4] = e.opcode
    this.length = at + 5
  }

  /** ModRM and what follows it: SIB, displacement, immediate. */
  private operand(e: Encoding, operands: readonly Operand[], broadcast: boolean): void {
    let fixup = -1
    if (e.rm >= 0) {
      const reg = ((e.reg >= 0 ? (operands[e.reg] as Reg).n : e.digit) & 7) << 3
      const place = operands[e.rm] as Reg | Mem
      if ('code' in place) this.bytes[this.length++] = 0xc0 | reg | (place.n & 7)
      else if (place.label !== undefined) fixup = this.relative(reg, place, place.label)
      else this.memory(reg, place, broadcast ? e.broadcast : e.scale)
    } else if (e.modrm >= 0) this.bytes[this.length++] = e.modrm
    if (e.immediate >= 0) this.number(operands[e.immediate] as number | bigint, e.immediateBytes)
    else if (e.inImmediate >= 0) this.bytes[this.length++] = (operands[e.inImmediate] as Reg).n << 4
    // Relative displacements count from the end of the instruction.
    if (fixup >= 0) this.fixups[fixup + 1] = this.length
  }

  private relative(reg: number, { base, index, disp }: Mem, label: Label): number {
    if (base !== null || index !== null)
      throw new InternalError('expected a memory operand at a label to have neither base nor index, got one')
    this.check(label)
    this.bytes[this.length++] = 0x05 | reg
    this.fixups.push(this.length, 0, label.id, disp)
    this.length += 4
    return this.fixups.length - 4
  }

  private memory(reg: number, { base, index, scale, disp }: Mem, unit: number): void {
    const { bytes } = this
    if ((disp | 0) !== disp) throw new InternalError(`expected a displacement of 32 bits, got ${disp}`)
    if ((base !== null && base.kind !== 'r64') || (index !== null && index.kind === 'r64' && index.n === 4))
      throw new InternalError(
        `expected a 64-bit base and an index other than rsp, got ${[base, index].map((r) => (r === null ? 'none' : operandText(r))).join(' and ')}`,
      )
    if (base === null) {
      // Without a base ModRM means the instruction pointer, so that SIB says that there is none.
      bytes[this.length++] = 0x04 | reg
      bytes[this.length++] = 0x05 | (index === null ? 0x20 : scaleBits[scale] | ((index.n & 7) << 3))
      this.number(disp, 4)
      return
    }
    const low = base.n & 7
    const short = disp / unit
    const isShort = short >= -128 && short <= 127 && (short | 0) === short
    // rbp and r13 as a base without displacement would mean none at all.
    const mode = disp === 0 && low !== 5 ? 0x00 : isShort ? 0x40 : 0x80
    if (index !== null) {
      bytes[this.length++] = mode | 0x04 | reg
      bytes[this.length++] = scaleBits[scale] | ((index.n & 7) << 3) | low
    } else {
      bytes[this.length++] = mode | reg | low
      // rsp and r12 as a base would mean SIB.
      if (low === 4) bytes[this.length++] = 0x24
    }
    if (mode === 0x40) bytes[this.length++] = short
    else if (mode === 0x80) this.number(disp, 4)
  }

  private number(value: number | bigint, count: 0 | 1 | 2 | 4 | 8): void {
    const { bytes } = this
    if (count === 8) {
      let rest = BigInt.asUintN(64, BigInt(value))
      for (let i = 0; i < 8; i++, rest >>= 8n) bytes[this.length++] = Number(rest & 255n)
      return
    }
    const n = Number(value)
    bytes[this.length++] = n
    if (count === 1) return
    bytes[this.length++] = n >> 8
    if (count === 2) return
    bytes[this.length++] = n >> 16
    bytes[this.length++] = n >> 24
  }

  /** Jumps to the label: in 2 bytes where it is bound and near, else in 5 or 6. */
  jump(condition: Condition | 'always', label: Label): void {
    this.check(label)
    if (this.length + longest > this.bytes.length) this.grow(longest)
    const target = this.positions[label.id]
    const code = condition === 'always' ? -1 : conditionCodes[condition]
    const distance = target - (this.length + 2)
    if (target >= 0 && distance >= -128) {
      this.bytes[this.length++] = code < 0 ? 0xeb : 0x70 | code
      this.bytes[this.length++] = distance
      return
    }
    if (code < 0) this.bytes[this.length++] = 0xe9
    else {
      this.bytes[this.length++] = 0x0f
      this.bytes[this.length++] = 0x80 | code
    }
    this.target(label)
  }

  call(label: Label): void {
    this.check(label)
    if (this.length + longest > this.bytes.length) this.grow(longest)
    this.bytes[this.length++] = 0xe8
    this.target(label)
  }

  /** A label at these bytes, which stand once after the code, at a multiple of `align` from its start. */
  constant(bytes: Uint8Array, align: number): Label {
    return this.constants.add(bytes, align, () => this.label())
  }

  /** Fills up to a multiple of `bytes` with instructions without effect. */
  align(bytes: number): void {
    let rest = (bytes - (this.length % bytes)) % bytes
    this.grow(rest)
    for (; rest > 0; rest -= Math.min(rest, 9)) {
      const nop = nops[Math.min(rest, 9) - 1]
      this.bytes.set(nop, this.length)
      this.length += nop.length
    }
  }

  /** Code, then constants, with all distances filled in. Throws where a label that is used was never bound. */
  finish(): Uint8Array {
    const placed = this.constants.place(this.length)
    for (const { label, position } of placed.items) this.positions[label.id] = position
    const result = new Uint8Array(placed.end)
    result.set(this.bytes.subarray(0, this.length))
    // Nothing runs between code and constants; a jump there that goes wrong traps.
    result.fill(0xcc, this.length)
    for (const { bytes, position } of placed.items) result.set(bytes, position)
    const view = new DataView(result.buffer)
    for (let i = 0; i < this.fixups.length; i += 4) {
      const target = this.positions[this.fixups[i + 2]]
      if (target < 0)
        throw new InternalError(`expected all labels to be bound, got label ${this.fixups[i + 2]}`)
      view.setInt32(this.fixups[i], target - this.fixups[i + 1] + this.fixups[i + 3], true)
    }
    return result
  }

  private target(label: Label): void {
    this.fixups.push(this.length, this.length + 4, label.id, 0)
    this.length += 4
  }

  private check(label: Label): void {
    if (this.labels[label.id] !== label)
      throw new InternalError(`expected a label of this assembler, got label ${label.id} of another`)
  }

  private grow(more: number): void {
    if (this.length + more <= this.bytes.length) return
    const bigger = new Uint8Array(Math.max(this.bytes.length * 2, this.length + more))
    bigger.set(this.bytes.subarray(0, this.length))
    this.bytes = bigger
  }
}

/** X and B of a prefix: bit 3 of the index and of the base or register. */
function highBits(place: Reg | Mem): number {
  if ('code' in place) return place.n >> 3
  const index = place.index === null ? 0 : ((place.index.n >> 3) & 1) << 1
  return index | (place.base === null ? 0 : place.base.n >> 3)
}

/** spl, bpl, sil and dil are ah, ch, dh and bh without a REX prefix. */
function needsRex(operand: Operand): boolean {
  return (
    typeof operand === 'object' && 'code' in operand && operand.code === operandCodes.r8 && operand.n >= 4
  )
}

function fits(value: Operand, e: Encoding): boolean {
  if (typeof value === 'number' && !Number.isInteger(value)) return false
  const n = value as number | bigint
  return n >= e.immediateLow && (e.immediateBytes === 8 ? n < e.immediateHigh : n <= e.immediateHigh)
}

const isImplied = (operand: Operand): boolean =>
  typeof operand === 'object' ? 'n' in operand && operand.n === 1 : Number(operand) === 1

/** A gather's destination, indices and (VEX) mask must be different registers. */
function allDiffer(e: Encoding, operands: readonly Operand[]): boolean {
  const { n } = operands[e.reg] as Reg
  const index = (operands[e.rm] as Mem).index!.n
  const mask = e.vvvv >= 0 ? (operands[e.vvvv] as Reg).n : -1
  return n !== index && mask !== n && mask !== index
}
