/**
 * Linear-scan register allocation (Poletto and Sarkar, 1999): every virtual register gets a machine register for its
 * whole life, or a slot of the stack frame where there are too few. What is used least for how long it lives goes to
 * the stack first, uses in inner loops counting tenfold a level.
 */
import {
  type MachineFunction,
  type RegisterClass,
  type VirtualRegister,
  visitRegisters,
} from './machine-code.js'

/** A machine register's number, or the byte offset of a frame slot. */
export type Location =
  | { readonly kind: 'register'; readonly number: number }
  | { readonly kind: 'slot'; readonly offset: number }

export interface Allocation {
  /** By the virtual register's id; undefined where it is never used. */
  readonly locations: readonly (Location | undefined)[]
  /** First and last instruction of each virtual register's life. */
  readonly starts: Int32Array
  readonly ends: Int32Array
  /** Bytes of the frame, spill slots included. */
  readonly frameBytes: number
  /** Vectors and masks that found no register. */
  readonly homeless: ReadonlySet<VirtualRegister>
}

/** Registers that may be given out, by class, the preferred ones first. */
export type RegisterPool = Readonly<Record<RegisterClass, readonly number[]>>

const slotBytes: Readonly<Record<RegisterClass, number>> = { gpr: 8, mask: 8, vec: 64 }

export function allocateRegisters(f: MachineFunction, pool: RegisterPool): Allocation {
  const count = f.registers.length
  const starts = new Int32Array(count).fill(-1)
  const ends = new Int32Array(count).fill(-1)
  const weights = new Float64Array(count)
  const depths = loopDepths(f)
  /** The first mention reads: the value comes from an earlier round of a loop. */
  const readFirst = new Uint8Array(count)
  for (let i = 0; i < f.instructions.length; i++) {
    const weight = 10 ** Math.min(6, depths[i])
    visitRegisters(f.instructions[i], ({ id }, _write, read) => {
      if (starts[id] < 0) {
        starts[id] = i
        if (read) readFirst[id] = 1
      }
      ends[id] = i
      weights[id] += weight
    })
  }
  for (const { id } of f.parameters) if (starts[id] >= 0) starts[id] = 0
  extendOverLoops(f, starts, ends, readFirst)

  const locations = new Array<Location | undefined>(count)
  const order: number[] = []
  for (let id = 0; id < count; id++) if (starts[id] >= 0) order.push(id)
  order.sort((a, b) => starts[a] - starts[b] || a - b)
  const density = (id: number): number =>
    f.temporaries.has(id) ? Number.POSITIVE_INFINITY : weights[id] / (ends[id] - starts[id] + 1)

  const free: Record<RegisterClass, number[]> = {
    gpr: [...pool.gpr].reverse(),
    vec: [...pool.vec].reverse(),
    mask: [...pool.mask].reverse(),
  }
  const active: Record<RegisterClass, number[]> = { gpr: [], vec: [], mask: [] }
  let frameBytes = f.frameBytes
  const freeSlots = new Map<number, number[]>()
  const slotsInUse: { id: number; offset: number; bytes: number }[] = []
  const homeless = new Set<VirtualRegister>()

  const toSlot = (id: number): void => {
    if (f.registers[id].class !== 'gpr') homeless.add(f.registers[id])
    const bytes = slotBytes[f.registers[id].class]
    const reusable = freeSlots.get(bytes)?.pop()
    let offset = reusable ?? -1
    if (offset < 0) {
      frameBytes = Math.ceil(frameBytes / bytes) * bytes
      offset = frameBytes
      frameBytes += bytes
    }
    locations[id] = { kind: 'slot', offset }
    slotsInUse.push({ id, offset, bytes })
  }

  for (const id of order) {
    const at = starts[id]
    const registerClass = f.registers[id].class
    const list = active[registerClass]
    for (let i = list.length - 1; i >= 0; i--) {
      const other = list[i]
      // A register that dies where another is defined may be given to it.
      if (ends[other] > at || (ends[other] === at && starts[other] === at)) continue
      if (ends[other] === at && !diesHere(f, other, id, at)) continue
      const location = locations[other]
      if (location?.kind === 'register') free[registerClass].push(location.number)
      list[i] = list[list.length - 1]
      list.pop()
    }
    for (let i = slotsInUse.length - 1; i >= 0; i--) {
      const slot = slotsInUse[i]
      if (ends[slot.id] >= at) continue
      const known = freeSlots.get(slot.bytes)
      if (known) known.push(slot.offset)
      else freeSlots.set(slot.bytes, [slot.offset])
      slotsInUse[i] = slotsInUse[slotsInUse.length - 1]
      slotsInUse.pop()
    }
    const number = free[registerClass].pop()
    if (number !== undefined) {
      locations[id] = { kind: 'register', number }
      list.push(id)
      continue
    }
    let victim = id
    let lowest = density(id)
    let position = -1
    list.forEach((other, i) => {
      const d = density(other)
      if (d < lowest) {
        lowest = d
        victim = other
        position = i
      }
    })
    if (victim === id) {
      toSlot(id)
      continue
    }
    locations[id] = locations[victim]
    list[position] = id
    // The victim's slot must be free over its whole life, which began earlier: take a new one.
    const bytes = slotBytes[registerClass]
    frameBytes = Math.ceil(frameBytes / bytes) * bytes
    locations[victim] = { kind: 'slot', offset: frameBytes }
    slotsInUse.push({ id: victim, offset: frameBytes, bytes })
    frameBytes += bytes
    if (registerClass !== 'gpr') homeless.add(f.registers[victim])
  }
  return { locations, starts, ends, frameBytes, homeless }
}

/** True where `dying` is last read by the plain instruction at `at` that defines `born` after reading everything. */
function diesHere(f: MachineFunction, dying: number, born: number, at: number): boolean {
  const instruction = f.instructions[at]
  if (instruction.kind !== 'plain' || instruction.effect !== 'define') return false
  let reads = 0
  let bornRead = false
  visitRegisters(instruction, (register: VirtualRegister, write, read) => {
    if (register.id === dying && write) bornRead = true
    if (register.id === dying) reads++
    if (register.id === born && read) bornRead = true
  })
  return reads > 0 && !bornRead
}

function loopDepths(f: MachineFunction): Uint8Array {
  const depths = new Uint8Array(f.instructions.length)
  for (const { start, end } of f.loops) for (let i = start; i <= end; i++) depths[i]++
  return depths
}

/** A value that lives when a loop begins and is used inside lives to the loop's end. */
function extendOverLoops(
  f: MachineFunction,
  starts: Int32Array,
  ends: Int32Array,
  readFirst: Uint8Array,
): void {
  // Inner loops first: they end earlier than the loops around them.
  const loops = [...f.loops].sort((a, b) => a.end - b.end || b.start - a.start)
  for (const { start, end } of loops) {
    for (let id = 0; id < starts.length; id++) {
      if (ends[id] < start || starts[id] > end || starts[id] < 0) continue
      if (starts[id] < start) {
        if (ends[id] < end) ends[id] = end
      } else if (readFirst[id] === 1) {
        starts[id] = start
        if (ends[id] < end) ends[id] = end
      }
    }
  }
}
