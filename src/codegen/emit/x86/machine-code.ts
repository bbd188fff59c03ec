/**
 * Machine instructions over virtual registers: what instruction selection writes, `allocateRegisters` places and
 * `encodeFunction` turns into bytes. Straight lists with labels and jumps; loops are remembered as ranges, because a
 * value that is live when a loop begins and used inside it must keep its register to the loop's end.
 */
import type { Condition, Label } from './assembler.js'
import type { Mnemonic } from './instructions.js'
import type { Reg } from './registers.js'

export type RegisterClass = 'gpr' | 'vec' | 'mask'

/** A value's name before it has a register. It may be assigned more than once. */
export interface VirtualRegister {
  readonly id: number
  readonly class: RegisterClass
}

/** How an instruction names a register. */
export type View = Reg['kind']

export interface RegisterOperand {
  readonly kind: 'register'
  readonly register: VirtualRegister
  readonly view: View
}

export interface MemoryOperand {
  readonly kind: 'memory'
  /** `frame`: the function's stack frame, where `displacement` counts from `FrameSlot`s. */
  readonly base: VirtualRegister | 'frame' | null
  readonly index: RegisterOperand | null
  readonly scale: 1 | 2 | 4 | 8
  readonly displacement: number
  /** One element repeated over the lanes. */
  readonly broadcast: boolean
  /** Constant data of these bytes; `base` is null. */
  readonly constant: Uint8Array | null
}

export type MachineOperand = RegisterOperand | MemoryOperand | number | bigint

/** What becomes of operand 0. */
export type Effect = 'define' | 'modify' | 'use'

export type MachineInstruction =
  | {
      readonly kind: 'plain'
      readonly mnemonic: Mnemonic
      readonly operands: readonly MachineOperand[]
      readonly effect: Effect
      readonly mask: VirtualRegister | null
      /** Lanes outside the mask become zero instead of keeping what they were. */
      readonly zero: boolean
    }
  | { readonly kind: 'label'; readonly label: Label }
  | { readonly kind: 'jump'; readonly condition: Condition | 'always'; readonly label: Label }
  /** All bits zero. */
  | { readonly kind: 'clear'; readonly target: VirtualRegister; readonly view: View }
  /** rdx:rax = sign-extended `dividend`; rax = quotient, rdx = remainder; `target` gets one of them. */
  | {
      readonly kind: 'divide'
      readonly wide: boolean
      readonly signed: boolean
      readonly dividend: VirtualRegister
      readonly divisor: VirtualRegister
      readonly target: VirtualRegister
      readonly result: 'quotient' | 'remainder'
    }
  /** Calls a C function on doubles; every live register survives. */
  | {
      readonly kind: 'call'
      /** The function's name in the loop IR, and where it lies in this process. */
      readonly symbol: string
      readonly address: number
      readonly arguments: readonly VirtualRegister[]
      readonly target: VirtualRegister
    }

export interface LoopRange {
  /** Indices of the first and last instruction of the loop. */
  readonly start: number
  end: number
}

/** Collects one function's instructions. */
export class MachineFunction {
  readonly instructions: MachineInstruction[] = []
  readonly loops: LoopRange[] = []
  readonly registers: VirtualRegister[] = []
  /** Registers that the function is called with, in order: they live from its beginning. */
  readonly parameters: VirtualRegister[] = []
  /** Bytes of the frame that instructions address themselves; spills lie above them. */
  frameBytes = 0

  register(registerClass: RegisterClass): VirtualRegister {
    const made = { id: this.registers.length, class: registerClass }
    this.registers.push(made)
    return made
  }

  /** Registers that hold a spilled value for one instruction: they are never spilled again. */
  readonly temporaries = new Set<number>()

  temporary(registerClass: RegisterClass): VirtualRegister {
    const made = this.register(registerClass)
    this.temporaries.add(made.id)
    return made
  }

  parameter(): VirtualRegister {
    const made = this.register('gpr')
    this.parameters.push(made)
    return made
  }

  add(instruction: MachineInstruction): void {
    this.instructions.push(instruction)
  }

  plain(
    effect: Effect,
    mnemonic: Mnemonic,
    operands: readonly MachineOperand[],
    mask: VirtualRegister | null = null,
    zero = false,
  ): void {
    this.instructions.push({ kind: 'plain', mnemonic, operands, effect, mask, zero })
  }

  clear(target: VirtualRegister, view: View): void {
    this.instructions.push({ kind: 'clear', target, view })
  }

  label(label: Label): void {
    this.instructions.push({ kind: 'label', label })
  }

  jump(condition: Condition | 'always', label: Label): void {
    this.instructions.push({ kind: 'jump', condition, label })
  }

  /** Everything that `body` adds runs repeatedly. */
  loop(body: () => void): void {
    const range = { start: this.instructions.length, end: 0 }
    this.loops.push(range)
    body()
    range.end = this.instructions.length - 1
  }

  /** A displacement in the frame at which `bytes` bytes (a multiple of 64) are free. */
  frame(bytes: number): number {
    const at = this.frameBytes
    this.frameBytes += bytes
    return at
  }
}

export const inView = (register: VirtualRegister, view: View): RegisterOperand => ({
  kind: 'register',
  register,
  view,
})

export const memory = (
  base: MemoryOperand['base'],
  displacement: number,
  broadcast = false,
): MemoryOperand => ({
  kind: 'memory',
  base,
  index: null,
  scale: 1,
  displacement,
  broadcast,
  constant: null,
})

export const constantData = (bytes: Uint8Array, broadcast = false): MemoryOperand => ({
  kind: 'memory',
  base: null,
  index: null,
  scale: 1,
  displacement: 0,
  broadcast,
  constant: bytes,
})

/** Operand 0 matters before it is written: a merging mask keeps lanes of it, except where the mask chooses a source. */
export const readsTarget = ({
  mnemonic,
  effect,
  mask,
  zero,
}: Extract<MachineInstruction, { kind: 'plain' }>): boolean =>
  effect === 'modify' || (mask !== null && !zero && !mnemonic.startsWith('vblendm'))

/** Calls `visit` for each virtual register that an instruction reads or writes. */
export function visitRegisters(
  instruction: MachineInstruction,
  visit: (register: VirtualRegister, write: boolean, read: boolean) => void,
): void {
  switch (instruction.kind) {
    case 'plain': {
      const { operands, effect, mask } = instruction
      for (let i = operands.length - 1; i >= 0; i--) {
        const operand = operands[i]
        if (typeof operand !== 'object') continue
        if (operand.kind === 'memory') {
          if (operand.base !== null && operand.base !== 'frame') visit(operand.base, false, true)
          if (operand.index !== null) visit(operand.index.register, false, true)
        } else if (i === 0 && effect !== 'use') {
          visit(operand.register, true, readsTarget(instruction))
        } else visit(operand.register, false, true)
      }
      if (mask !== null) visit(mask, false, true)
      return
    }
    case 'clear':
      visit(instruction.target, true, false)
      return
    case 'divide':
      visit(instruction.dividend, false, true)
      visit(instruction.divisor, false, true)
      visit(instruction.target, true, false)
      return
    case 'call':
      for (const argument of instruction.arguments) visit(argument, false, true)
      visit(instruction.target, true, false)
      return
    default:
      return
  }
}
