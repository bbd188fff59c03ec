/**
 * Instructions to encode and the text that a disassembler should give for them: each encoding of the table with many
 * registers, addresses, masks, broadcasts and immediates.
 */
import type { InstructionOptions, Label } from '../../../../src/codegen/emit/x86/assembler.js'
import { type Encoding, encodingKinds, instructionOf } from '../../../../src/codegen/emit/x86/encoding.js'
import type { Mnemonic } from '../../../../src/codegen/emit/x86/instructions.js'
import { operandText } from '../../../../src/codegen/emit/x86/operand-text.js'
import {
  kreg,
  type Mem,
  mem,
  memAt,
  type Operand,
  operandCodes,
  type Reg,
  reg8,
  reg16,
  reg32,
  reg64,
  xmm,
  ymm,
  zmm,
} from '../../../../src/codegen/emit/x86/registers.js'

export interface Case {
  readonly mnemonic: Mnemonic
  readonly operands: readonly Operand[]
  readonly options: InstructionOptions
  readonly expected: string
}

const banks: readonly (((n: number) => Reg) | null)[] = [null, reg8, reg16, reg32, reg64, xmm, ymm, zmm, kreg]

/** Numbers below `bound`, always the same ones. */
export function randomNumbers(seed: number): (bound: number) => number {
  let state = seed >>> 0
  return (bound) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return Math.floor((state / 2 ** 32) * bound)
  }
}

type Range = 'low' | 'middle' | 'high' | 'any'

class Cases {
  readonly found: Case[] = []
  private readonly random: (bound: number) => number
  private readonly mnemonic: Mnemonic
  private readonly e: Encoding
  private readonly start: Label

  constructor(mnemonic: Mnemonic, e: Encoding, start: Label, random: (bound: number) => number) {
    this.start = start
    this.random = random
    this.mnemonic = mnemonic
    this.e = e
  }

  private register(code: number, range: Range): Reg {
    const bank = banks[code]!
    if (code === operandCodes.k) return bank(this.random(8))
    const isVector = code >= operandCodes.xmm
    const most = isVector && this.e.kind === encodingKinds.evex ? 32 : 16
    if (range === 'low') return bank(this.random(8))
    if (range === 'middle') return bank(8 + this.random(8))
    if (range === 'high') return bank(most - 1 - this.random(most / 2))
    return bank(this.random(most))
  }

  private general(avoid: number): Reg {
    let n = this.random(16)
    while (n === avoid) n = this.random(16)
    return reg64(n)
  }

  /** Addresses of all shapes; displacements at the ends of what a byte holds, scaled and not. */
  private addresses(index: number | null): Mem[] {
    const { scale } = this.e
    const vector = (range: Range): Reg =>
      this.register(index! - operandCodes.indexedByXmm + operandCodes.xmm, range)
    if (index !== null)
      return [
        mem(reg64(0), 0, vector('low'), 4),
        mem(reg64(13), 0, vector('middle'), 1),
        mem(reg64(12), 127 * scale, vector('high'), 8),
        mem(reg64(4), -128 * scale, vector('any'), 2),
        mem(null, 0x12345, vector('high'), 4),
        mem(this.general(16), 128 * scale, vector('any'), 8),
      ]
    return [
      ...[0, 3, 4, 5, 8, 11, 12, 13].map((n) => mem(reg64(n))),
      ...[127, 128, -128, -129].map((n) => mem(this.general(16), n * scale)),
      mem(this.general(16), 127 * scale + 1),
      mem(reg64(12), scale),
      mem(this.general(16), -0x12345678),
      mem(reg64(5), 0, this.general(4), 2),
      mem(reg64(13), 8 * scale, this.general(4), 8),
      mem(reg64(4), 64, reg64(12), 4),
      mem(this.general(16), 0x1000, this.general(4), 1),
      mem(null, 0x2000, this.general(4), 4),
      mem(null, 0x3000),
      memAt(this.start, 0x1234),
    ]
  }

