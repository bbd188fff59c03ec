/** Labels, jumps, constants, the choice of encodings and the refusals of the x86 assembler. */
import { describe, expect, it } from 'vitest'
import { Assembler, type InstructionOptions } from '../../../../src/codegen/emit/x86/assembler.js'
import { type Condition, conditionCodes } from '../../../../src/codegen/emit/x86/conditions.js'
import type { Mnemonic } from '../../../../src/codegen/emit/x86/instructions.js'
import {
  broadcast,
  kreg,
  mem,
  memAt,
  type Operand,
  r9,
  r13,
  rax,
  rcx,
  rdi,
  rdx,
  reg8,
  reg16,
  reg32,
  rsp,
  xmm,
  ymm,
  zmm,
} from '../../../../src/codegen/emit/x86/registers.js'
import { InternalError } from '../../../../src/core/errors.js'
import { binutilsMissing, disassemble } from './binutils.js'

function bytesOf(mnemonic: Mnemonic, operands: readonly Operand[], options?: InstructionOptions): string {
  const assembler = new Assembler({ avx512: true })
  assembler.emit(mnemonic, operands, options)
  return Buffer.from(assembler.finish()).toString('hex')
}

describe('encodings', () => {
  it('are those of the manuals', () => {
    // Examples written out by hand from the Intel SDM, volume 2.
    expect(bytesOf('add', [rax, rcx])).toBe('4801c8')
    expect(bytesOf('ret', [])).toBe('c3')
    expect(bytesOf('vaddps', [ymm(0), ymm(1), ymm(2)])).toBe('c5f458c2')
    expect(bytesOf('vaddps', [zmm(0), zmm(1), zmm(2)])).toBe('62f1744858c2')
    expect(bytesOf('vfmadd231ps', [ymm(0), ymm(1), ymm(2)])).toBe('c4e275b8c2')
    expect(bytesOf('mov', [mem(rsp, 8), rax])).toBe('4889442408')
  })

  it('are the shortest there are', () => {
    // VEX of two bytes, of three, EVEX.
    expect(bytesOf('vmulps', [xmm(9), xmm(10), xmm(7)]).length).toBe(8)
    expect(bytesOf('vmulps', [xmm(9), xmm(10), xmm(8)]).length).toBe(10)
    expect(bytesOf('vmulps', [xmm(9), xmm(10), xmm(18)]).length).toBe(12)
    // Displacements of none, one and four bytes; EVEX counts them in the operand's size.
    expect(bytesOf('vmovups', [ymm(0), mem(rax, 0)]).length).toBe(8)
    expect(bytesOf('vmovups', [ymm(0), mem(r13, 0)]).length).toBe(12)
    expect(bytesOf('vmovups', [ymm(0), mem(rax, 127)]).length).toBe(10)
    expect(bytesOf('vmovups', [ymm(0), mem(rax, 128)]).length).toBe(16)
    expect(bytesOf('vmovups', [zmm(0), mem(rax, 127 * 64)]).length).toBe(14)
    expect(bytesOf('vmovups', [zmm(0), mem(rax, 128 * 64)]).length).toBe(20)
    expect(bytesOf('vmovups', [zmm(0), mem(rax, 63)]).length).toBe(20)
    expect(bytesOf('vaddpd', [zmm(0), zmm(1), broadcast(mem(rax, 8))]).length).toBe(14)
    // Immediates.
    expect(bytesOf('mov', [rax, 1]).length).toBe(10)
    expect(bytesOf('mov', [rax, -1]).length).toBe(14)
    expect(bytesOf('mov', [rax, 2 ** 32]).length).toBe(20)
    expect(bytesOf('add', [rcx, 127]).length).toBe(8)
    expect(bytesOf('add', [rcx, 128]).length).toBe(14)
    expect(bytesOf('shl', [reg32(1), 1]).length).toBe(4)
    expect(bytesOf('shl', [reg32(1), 2]).length).toBe(6)
  })

  it('bigints and numbers are the same immediates', () => {
    expect(bytesOf('mov', [rax, 0x1234_5678_9abcn])).toBe(bytesOf('mov', [rax, 0x1234_5678_9abc]))
    expect(bytesOf('mov', [rax, -1n])).toBe(bytesOf('mov', [rax, -1]))
    expect(bytesOf('mov', [rax, 0xffff_ffff_ffff_fffen])).toBe('48b8feffffffffffffff')
    expect(bytesOf('shl', [rdx, 1n])).toBe(bytesOf('shl', [rdx, 1]))
  })
})

