/**
 * An assembler of x86-64: instructions by the table, labels, jumps and constant data. VEX encodings are chosen where
 * they exist and reach the operands, since they are shorter; EVEX ones for zmm, registers 16…31, masks and broadcasts.
 */
import { InternalError } from '../../../core/errors.js'
import { type Condition, conditionCodes } from './conditions.js'
import { ConstantPool } from './constant-pool.js'
import { type Encoding, encodingKinds, type Instruction, instructionOf } from './encoding.js'
import { InstructionWriter } from './instruction-writer.js'
import type { Mnemonic } from './instructions.js'
import type { Label } from './label.js'
import { operandText } from './operand-text.js'
import { type Mem, type Operand, operandCodes, type Reg, regClass } from './registers.js'

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

/** Eight bytes of the code that hold the address of a function outside of it. */
export interface Link {
  readonly offset: number
  readonly symbol: string
}

export class Assembler {
  /** Where addresses stand that differ between processes. */
  readonly links: Link[] = []
  private readonly avx512: boolean
  private readonly out = new InstructionWriter()
  private readonly labels: Label[] = []
  private readonly positions: number[] = []
  private readonly constants = new ConstantPool()
  /** Lines for people; null: not kept. */
  private readonly lines: string[] | null

  constructor(options: { readonly avx512: boolean; readonly listing?: boolean }) {
    this.avx512 = options.avx512
    this.lines = options.listing === true ? [] : null
  }

  /** The instructions so far as text, one a line with its offset; empty unless `listing` was asked for. */
  get listing(): string {
    return this.lines?.join('\n') ?? ''
  }

  /** A line of its own in the listing. */
  note(text: string): void {
    this.lines?.push(`; ${text}`)
  }

  private list(text: string): void {
    this.lines?.push(`${this.out.length.toString(16).padStart(8)}  ${text}`)
  }

  get position(): number {
    return this.out.length
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
    this.positions[label.id] = this.out.length
    if (this.lines !== null) this.list(`label${label.id}:`)
  }

