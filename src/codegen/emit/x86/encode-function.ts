/**
 * Allocated machine instructions as bytes: operands get their registers, values that live in the frame are loaded and
 * stored around the instruction that uses them, and the function gets its frame.
 */
import { InternalError } from '../../../core/errors.js'
import { type Allocation, allocateRegisters, type Location, type RegisterPool } from './allocate-registers.js'
import type { Assembler } from './assembler.js'
import { hoistConstants } from './hoist-constants.js'
import {
  type MachineFunction,
  type MachineInstruction,
  type MachineOperand,
  type MemoryOperand,
  type RegisterOperand,
  readsTarget,
  type View,
  type VirtualRegister,
} from './machine-code.js'
import {
  kreg,
  type Mem,
  mem,
  type Operand,
  type Reg,
  reg8,
  reg16,
  reg32,
  reg64,
  xmm,
  ymm,
  zmm,
} from './registers.js'
import { spillToFrame } from './spill.js'

/** Numbers of registers with a meaning: rax and rdx are the encoder's own, rsp and rbp hold the frame. */
const rax = 0
const rdx = 2
const rsp = 4
const rbp = 5

/** Callee-saved ones stand last: a small function touches none of them. */
const generalRegisters = [1, 6, 7, 8, 9, 10, 11, 3, 12, 13, 14, 15]
const calleeSaved: readonly number[] = [3, 12, 13, 14, 15]

const upTo = (n: number): number[] => Array.from({ length: n }, (_, i) => i)

const poolOf = (avx512: boolean): RegisterPool => ({
  gpr: generalRegisters,
  vec: upTo(avx512 ? 32 : 16),
  mask: [1, 2, 3, 4, 5, 6, 7],
})

const views: Readonly<Record<View, (n: number) => Reg>> = {
  r64: reg64,
  r32: reg32,
  r16: reg16,
  r8: reg8,
  xmm,
  ymm,
  zmm,
  k: kreg,
}

/** Writes a whole function: entry, frame, instructions, return. Arguments stand in rdi, rsi, rdx as in the C ABI. */
export function encodeFunction(f: MachineFunction, a: Assembler, avx512: boolean): void {
  const pool = poolOf(avx512)
  let allocation = allocateRegisters(f, pool)
  if (allocation.homeless.size === 0 && hoistConstants(f, allocation, pool.vec.length))
    allocation = allocateRegisters(f, pool)
  while (allocation.homeless.size > 0) {
    for (const { id } of allocation.homeless)
      if (f.temporaries.has(id))
        throw new InternalError('x86: an instruction needs more registers than there are.')
    spillToFrame(f, allocation.homeless)
    allocation = allocateRegisters(f, pool)
  }
  new FunctionEncoder(f, a, allocation, avx512).encode()
}

class FunctionEncoder {
  private readonly f: MachineFunction
  private readonly a: Assembler
  private readonly allocation: Allocation
  private readonly avx512: boolean
  private usedGeneral = 0
  /** Where live registers are kept around calls. */
  private saveArea = 0

  constructor(f: MachineFunction, a: Assembler, allocation: Allocation, avx512: boolean) {
    this.f = f
    this.a = a
    this.allocation = allocation
    this.avx512 = avx512
  }

  encode(): void {
    const { a, f, allocation } = this
    const used = new Set<number>()
    for (const location of allocation.locations) {
      if (location?.kind === 'register') used.add(location.number)
    }
    const saved = calleeSaved.filter((n) =>
      f.registers.some((r) => r.class === 'gpr' && this.numberOf(r) === n),
    )
    let frame = Math.ceil(allocation.frameBytes / 64) * 64
    this.saveArea = frame
    if (f.instructions.some((i) => i.kind === 'call')) frame += 64 * 32 + 8 * 32
    const framed = frame > 0
    for (const n of saved) a.emit('push', [reg64(n)])
    if (framed) {
      a.emit('push', [reg64(rbp)])
      a.emit('mov', [reg64(rbp), reg64(rsp)])
      a.emit('and', [reg64(rsp), -64])
      a.emit('sub', [reg64(rsp), Math.ceil(frame / 64) * 64])
    }
    this.placeParameters()
    f.instructions.forEach((instruction, i) => {
      this.instruction(instruction, i)
    })
    if (framed) {
      a.emit('mov', [reg64(rsp), reg64(rbp)])
      a.emit('pop', [reg64(rbp)])
    }
    for (const n of saved.reverse()) a.emit('pop', [reg64(n)])
    a.emit('ret', [])
  }

  private numberOf(r: VirtualRegister): number {
    const location = this.allocation.locations[r.id]
    return location?.kind === 'register' ? location.number : -1
  }

