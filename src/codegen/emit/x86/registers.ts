/**
 * Operands of x86-64 instructions: registers (interned, so that `===` compares them), memory operands and immediates.
 */
import { InternalError } from '../../../core/errors.js'
import type { Label } from './label.js'

export type RegClass = 'gpr' | 'vec' | 'mask'
export type RegKind = 'r64' | 'r32' | 'r16' | 'r8' | 'xmm' | 'ymm' | 'zmm' | 'k'

/** A register: `n` is 0…15 in general registers, 0…31 in vectors, 0…7 in masks. Made by the functions below only. */
export interface Reg {
  readonly kind: RegKind
  readonly n: number
  /** The kind as a number of `operandCodes`, by which the assembler finds encodings. */
  readonly code: number
}

/** `[base + index * scale + disp]`, or `[rip + label + disp]`. */
export interface Mem {
  /** A 64-bit general register. */
  readonly base: Reg | null
  /** A 64-bit general register other than rsp, or the vector of indices of a gather or scatter. */
  readonly index: Reg | null
  readonly scale: 1 | 2 | 4 | 8
  readonly disp: number
  /** One element is read and repeated to the vector's length (EVEX). */
  readonly broadcast?: boolean
  /** Makes the operand relative to the instruction pointer; base and index are null then. */
  readonly label?: Label
}

/** A number or bigint is an immediate. */
export type Operand = Reg | Mem | number | bigint

/** Four bits for each kind of operand; those of an instruction's operands side by side select its encodings. */
export const operandCodes = {
  r8: 1,
  r16: 2,
  r32: 3,
  r64: 4,
  xmm: 5,
  ymm: 6,
  zmm: 7,
  k: 8,
  immediate: 9,
  memory: 10,
  /** Memory indexed by the elements of an xmm, ymm or zmm register. */
  indexedByXmm: 11,
  indexedByYmm: 12,
  indexedByZmm: 13,
} as const

const bank = (kind: RegKind, count: number): readonly Reg[] =>
  Array.from({ length: count }, (_, n) => Object.freeze({ kind, n, code: operandCodes[kind] }))

const [r64s, r32s, r16s, r8s] = [bank('r64', 16), bank('r32', 16), bank('r16', 16), bank('r8', 16)]
const [xmms, ymms, zmms, masks] = [bank('xmm', 32), bank('ymm', 32), bank('zmm', 32), bank('k', 8)]

function at(registers: readonly Reg[], n: number): Reg {
  const register = registers[n]
  if (register === undefined)
    throw new InternalError(`expected a ${registers[0].kind} register of 0…${registers.length - 1}, got ${n}`)
  return register
}

export const reg64 = (n: number): Reg => at(r64s, n)
export const reg32 = (n: number): Reg => at(r32s, n)
export const reg16 = (n: number): Reg => at(r16s, n)
/** The low byte of a general register: 4…7 are spl, bpl, sil and dil. */
export const reg8 = (n: number): Reg => at(r8s, n)
export const xmm = (n: number): Reg => at(xmms, n)
export const ymm = (n: number): Reg => at(ymms, n)
export const zmm = (n: number): Reg => at(zmms, n)
export const kreg = (n: number): Reg => at(masks, n)

export const rax = reg64(0)
export const rcx = reg64(1)
export const rdx = reg64(2)
export const rbx = reg64(3)
export const rsp = reg64(4)
export const rbp = reg64(5)
export const rsi = reg64(6)
export const rdi = reg64(7)
export const r8 = reg64(8)
export const r9 = reg64(9)
export const r10 = reg64(10)
export const r11 = reg64(11)
export const r12 = reg64(12)
export const r13 = reg64(13)
export const r14 = reg64(14)
export const r15 = reg64(15)

export function regClass(reg: Reg): RegClass {
  if (reg.kind === 'k') return 'mask'
  return reg.kind === 'xmm' || reg.kind === 'ymm' || reg.kind === 'zmm' ? 'vec' : 'gpr'
}

/** `[base + index * scale + disp]`. */
export function mem(base: Reg | null, disp = 0, index: Reg | null = null, scale: 1 | 2 | 4 | 8 = 1): Mem {
  return { base, index, scale, disp, broadcast: false, label: undefined }
}

/** `[rip + label + disp]`. */
export function memAt(label: Label, disp = 0): Mem {
  return { base: null, index: null, scale: 1, disp, broadcast: false, label }
}

/** The same place, of which one element is read and repeated. */
export function broadcast(place: Mem): Mem {
  const { base, index, scale, disp, label } = place
  return { base, index, scale, disp, broadcast: true, label }
}
