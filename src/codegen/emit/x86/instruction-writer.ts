/**
 * Writes encodings of instructions as bytes: prefixes, opcode, ModRM, SIB, displacement and immediate, with notes of
 * where distances to labels are to be filled in.
 */
import { type Encoding, encodingKinds } from './encoding.js'
import type { Label } from './label.js'
import { type Mem, type Operand, operandCodes, type Reg } from './registers.js'

/** Bytes that no instruction exceeds (the longest has 15). */
const longest = 24

const mandatoryPrefixes = [0, 0x66, 0xf3, 0xf2]
const scaleBits: Readonly<Record<number, number>> = { 1: 0x00, 2: 0x40, 4: 0x80, 8: 0xc0 }

export class InstructionWriter {
  bytes = new Uint8Array(4096)
  length = 0
  /** Four numbers for each: where 4 bytes are filled in, what they count from, the label's id, what is added. */
  readonly fixups: number[] = []

  /** Makes room for an instruction, or for `more` bytes. */
  reserve(more = longest): void {
    if (this.length + more <= this.bytes.length) return
    const bigger = new Uint8Array(Math.max(this.bytes.length * 2, this.length + more))
    bigger.set(this.bytes.subarray(0, this.length))
    this.bytes = bigger
  }

  /** Writes an encoding of these operands, which must fit it. `mask` 0 is none. */
  write(e: Encoding, operands: readonly Operand[], broadcast: boolean, mask: number, zero: boolean): void {
    this.reserve()
    if (e.kind === encodingKinds.legacy) this.legacy(e, operands)
    else if (e.kind === encodingKinds.vex) this.vex(e, operands)
    else this.evex(e, operands, broadcast, mask, zero)
    // What follows the opcode; instructions without ModRM have no memory operand either.
    this.operand(e, operands, broadcast)
  }

  /** Four bytes for the distance from their end to a label. */
  distance(label: Label): void {
    this.fixups.push(this.length, this.length + 4, label.id, 0)
    this.length += 4
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
      else if (place.label !== undefined) fixup = this.relative(reg, place.disp, place.label)
      else this.memory(reg, place, broadcast ? e.broadcast : e.scale)
    } else if (e.modrm >= 0) this.bytes[this.length++] = e.modrm
    if (e.immediate >= 0) this.number(operands[e.immediate] as number | bigint, e.immediateBytes)
    else if (e.inImmediate >= 0) this.bytes[this.length++] = (operands[e.inImmediate] as Reg).n << 4
    // Relative displacements count from the end of the instruction.
    if (fixup >= 0) this.fixups[fixup + 1] = this.length
  }

  private relative(reg: number, disp: number, label: Label): number {
    this.bytes[this.length++] = 0x05 | reg
    this.fixups.push(this.length, 0, label.id, disp)
    this.length += 4
    return this.fixups.length - 4
  }

  private memory(reg: number, { base, index, scale, disp }: Mem, unit: number): void {
    const { bytes } = this
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