  /** Moves rdi, rsi and rdx to where the parameters live, through the stack: any of them may be in another's place. */
  private placeParameters(): void {
    const sources = [7, 6, 2, 1]
    const { a } = this
    const live = this.f.parameters
      .map((p, i) => ({ location: this.allocation.locations[p.id], source: sources[i] }))
      .filter((p): p is { location: Location; source: number } => p.location !== undefined)
    for (const { source } of live) a.emit('push', [reg64(source)])
    for (const { location } of [...live].reverse()) {
      if (location.kind === 'register') a.emit('pop', [reg64(location.number)])
      else {
        a.emit('pop', [reg64(rax)])
        // Pushed values lie below the frame while they wait.
        const waiting = live.findIndex((p) => p.location === location)
        a.emit('mov', [mem(reg64(rsp), location.offset + 8 * waiting), reg64(rax)])
      }
    }
  }

  private instruction(instruction: MachineInstruction, at: number): void {
    const { a } = this
    switch (instruction.kind) {
      case 'label':
        a.bind(instruction.label)
        return
      case 'jump':
        a.jump(instruction.condition, instruction.label)
        return
      case 'plain':
        this.plain(instruction)
        return
      case 'clear':
        this.clear(instruction)
        return
      case 'divide':
        this.divide(instruction)
        return
      case 'call':
        this.call(instruction, at)
        return
    }
  }

  private slot(location: Extract<Location, { kind: 'slot' }>): Mem {
    return mem(reg64(rsp), location.offset)
  }

  /** A scratch register that this instruction does not use yet: only general registers live in slots here. */
  private takeScratch(view: View): Reg {
    if (this.usedGeneral === 2)
      throw new InternalError(
        'x86: an instruction has more general registers in the frame than there is room for.',
      )
    return views[view](this.usedGeneral++ === 0 ? rax : rdx)
  }

  private load(view: View, into: Reg, from: Mem): void {
    const { a } = this
    if (view === 'k') a.emit('kmovw', [into, from])
    else if (view === 'xmm' || view === 'ymm' || view === 'zmm') a.emit('vmovups', [into, from])
    else a.emit('mov', [reg64(into.n), from])
  }

  private store(view: View, to: Mem, from: Reg): void {
    const { a } = this
    if (view === 'k') a.emit('kmovw', [to, from])
    else if (view === 'xmm' || view === 'ymm' || view === 'zmm') a.emit('vmovups', [to, from])
    else a.emit('mov', [to, reg64(from.n)])
  }

  private locationOf(r: VirtualRegister): Location {
    const location = this.allocation.locations[r.id]
    if (location === undefined) throw new InternalError(`x86: virtual register ${r.id} has no place.`)
    return location
  }

  private read({ register, view }: RegisterOperand): Reg {
    const location = this.locationOf(register)
    if (location.kind === 'register') return views[view](location.number)
    const scratch = this.takeScratch(view)
    this.load(view, scratch, this.slot(location))
    return scratch
  }

  private memory(m: MemoryOperand): Mem {
    const extra = m.broadcast ? { broadcast: true } : {}
    if (m.constant !== null) {
      const label = this.a.constant(m.constant, m.constant.length >= 16 ? m.constant.length : 4)
      return { base: null, index: null, scale: 1, disp: 0, label, ...extra }
    }
    const base =
      m.base === 'frame'
        ? reg64(rsp)
        : m.base === null
          ? null
          : this.read({ kind: 'register', register: m.base, view: 'r64' })
    const index = m.index === null ? null : this.read(m.index)
    return { base, index, scale: m.scale, disp: m.displacement, ...extra }
  }

  private operand(o: MachineOperand): Operand {
    return typeof o !== 'object' ? o : o.kind === 'memory' ? this.memory(o) : this.read(o)
  }

  private plain(instruction: Extract<MachineInstruction, { kind: 'plain' }>): void {
    const { a } = this
    const { mnemonic, operands, effect, mask, zero } = instruction
    this.usedGeneral = 0
    const first = operands[0]
    const target = effect !== 'use' && typeof first === 'object' && first.kind === 'register' ? first : null
    const out = new Array<Operand>(operands.length)
    for (let i = target === null ? 0 : 1; i < operands.length; i++) out[i] = this.operand(operands[i])
    const maskRegister =
      mask === null ? undefined : this.read({ kind: 'register', register: mask, view: 'k' })
    const options = maskRegister === undefined ? undefined : { mask: maskRegister, zero }
    if (target === null) {
      a.emit(mnemonic, out, options)
      return
    }
    const location = this.locationOf(target.register)
    if (location.kind === 'register') {
      out[0] = views[target.view](location.number)
      if (isIdleMove(mnemonic, out)) return
      a.emit(mnemonic, out, options)
      return
    }
    const reads = readsTarget(instruction)
    const scratch = reads ? this.takeScratch(target.view) : this.defineScratch(target.view)
    if (reads) this.load(target.view, scratch, this.slot(location))
    out[0] = scratch
    a.emit(mnemonic, out, options)
    this.store(target.view, this.slot(location), scratch)
  }