  /**
   * Emits one instruction, destination first. Throws `InternalError` for a combination of operands that the table
   * lacks, that needs AVX-512 where it is not allowed, or whose memory operand's size is not known.
   */
  emit(mnemonic: Mnemonic, operands: readonly Operand[], options?: InstructionOptions): void {
    const mask = options?.mask
    if (this.lines !== null) {
      const text = operands.map(operandText)
      if (mask !== undefined) text[0] += `{k${mask.n}}${options?.zero === true ? '{z}' : ''}`
      this.list(`${mnemonic} ${text.join(', ')}`.trim())
    }
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
          code = addressCode(operand)
          if (operand.label !== undefined) this.check(operand.label)
          if (operand.broadcast === true) evex = broadcast = true
          if (operand.index !== null && operand.index.n > 15) evex = true
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
    this.out.write(encoding, operands, broadcast, mask === undefined ? 0 : mask.n, options?.zero === true)
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

  /** Jumps to the label: in 2 bytes where it is bound and near, else in 5 or 6. */
  jump(condition: Condition | 'always', label: Label): void {
    if (this.lines !== null) this.list(`${condition === 'always' ? 'jmp' : `j${condition}`} label${label.id}`)
    this.check(label)
    this.out.reserve()
    const target = this.positions[label.id]
    const code = condition === 'always' ? -1 : conditionCodes[condition]
    const distance = target - (this.out.length + 2)
    if (target >= 0 && distance >= -128) {
      this.out.bytes[this.out.length++] = code < 0 ? 0xeb : 0x70 | code
      this.out.bytes[this.out.length++] = distance
      return
    }
    if (code < 0) this.out.bytes[this.out.length++] = 0xe9
    else {
      this.out.bytes[this.out.length++] = 0x0f
      this.out.bytes[this.out.length++] = 0x80 | code
    }
    this.out.distance(label)
  }

  call(label: Label): void {
    if (this.lines !== null) this.list(`call label${label.id}`)
    this.check(label)
    this.out.reserve()
    this.out.bytes[this.out.length++] = 0xe8
    this.out.distance(label)
  }

  /** register = the address of a function outside of the code, always in the long form and noted in `links`. */
  loadAddress(register: Reg, address: number, symbol: string): void {
    if (this.lines !== null) this.list(`mov ${operandText(register)}, ${symbol}`)
    this.out.reserve()
    const { n } = register
    this.out.bytes[this.out.length++] = 0x48 | (n >> 3)
    this.out.bytes[this.out.length++] = 0xb8 | (n & 7)
    this.links.push({ offset: this.out.length, symbol })
    new DataView(this.out.bytes.buffer).setBigUint64(this.out.length, BigInt(address), true)
    this.out.length += 8
  }

  /** A label at these bytes, which stand once after the code, at a multiple of `align` from its start. */
  constant(bytes: Uint8Array, align: number): Label {
    return this.constants.add(bytes, align, () => this.label())
  }

  /** Fills up to a multiple of `bytes` with instructions without effect. */
  align(bytes: number): void {
    let rest = (bytes - (this.out.length % bytes)) % bytes
    this.out.reserve(rest)
    for (; rest > 0; rest -= Math.min(rest, 9)) {
      const nop = nops[Math.min(rest, 9) - 1]
      this.out.bytes.set(nop, this.out.length)
      this.out.length += nop.length
    }
  }

  /** Code, then constants, with all distances filled in. Throws where a label that is used was never bound. */
  finish(): Uint8Array {
    const placed = this.constants.place(this.out.length)
    for (const { label, position } of placed.items) this.positions[label.id] = position
    const result = new Uint8Array(placed.end)
    result.set(this.out.bytes.subarray(0, this.out.length))
    // Nothing runs between code and constants; a jump there that goes wrong traps.
    result.fill(0xcc, this.out.length)
    for (const { bytes, position } of placed.items) result.set(bytes, position)
    const view = new DataView(result.buffer)
    for (let i = 0; i < this.out.fixups.length; i += 4) {
      const target = this.positions[this.out.fixups[i + 2]]
      if (target < 0)
        throw new InternalError(`expected all labels to be bound, got label ${this.out.fixups[i + 2]}`)
      view.setInt32(this.out.fixups[i], target - this.out.fixups[i + 1] + this.out.fixups[i + 3], true)
    }
    return result
  }

  private check(label: Label): void {
    if (this.labels[label.id] !== label)
      throw new InternalError(`expected a label of this assembler, got label ${label.id} of another`)
  }
}

/** The code of a memory operand, of which the processor can make an address. */
function addressCode({ base, index, disp, label }: Mem): number {
  if ((disp | 0) !== disp) throw new InternalError(`expected a displacement of 32 bits, got ${disp}`)
  if (label !== undefined && (base !== null || index !== null))
    throw new InternalError('expected a memory operand at a label to have neither base nor index, got one')
  if (base === null || base.code === operandCodes.r64) {
    if (index === null || (index.code === operandCodes.r64 && index.n !== 4)) return operandCodes.memory
    // The codes of indexed memory follow those of vectors in the same order.
    if (regClass(index) === 'vec') return index.code - operandCodes.xmm + operandCodes.indexedByXmm
  }
  const [got, by] = [base, index].map((register) => (register === null ? 'none' : operandText(register)))
  throw new InternalError(`expected a 64-bit base and an index other than rsp, got ${got} and ${by}`)
}

function fits(value: Operand, e: Encoding): boolean {
  if (typeof value === 'number' && !Number.isInteger(value)) return false
  const n = value as number | bigint
  const { immediateLow: low, immediateHigh: high, immediateWrap: wrap } = e
  if (n >= low && (e.immediateBytes === 8 ? n < high : n <= high)) return true
  return wrap !== 0 && n >= wrap + low && n < wrap
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