  /** A value for operand `i`; `memory` stands for it where it may be in memory. */
  private operand(i: number, range: Range, memory: Mem | null): Operand {
    const { e } = this
    const kinds = e.accepts[i]
    if (i === e.implied) return (kinds >> operandCodes.immediate) & 1 ? 1 : reg8(1)
    if (i === e.immediate) return this.immediate()
    if (memory !== null && kinds >> operandCodes.memory !== 0) return memory
    const codes = banks.map((_, code) => code).filter((code) => code > 0 && (kinds >> code) & 1)
    return this.register(codes[0], range)
  }

  /** Never a small one in vector instructions: objdump has names of their own for the comparisons these select. */
  private immediate(): number | bigint {
    const { immediateLow: low, immediateHigh: high, immediateBytes: bytes, kind } = this.e
    if (bytes === 8)
      return [0x123456789abcdef0n, -(1n << 63n), (1n << 64n) - 1n, -0x80000001n][this.random(4)]
    if (kind !== encodingKinds.legacy) return 0x20 + this.random(0xe0)
    return [low, high, 0x5a, Math.max(low, -1), low + this.random(high - low)][this.random(5)]
  }

  private add(operands: readonly Operand[], options: InstructionOptions = {}): void {
    const { e, mnemonic } = this
    if (e.gathers) {
      const numbers = operands.map((o) => (typeof o !== 'object' ? -1 : 'code' in o ? o.n : o.index!.n))
      if (new Set(numbers).size < numbers.length) return
    }
    const inMemory = operands.some((o) => typeof o === 'object' && !('code' in o))
    const size = inMemory && e.memoryBits !== 0 ? { size: e.memoryBits as 8 } : {}
    const all = { ...options, ...size }
    this.found.push({ mnemonic, operands, options: all, expected: expectedText(mnemonic, operands, all, e) })
  }

  all(): Case[] {
    const { e } = this
    const isEvex = e.kind === encodingKinds.evex
    const positions = e.accepts.map((_, i) => i)
    const make = (range: Range, memory: Mem | null): Operand[] =>
      positions.map((i) => this.operand(i, range, memory))
    const mask = (): InstructionOptions => (e.mask === 'required' ? { mask: kreg(1 + this.random(7)) } : {})
    const memoryAt = e.accepts.findIndex((kinds) => kinds >> operandCodes.memory !== 0)
    const withRegisters = e.accepts.every((kinds) => (kinds & ((1 << operandCodes.memory) - 1)) !== 0)

    if (withRegisters)
      for (const range of ['low', 'middle', 'high', 'any', 'any'] as const) this.add(make(range, null))
    const indexed = memoryAt < 0 ? 0 : e.accepts[memoryAt] >> operandCodes.indexedByXmm
    const index = indexed === 0 ? null : operandCodes.indexedByXmm + Math.log2(indexed)
    const addresses = memoryAt < 0 ? [] : this.addresses(index)
    for (const address of addresses) this.add(make('any', address), mask())
    if (e.broadcast !== 0)
      for (const n of [0, e.broadcast, 127 * e.broadcast, 128 * e.broadcast, e.broadcast + 1])
        this.add(make('any', { ...mem(this.general(16), n), broadcast: true }))
    if (!isEvex || e.mask !== 'allowed') return this.found
    for (const k of [1, 4, 7]) {
      if (withRegisters) this.add(make('any', null), { mask: kreg(k) })
      if (addresses.length > 0) this.add(make('any', addresses[k]), { mask: kreg(k) })
      const toMask = positions.length > 0 && (e.accepts[0] >> operandCodes.k) & 1
      if (toMask || e.merges) continue
      if (withRegisters) this.add(make('high', null), { mask: kreg(k), zero: true })
      if (addresses.length > 0) this.add(make('any', addresses[k + 8]), { mask: kreg(k), zero: true })
    }
    return this.found
  }
}

const hex = (n: number): string => `${n < 0 ? '-' : '+'}0x${Math.abs(n).toString(16)}`