  /** The result may take a scratch register that an operand used: operands are read first. */
  private defineScratch(view: View): Reg {
    return views[view](this.usedGeneral === 0 ? rax : rdx)
  }

  private clear({ target, view }: Extract<MachineInstruction, { kind: 'clear' }>): void {
    const { a } = this
    const location = this.locationOf(target)
    const vector = view === 'xmm' || view === 'ymm' || view === 'zmm'
    this.usedGeneral = 0
    const n = location.kind === 'register' ? location.number : this.takeScratch(view).n
    if (!vector) a.emit('xor', [reg32(n), reg32(n)])
    // The short form clears the whole register; the upper sixteen have only the long one.
    else if (n < 16) a.emit('vxorps', [xmm(n), xmm(n), xmm(n)])
    else a.emit('vpxord', [zmm(n), zmm(n), zmm(n)])
    if (location.kind === 'slot') this.store(view, this.slot(location), views[view](n))
  }

  private divide(d: Extract<MachineInstruction, { kind: 'divide' }>): void {
    const { a } = this
    const view = d.wide ? reg64 : reg32
    const source = (r: VirtualRegister): Operand => {
      const location = this.locationOf(r)
      return location.kind === 'register' ? view(location.number) : this.slot(location)
    }
    a.emit('mov', [view(rax), source(d.dividend)])
    const divisor = this.locationOf(d.divisor)
    if (!d.signed) a.emit('xor', [reg32(rdx), reg32(rdx)])
    else a.emit(d.wide ? 'cqo' : 'cdq', [])
    if (divisor.kind === 'register') a.emit(d.signed ? 'idiv' : 'div', [view(divisor.number)])
    else {
      // A slot's size is ambiguous to an assembler: divide by a register of the caller's choosing.
      a.emit('push', [reg64(1)])
      a.emit('mov', [reg64(1), mem(reg64(rsp), divisor.offset + 8)])
      a.emit(d.signed ? 'idiv' : 'div', [view(1)])
      a.emit('pop', [reg64(1)])
    }
    const result = d.result === 'quotient' ? rax : rdx
    const target = this.locationOf(d.target)
    if (target.kind === 'register') a.emit('mov', [view(target.number), view(result)])
    else a.emit('mov', [this.slot(target), reg64(result)])
  }

  private call(c: Extract<MachineInstruction, { kind: 'call' }>, at: number): void {
    const { a, f, allocation } = this
    const live = f.registers.filter(
      ({ id }) =>
        allocation.locations[id]?.kind === 'register' &&
        allocation.starts[id] < at &&
        allocation.ends[id] > at,
    )
    let offset = this.saveArea
    const saves = live.map((r) => {
      const number = this.numberOf(r)
      const view: View = r.class === 'vec' ? (this.avx512 ? 'zmm' : 'ymm') : r.class === 'mask' ? 'k' : 'r64'
      const at = mem(reg64(rsp), offset)
      offset += r.class === 'vec' ? 64 : 8
      return { view, register: views[view](number), at }
    })
    for (const { view, register, at } of saves) this.store(view, at, register)
    // Arguments go through the frame too: any of them may be in another's place.
    const staging = c.arguments.map((_, i) => mem(reg64(rsp), offset + 8 * i))
    c.arguments.forEach((argument, i) => {
      const location = this.locationOf(argument)
      if (location.kind === 'register') a.emit('vmovsd', [staging[i], xmm(location.number)])
      else {
        a.emit('mov', [reg64(rax), this.slot(location)])
        a.emit('mov', [staging[i], reg64(rax)])
      }
    })
    a.emit('vzeroupper', [])
    staging.forEach((from, i) => {
      a.emit('vmovsd', [xmm(i), from])
    })
    a.loadAddress(reg64(rax), c.address, c.symbol)
    a.emit('call', [reg64(rax)])
    a.emit('vmovsd', [staging[0], xmm(0)])
    for (const { view, register, at } of saves) this.load(view, register, at)
    const target = this.locationOf(c.target)
    if (target.kind === 'register') a.emit('vmovsd', [xmm(target.number), staging[0]])
    else {
      a.emit('mov', [reg64(rax), staging[0]])
      a.emit('mov', [this.slot(target), reg64(rax)])
    }
  }
}

/** A copy of a register to itself. 32-bit copies are not idle: they clear the upper half. */
function isIdleMove(mnemonic: string, operands: readonly Operand[]): boolean {
  if (operands.length !== 2 || operands[0] !== operands[1]) return false
  return (
    (mnemonic === 'mov' && (operands[0] as Reg).kind === 'r64') ||
    mnemonic === 'vmovaps' ||
    mnemonic === 'kmovw'
  )
}
