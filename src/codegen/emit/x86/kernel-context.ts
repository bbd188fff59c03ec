/** What the parts of the x86 selection share while they write one kernel's function. */
import { InternalError } from '../../../core/errors.js'
import type { AddressPlan } from '../../addresses.js'
import type { Atom, Index } from '../../index-expression.js'
import { indexRange } from '../../index-expression.js'
import type { ComputeType, Expr, Kernel, Register, Stmt } from '../../loop-ir.js'
import type { Assembler, Label } from './assembler.js'
import {
  inView,
  type MachineFunction,
  type MachineOperand,
  type MemoryOperand,
  memory,
  type RegisterOperand,
  type View,
  type VirtualRegister,
} from './machine-code.js'

/** What code may use, and where the functions that it calls lie. */
export interface X86Options {
  /** AVX-512 (F, VL, BW, DQ); otherwise AVX2 with FMA, F16C and BMI2. */
  readonly avx512: boolean
  /** One rounding for multiply and add. */
  readonly fusedMultiplyAdd: boolean
  /** Addresses of C functions on doubles, by their name in the loop IR. */
  readonly hostFunctions: ReadonlyMap<string, number>
}

export class KernelContext {
  readonly f: MachineFunction
  readonly kernel: Kernel
  readonly plan: AddressPlan
  readonly options: X86Options
  /** What the status word becomes when a `check` fails. */
  readonly statusCode: number
  readonly variables = new Map<number, VirtualRegister>()
  readonly pointers = new Map<number, VirtualRegister>()
  readonly buffers = new Map<number, VirtualRegister>()
  readonly thread: VirtualRegister
  readonly threads: VirtualRegister
  /** The addresses that the kernel is called with: of the status word, then of each buffer. */
  readonly addresses: VirtualRegister
  private readonly registers = new Map<number, VirtualRegister>()
  private readonly assembler: Assembler
  /** The statement being written: addresses are planned a statement. */
  statement: Stmt | null = null
  /** The expression's value in a register; set by the expression writer. */
  value: (expr: Expr) => VirtualRegister = () => {
    throw new InternalError('x86: no expression writer.')
  }

  constructor(
    f: MachineFunction,
    assembler: Assembler,
    kernel: Kernel,
    plan: AddressPlan,
    options: X86Options,
    statusCode: number,
  ) {
    this.f = f
    this.assembler = assembler
    this.kernel = kernel
    this.plan = plan
    this.options = options
    this.statusCode = statusCode
    this.thread = f.parameter()
    this.threads = f.parameter()
    this.addresses = f.parameter()
  }

  label(): Label {
    return this.assembler.label()
  }

  /** The virtual register that stands for a register of the loop IR. */
  register(register: Register): VirtualRegister {
    let found = this.registers.get(register.id)
    if (found === undefined) {
      found = this.fresh(register.type, register.lanes)
      this.registers.set(register.id, found)
    }
    return found
  }

  /** A new virtual register for values of a type. */
  fresh(type: ComputeType, lanes: number): VirtualRegister {
    if (lanes === 1) return this.f.register(type === 'f32' || type === 'f64' ? 'vec' : 'gpr')
    if (type === 'bool') return this.f.register(this.options.avx512 ? 'mask' : 'vec')
    if (type !== 'f32' && type !== 'i32') throw new InternalError(`x86: ${lanes} lanes of ${type}.`)
    return this.f.register('vec')
  }

  /** Copies between registers of a class. */
  move(type: ComputeType, lanes: number, to: VirtualRegister, from: VirtualRegister): void {
    if (to === from) return
    if (to.class === 'gpr') this.f.plain('define', 'mov', [inView(to, 'r64'), inView(from, 'r64')])
    else if (to.class === 'mask') this.f.plain('define', 'kmovw', [inView(to, 'k'), inView(from, 'k')])
    else {
      const view = viewOf(type, lanes)
      this.f.plain('define', 'vmovaps', [inView(to, view), inView(from, view)])
    }
  }

  /** to = value, of an integer. */
  constant(to: VirtualRegister, value: number | bigint): void {
    const big = BigInt(value)
    if (big === 0n) this.f.clear(to, 'r64')
    else
      this.f.plain('define', 'mov', [
        inView(to, 'r64'),
        big >= -(2n ** 31n) && big < 2n ** 31n ? Number(big) : big,
      ])
  }

  /** The value of an index (64 bits, exact). */
  index(index: Index): VirtualRegister {
    const { f } = this
    let sum: VirtualRegister | null = null
    let owned = false
    for (const { atom, coefficient } of index.terms) {
      let part = this.atom(atom)
      let partOwned = false
      if (coefficient !== 1) {
        const scaled = f.register('gpr')
        f.plain('define', 'imul', [inView(scaled, 'r64'), inView(part, 'r64'), coefficient])
        part = scaled
        partOwned = true
      }
      if (sum === null) {
        sum = part
        owned = partOwned
        continue
      }
      if (!owned) {
        const copy = f.register('gpr')
        f.plain('define', 'mov', [inView(copy, 'r64'), inView(sum, 'r64')])
        sum = copy
        owned = true
      }
      f.plain('modify', 'add', [inView(sum, 'r64'), inView(part, 'r64')])
    }
    if (sum === null) {
      const made = f.register('gpr')
      this.constant(made, index.offset)
      return made
    }
    if (index.offset === 0) return sum
    const moved = f.register('gpr')
    f.plain('define', 'lea', [inView(moved, 'r64'), memory(sum, index.offset)])
    return moved
  }