/** Memory as objdump writes it, with `+0x0` left out. */
function memoryText({ base, index, scale, disp, broadcast, label }: Mem, e: Encoding): string {
  const names: Record<number, string> = { 8: 'BYTE', 16: 'WORD', 32: 'DWORD', 64: 'QWORD' }
  const vectors: Record<number, string> = { 128: 'XMMWORD', 256: 'YMMWORD', 512: 'ZMMWORD' }
  const bits = broadcast === true ? e.broadcast * 8 : e.memoryBits
  const size = bits === 0 ? '' : `${names[bits] ?? vectors[bits]} ${broadcast === true ? 'BCST' : 'PTR'} `
  if (label !== undefined) return `${size}[rip:0x${disp.toString(16)}]`
  if (base === null && index === null) return `${size}ds:0x${disp.toString(16)}`
  const terms = [
    base === null ? '' : operandText(base),
    index === null ? '' : `${operandText(index)}*${scale}`,
  ]
  const count = broadcast === true ? `{1to${e.memoryBits / bits}}` : ''
  return `${size}[${terms.filter((t) => t !== '').join('+')}${disp === 0 ? '' : hex(disp)}]${count}`
}

/** Bits to which an immediate is extended. */
function immediateBits(operands: readonly Operand[], e: Encoding): number {
  if (e.kind !== encodingKinds.legacy || e.immediateHigh === 0xff) return e.immediateHigh === 0xff ? 8 : 64
  const [first] = operands
  if (typeof first === 'object' && 'code' in first) return Number(first.kind.slice(1))
  return e.memoryBits || 64
}

const fixed: Partial<Record<Mnemonic, string>> = {
  'rep movsb': 'rep movs BYTE PTR es:[rdi],BYTE PTR ds:[rsi]',
  'rep movsq': 'rep movs QWORD PTR es:[rdi],QWORD PTR ds:[rsi]',
  'rep stosb': 'rep stos BYTE PTR es:[rdi],al',
  'rep stosq': 'rep stos QWORD PTR es:[rdi],rax',
}

/** Instructions that objdump writes by another name. */
const otherNames: Partial<Record<Mnemonic, string>> = {
  movzx8: 'movzx',
  movzx16: 'movzx',
  movsx8: 'movsx',
  movsx16: 'movsx',
}

const shifts = new Set<Mnemonic>(['rol', 'ror', 'shl', 'shr', 'sar'])

function expectedText(
  mnemonic: Mnemonic,
  operands: readonly Operand[],
  { mask, zero }: InstructionOptions,
  e: Encoding,
): string {
  const exact = fixed[mnemonic]
  if (exact !== undefined) return exact
  let name: string = otherNames[mnemonic] ?? mnemonic
  const texts = operands.map((operand) => {
    if (typeof operand !== 'object') {
      // A count of 1 has an encoding of its own.
      if (shifts.has(mnemonic) && Number(operand) === 1) return '1'
      return `0x${BigInt.asUintN(immediateBits(operands, e), BigInt(operand)).toString(16)}`
    }
    return 'code' in operand ? operandText(operand) : memoryText(operand, e)
  })
  if (mnemonic === 'mov' && typeof operands[1] !== 'object') {
    const value = BigInt(operands[1])
    const [first] = operands
    if (typeof first === 'object' && 'code' in first && first.kind === 'r64') {
      // The assembler takes the shorter instruction, which clears the upper half.
      if (value >= 0n && value < 1n << 32n) texts[0] = operandText(reg32(first.n))
      else if (value < -(1n << 31n) || value >= 1n << 32n) name = 'movabs'
    }
  }
  if (mask !== undefined) texts[0] += `{${operandText(mask)}}${zero === true ? '{z}' : ''}`
  return `${name} ${texts.join(',')}`.trim()
}

/** Every encoding of a mnemonic in many cases; `start` is a label bound to address 0. */
export function casesOf(mnemonic: Mnemonic, start: Label, random: (bound: number) => number): Case[] {
  return instructionOf(mnemonic).encodings.flatMap((e) => new Cases(mnemonic, e, start, random).all())
}