describe.skipIf(binutilsMissing !== null)(`labels ${binutilsMissing ?? ''}`, () => {
  it('jumps of all conditions reach their labels, back and forth, near and far', () => {
    const assembler = new Assembler({ avx512: true })
    const start = assembler.label()
    const end = assembler.label()
    const conditions: (Condition | 'always')[] = ['always', ...(Object.keys(conditionCodes) as Condition[])]
    const expected = new Map<number, string>()
    const name = (condition: Condition | 'always'): string =>
      condition === 'always' ? 'jmp' : `j${condition}`
    assembler.emit('nop', [])
    assembler.bind(start)
    const forward: [number, string][] = []
    for (const condition of conditions) {
      expected.set(assembler.position, `${name(condition)} 0x1`)
      assembler.jump(condition, start)
      forward.push([assembler.position, name(condition)])
      assembler.jump(condition, end)
    }
    expected.set(assembler.position, 'call 0x1')
    assembler.call(start)
    forward.push([assembler.position, 'call'])
    assembler.call(end)
    assembler.bind(end)
    for (const [position, text] of forward)
      expected.set(position, `${text} 0x${assembler.position.toString(16)}`)
    assembler.emit('ret', [])
    const found = disassemble(assembler.finish())
    const texts = new Map(found.map(({ position, text }) => [position, text]))
    for (const [position, text] of expected) expect(texts.get(position)).toBe(text)
    expect(found.length).toBe(expected.size + 2)
  })

  it('a jump back takes two bytes as far as they reach', () => {
    for (const [between, length] of [
      [126, 2],
      [127, 5],
    ]) {
      const assembler = new Assembler({ avx512: true })
      const start = assembler.label()
      assembler.bind(start)
      for (let i = 0; i < between; i++) assembler.emit('nop', [])
      const before = assembler.position
      assembler.jump('always', start)
      expect(assembler.position - before).toBe(length)
      expect(disassemble(assembler.finish()).at(-1)).toEqual({ position: before, text: 'jmp 0x0' })
    }
  })

  it('constants stand once, aligned, where the code finds them', () => {
    const assembler = new Assembler({ avx512: true })
    const small = assembler.constant(new Uint8Array([1, 2, 3, 4]), 4)
    const wide = assembler.constant(new Uint8Array(64).fill(7), 64)
    expect(assembler.constant(Uint8Array.of(1, 2, 3, 4), 16)).toBe(small)
    expect(assembler.constant(Uint8Array.of(1, 2, 3, 5), 4)).not.toBe(small)
    assembler.emit('vbroadcastss', [ymm(3), memAt(small)])
    const second = assembler.position
    assembler.emit('vpshufd', [zmm(4), memAt(wide, 64), 27])
    const third = assembler.position
    assembler.emit('lea', [rdi, memAt(wide, -1)])
    const codeEnd = assembler.position
    const bytes = assembler.finish()
    const texts = new Map(disassemble(bytes).map(({ position, text }) => [position, text]))
    const addressIn = (position: number): number => Number(/rip:(0x[\da-f]+)/.exec(texts.get(position)!)![1])
    const wideAt = addressIn(third) + 1
    expect(wideAt % 64).toBe(0)
    expect([...bytes.subarray(wideAt, wideAt + 64)]).toEqual(Array(64).fill(7))
    expect(addressIn(second)).toBe(wideAt + 64)
    const smallAt = addressIn(0)
    expect(smallAt % 16).toBe(0)
    expect([...bytes.subarray(smallAt, smallAt + 4)]).toEqual([1, 2, 3, 4])
    expect([...bytes.subarray(codeEnd, wideAt)]).toEqual(Array(wideAt - codeEnd).fill(0xcc))
    expect(bytes.length).toBe(wideAt + 64 + 4 + 4)
  })

  it('alignment is filled with instructions without effect', () => {
    for (let before = 0; before < 40; before += 3) {
      const assembler = new Assembler({ avx512: false })
      for (let i = 0; i < before; i++) assembler.emit('ret', [])
      assembler.align(32)
      assembler.emit('ud2', [])
      const found = disassemble(assembler.finish())
      const at = Math.ceil(before / 32) * 32
      expect(found.at(-1)).toEqual({ position: at, text: 'ud2' })
      const padding = found.filter(({ position }) => position >= before && position < at)
      expect(padding.length).toBe(Math.ceil((at - before) / 9))
      expect(padding.every(({ text }) => /nop|xchg ax,ax/.test(text))).toBe(true)
    }
  })
})