  atom(atom: Atom): VirtualRegister {
    switch (atom.kind) {
      case 'loop': {
        const found = this.variables.get(atom.id)
        if (found === undefined)
          throw new InternalError(`${this.kernel.name}: loop variable ${atom.name} is not in scope.`)
        return found
      }
      case 'quotient':
        return this.quotient(atom.of, atom.by)
      case 'remainder': {
        // of − (of / by)·by
        const of = this.index(atom.of)
        const { f } = this
        const result = f.register('gpr')
        if ((atom.by & (atom.by - 1)) === 0) {
          f.plain('define', 'mov', [inView(result, 'r64'), inView(of, 'r64')])
          f.plain('modify', 'and', [inView(result, 'r64'), atom.by - 1])
          return result
        }
        const times = f.register('gpr')
        f.plain('define', 'imul', [
          inView(times, 'r64'),
          inView(this.divided(of, atom.of, atom.by), 'r64'),
          atom.by,
        ])
        f.plain('define', 'mov', [inView(result, 'r64'), inView(of, 'r64')])
        f.plain('modify', 'sub', [inView(result, 'r64'), inView(times, 'r64')])
        return result
      }
      case 'bounded':
        return this.index(atom.of)
      case 'dynamic': {
        const value = this.value(atom.value)
        if (atom.low >= 0) return value
        const wide = this.f.register('gpr')
        this.f.plain('define', 'movsxd', [inView(wide, 'r64'), inView(value, 'r32')])
        return wide
      }
    }
  }

  private quotient(of: Index, by: number): VirtualRegister {
    return this.divided(this.index(of), of, by)
  }

  /** floor(value / by) for 0 ≤ value, by a shift or a multiplication by ⌈2^p / by⌉ that is exact over the range. */
  private divided(value: VirtualRegister, of: Index, by: number): VirtualRegister {
    const { f } = this
    const result = f.register('gpr')
    const log = Math.log2(by)
    if (Number.isInteger(log)) {
      f.plain('define', 'mov', [inView(result, 'r64'), inView(value, 'r64')])
      f.plain('modify', 'shr', [inView(result, 'r64'), log])
      return result
    }
    const magic = exactReciprocal(indexRange(of)[1], by)
    if (magic === null) {
      const divisor = f.register('gpr')
      this.constant(divisor, by)
      f.add({
        kind: 'divide',
        wide: true,
        signed: false,
        dividend: value,
        divisor,
        target: result,
        result: 'quotient',
      })
      return result
    }
    f.plain('define', 'imul', [inView(result, 'r64'), inView(value, 'r64'), magic.multiplier])
    f.plain('modify', 'shr', [inView(result, 'r64'), magic.shift])
    return result
  }

  private readonly masks = new Map<number, VirtualRegister>()

  /** Makes masks of these numbers of lanes; at the function's beginning. */
  makeMasks(counts: Iterable<number>): void {
    for (const count of counts) {
      const bits = this.f.register('gpr')
      const mask = this.f.register('mask')
      this.constant(bits, (1 << count) - 1)
      this.f.plain('define', 'kmovw', [inView(mask, 'k'), inView(bits, 'r32')])
      this.masks.set(count, mask)
    }
  }

  /** The mask of the first `count` lanes. */
  mask(count: number): VirtualRegister {
    const found = this.masks.get(count)
    if (found === undefined)
      throw new InternalError(`${this.kernel.name}: a mask of ${count} lanes was not made.`)
    return found
  }

  /** The memory operand of an element, as the plan addresses it. `shift`: bytes further. */
  address(buffer: number, index: Index, shift = 0, broadcast = false): MemoryOperand {
    const { pointer, offset } = this.plan.address(this.statement!, buffer, index)
    const base = pointer === null ? this.buffer(buffer) : this.pointers.get(pointer.id)
    if (base === undefined)
      throw new InternalError(`${this.kernel.name}: a pointer is used before it is made.`)
    return memory(base, offset + shift, broadcast)
  }

  buffer(buffer: number): VirtualRegister {
    const found = this.buffers.get(buffer)
    if (found === undefined) throw new InternalError(`${this.kernel.name}: buffer ${buffer} was not loaded.`)
    return found
  }
}

/** ⌈2^shift / by⌉ as a 31-bit multiplier with floor(x·multiplier / 2^shift) = floor(x / by) for 0 ≤ x ≤ high. */
export function exactReciprocal(high: number, by: number): { multiplier: number; shift: number } | null {
  for (let shift = 62; shift >= 1; shift--) {
    const multiplier = ((1n << BigInt(shift)) + BigInt(by) - 1n) / BigInt(by)
    if (multiplier >= 2n ** 31n || multiplier * BigInt(high) >= 2n ** 63n) continue
    const error = multiplier * BigInt(by) - (1n << BigInt(shift))
    // Exact when high·error < 2^shift (Granlund and Montgomery, 1994).
    return error * BigInt(high + 1) <= 1n << BigInt(shift) ? { multiplier: Number(multiplier), shift } : null
  }
  return null
}

/** How instructions name a value of a type. */
export function viewOf(type: ComputeType, lanes: number): View {
  if (lanes === 1) return type === 'f32' || type === 'f64' ? 'xmm' : type === 'i64' ? 'r64' : 'r32'
  switch (lanes) {
    case 16:
      return 'zmm'
    case 8:
      return 'ymm'
    case 4:
      return 'xmm'
    default:
      throw new InternalError(`x86: vectors of ${lanes} lanes.`)
  }
}

export const operandOf = (register: VirtualRegister, type: ComputeType, lanes: number): RegisterOperand =>
  inView(register, register.class === 'mask' ? 'k' : viewOf(type, lanes))

export type { MachineOperand }
