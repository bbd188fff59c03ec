/**
 * Moves virtual registers to the stack frame: each use loads the value into a register of its own, each definition
 * stores it. The allocation then runs again; the new registers live for one instruction.
 */
import {
  inView,
  type MachineFunction,
  type MachineInstruction,
  type MachineOperand,
  memory,
  readsTarget,
  type View,
  type VirtualRegister,
} from './machine-code.js'

type Plain = Extract<MachineInstruction, { kind: 'plain' }>

const slotBytes = 64

function namesSpilled(operand: MachineOperand, spilled: ReadonlySet<VirtualRegister>): boolean {
  if (typeof operand !== 'object') return false
  if (operand.kind === 'register') return spilled.has(operand.register)
  return operand.index !== null && spilled.has(operand.index.register)
}

export function spillToFrame(f: MachineFunction, spilled: ReadonlySet<VirtualRegister>): void {
  const slots = new Map<VirtualRegister, number>()
  for (const register of spilled) slots.set(register, f.frame(slotBytes))
  const before = f.instructions.splice(0)
  const firsts = new Int32Array(before.length)
  const lasts = new Int32Array(before.length)
  const place = (register: VirtualRegister) => memory('frame', slots.get(register)!)
  const move = (view: View) => (view === 'k' ? 'kmovw' : 'vmovups') as 'kmovw' | 'vmovups'
  const load = (register: VirtualRegister, view: View): VirtualRegister => {
    const made = f.temporary(register.class)
    f.plain('define', move(view), [inView(made, view), place(register)])
    return made
  }
  const store = (register: VirtualRegister, made: VirtualRegister, view: View): void =>
    f.plain('use', move(view), [place(register), inView(made, view)])

  const plain = (instruction: Plain): void => {
    const { operands, mask, effect } = instruction
    if (!(mask !== null && spilled.has(mask)) && !operands.some((o) => namesSpilled(o, spilled))) {
      f.add(instruction)
      return
    }
    const loaded = new Map<VirtualRegister, VirtualRegister>()
    const read = (register: VirtualRegister, view: View): VirtualRegister => {
      if (!spilled.has(register)) return register
      let made = loaded.get(register)
      if (made === undefined) {
        made = load(register, view)
        loaded.set(register, made)
      }
      return made
    }
    const source = (operand: MachineOperand): MachineOperand => {
      if (typeof operand !== 'object') return operand
      if (operand.kind === 'register') return inView(read(operand.register, operand.view), operand.view)
      if (operand.index === null) return operand
      return {
        ...operand,
        index: inView(read(operand.index.register, operand.index.view), operand.index.view),
      }
    }
    const [first] = operands
    const writes = effect !== 'use' && typeof first === 'object' && first.kind === 'register'
    const rest = operands.slice(writes ? 1 : 0).map(source)
    const newMask = mask === null ? null : read(mask, 'k')
    if (!writes || typeof first !== 'object' || first.kind !== 'register') {
      f.add({ ...instruction, operands: rest, mask: newMask })
      return
    }
    let target = first.register
    if (spilled.has(target)) {
      // The result is stored at once: a source of the same name keeps its own register.
      target = f.temporary(target.class)
      if (readsTarget(instruction))
        f.plain('define', move(first.view), [inView(target, first.view), place(first.register)])
    }
    f.add({ ...instruction, operands: [inView(target, first.view), ...rest], mask: newMask })
    if (target !== first.register) store(first.register, target, first.view)
  }

  before.forEach((instruction, i) => {
    firsts[i] = f.instructions.length
    switch (instruction.kind) {
      case 'plain':
        plain(instruction)
        break
      case 'clear': {
        const { target, view } = instruction
        if (!spilled.has(target)) f.add(instruction)
        else {
          const made = f.temporary(target.class)
          f.clear(made, view)
          store(target, made, view)
        }
        break
      }
      case 'call': {
        const given = instruction.arguments.map((r) => (spilled.has(r) ? load(r, 'xmm') : r))
        const target = spilled.has(instruction.target) ? f.temporary('vec') : instruction.target
        f.add({ ...instruction, arguments: given, target })
        if (target !== instruction.target) store(instruction.target, target, 'xmm')
        break
      }
      default:
        f.add(instruction)
    }
    lasts[i] = f.instructions.length - 1
  })
  f.loops.forEach((loop, i) => {
    f.loops[i] = { start: firsts[loop.start], end: lasts[loop.end] }
  })
}