describe('refusals', () => {
  const refused = (
    mnemonic: Mnemonic,
    operands: readonly Operand[],
    message: RegExp,
    options?: InstructionOptions,
    avx512 = true,
  ): void => {
    const assembler = new Assembler({ avx512 })
    expect(() => assembler.emit(mnemonic, operands, options)).toThrow(InternalError)
    expect(() => assembler.emit(mnemonic, operands, options)).toThrow(message)
    // Nothing is left of an instruction that was refused.
    expect(assembler.position).toBe(0)
  }

  it('operands that no form has', () => {
    refused('add', [rax, reg32(1)], /a form of 'add' .* got 'add rax, ecx'/)
    refused('vaddps', [ymm(0), xmm(1), ymm(2)], /got 'vaddps ymm0, xmm1, ymm2'/)
    refused('vaddps', [ymm(0), ymm(1)], /got 'vaddps ymm0, ymm1'/)
    refused('mov', [mem(rax), mem(rcx)], /got 'mov \[rax\], \[rcx\]'/)
    refused('vpermd', [xmm(0), xmm(1), xmm(2)], /vpermd xmm0/)
    refused('shl', [rax, reg8(2)], /shl rax, dl/)
    refused('mov', [rax, 1.5], /mov rax, 1.5/)
    refused('vgatherdps', [ymm(0), mem(rax, 0, xmm(1), 4), ymm(2)], /vgatherdps/)
    refused('vfrobnicate' as Mnemonic, [], /a mnemonic of the x86 table, got 'vfrobnicate'/)
    refused('toString' as Mnemonic, [], /a mnemonic of the x86 table/)
  })

  it('what only EVEX could encode where the instruction has none', () => {
    refused('vhaddps', [ymm(16), ymm(1), ymm(2)], /expected 'vhaddps' with .* got 'vhaddps ymm16/)
    refused('vpxor', [ymm(1), ymm(1), mem(rax, 0, r9)], /vpxor ymm1, ymm1, \[rax\+r9\*1\] \{k1\}/, {
      mask: kreg(1),
    })
    refused('vhaddps', [ymm(1), ymm(1), broadcast(mem(rax))], /\{broadcast\}/)
    refused('vpaddb', [zmm(1), zmm(1), broadcast(mem(rax))], /\{broadcast\}/)
  })

  it('what needs AVX-512 where it is not allowed', () => {
    const message = /expected an instruction of AVX2, got .* needs AVX-512/
    refused('vaddps', [zmm(0), zmm(1), zmm(2)], message, undefined, false)
    refused('vaddps', [ymm(16), ymm(1), ymm(2)], message, undefined, false)
    refused('vaddps', [ymm(0), ymm(1), ymm(2)], message, { mask: kreg(1) }, false)
    refused('vaddps', [ymm(0), ymm(1), broadcast(mem(rax))], message, undefined, false)
    refused('vpternlogd', [ymm(0), ymm(1), ymm(2), 0], message, undefined, false)
    refused('kmovw', [kreg(1), reg32(0)], message, undefined, false)
    new Assembler({ avx512: false }).emit('vaddps', [ymm(0), ymm(15), mem(rax)])
  })

  it('masks that cannot be', () => {
    refused('vaddps', [zmm(0), zmm(1), zmm(2)], /\{k0\}/, { mask: kreg(0) })
    refused('vucomiss', [xmm(0), xmm(1)], /\{k1\}/, { mask: kreg(1) })
    refused('vmovups', [mem(rax), zmm(1)], /\{k1\}\{z\}/, { mask: kreg(1), zero: true })
    refused('vcmpps', [kreg(2), zmm(1), zmm(1), 0], /\{k1\}\{z\}/, { mask: kreg(1), zero: true })
    refused('vaddps', [zmm(0), zmm(1), zmm(2)], /vaddps/, { zero: true })
    refused('vgatherdps', [zmm(0), mem(rax, 0, zmm(1), 4)], /vgatherdps/)
    refused('vgatherdps', [zmm(1), mem(rax, 0, zmm(1), 4)], /vgatherdps/, { mask: kreg(1) })
    refused('vgatherdps', [ymm(0), mem(rax, 0, ymm(1), 4), ymm(0)], /vgatherdps/)
  })

  it('numbers out of range', () => {
    refused('add', [rax, 2 ** 31], /add rax, 2147483648/)
    refused('add', [reg16(1), 0x10000], /add cx, 65536/)
    refused('add', [reg8(1), 256], /add cl, 256/)
    refused('vpshufd', [xmm(1), xmm(2), -1], /vpshufd/)
    refused('mov', [rax, 1n << 64n], /mov rax, 18446744073709551616/)
    refused('mov', [rax, -(1n << 63n) - 1n], /mov rax, -9223372036854775809/)
    refused('mov', [rax, 2 ** 64], /mov rax/)
  })

  it('memory whose size nothing tells', () => {
    refused(
      'mov',
      [mem(rax), 1],
      /expected the size of the memory operand of 'mov'.*\{ size: 16 or 32 or 64 or 8 \}/,
    )
    refused('movzx', [reg32(0), mem(rax)], /size: 8 or 16/)
    refused('vcvtpd2ps', [xmm(0), mem(rax)], /size: 128 or 256/)
    refused('vcvtsi2ss', [xmm(0), xmm(0), mem(rax)], /size: 32 or 64/)
    expect(bytesOf('mov', [mem(rax), 1], { size: 32 })).toBe('c70001000000')
    expect(bytesOf('mov', [mem(rax), 1], { size: 8 })).toBe('c60001')
    expect(bytesOf('movzx', [reg32(0), mem(rax)], { size: 16 })).toBe(
      bytesOf('movzx16', [reg32(0), mem(rax)]),
    )
    refused('mov', [mem(rax), reg32(1)], /a form of 'mov'/, { size: 64 })
  })

  it('addresses that cannot be', () => {
    const emit = (place: Operand): void => new Assembler({ avx512: true }).emit('mov', [rax, place])
    expect(() => emit(mem(reg32(0)))).toThrow(/64-bit base .* got eax and none/)
    expect(() => emit(mem(rax, 0, rsp))).toThrow(/index other than rsp, got rax and rsp/)
    expect(() => emit(mem(rax, 2 ** 31))).toThrow(/displacement of 32 bits, got 2147483648/)
    expect(() => emit(mem(rax, 0.5))).toThrow(/displacement of 32 bits/)
    expect(() => emit(mem(rax, 0, reg32(1)))).toThrow(/got rax and ecx/)
    expect(() => reg32(16)).toThrow(/expected a r32 register of 0…15, got 16/)
    expect(() => zmm(-1)).toThrow(/expected a zmm register of 0…31, got -1/)
    expect(() => emit(mem(rax, 0, xmm(1)))).toThrow(/a form of 'mov'/)
  })

  it('labels misused', () => {
    const assembler = new Assembler({ avx512: true })
    const label = assembler.label()
    assembler.jump('always', label)
    expect(() => assembler.finish()).toThrow(/expected all labels to be bound, got label 0/)
    assembler.bind(label)
    expect(() => assembler.bind(label)).toThrow(/expected an unbound label/)
    const other = new Assembler({ avx512: true })
    other.label()
    expect(() => other.jump('always', label)).toThrow(/a label of this assembler/)
    expect(() => other.emit('lea', [rax, memAt(label)])).toThrow(/a label of this assembler/)
    const base = { ...memAt(label), base: rax }
    expect(() => assembler.emit('lea', [rax, base])).toThrow(/neither base nor index/)
    expect(() => assembler.constant(new Uint8Array(4), 3)).toThrow(/a power of two/)
  })
})
