/**
 * Keeps constants of innermost loops in registers that are left over: each use from memory takes a load, of which a
 * processor does one or two a cycle, and a polynomial has a constant a step.
 */
import type { Allocation } from './allocate-registers.js'
import {
  constantData,
  inView,
  type LoopRange,
  type MachineFunction,
  type MachineInstruction,
  type MachineOperand,
  type MemoryOperand,
  type View,
  type VirtualRegister,
} from './machine-code.js'

type Plain = Extract<MachineInstruction, { kind: 'plain' }>

/** One constant in a loop: the same 32 bits in every lane. */
interface Constant {
  readonly word: Uint8Array
  readonly view: View
  uses: number
  register: VirtualRegister | null
}

/** Moves constants out of innermost loops; `count` is how many vector registers there are. True where it did. */
export function hoistConstants(f: MachineFunction, { starts, ends }: Allocation, count: number): boolean {
  const before = new Map<number, readonly Constant[]>()
  for (const loop of f.loops) {
    if (f.loops.some((other) => other !== loop && other.start >= loop.start && other.end <= loop.end))
      continue
    const kept = constantsToKeep(f, loop, count - mostAlive(f, loop, starts, ends))
    if (kept.length === 0) continue
    for (const constant of kept) constant.register = f.register('vec')
    const byKey = new Map(kept.map((constant) => [keyOf(constant.word, constant.view), constant]))
    for (let i = loop.start; i <= loop.end; i++) f.instructions[i] = withRegisters(f.instructions[i], byKey)
    before.set(loop.start, kept)
  }
  if (before.size === 0) return false
  insert(f, before)
  return true
}

/** The most vector registers in use at once within a loop. */
function mostAlive(
  f: MachineFunction,
  { start, end }: LoopRange,
  starts: Int32Array,
  ends: Int32Array,
): number {
  const change = new Int32Array(end - start + 2)
  for (const { id, class: registerClass } of f.registers) {
    if (registerClass !== 'vec' || starts[id] < 0 || starts[id] > end || ends[id] < start) continue
    change[Math.max(0, starts[id] - start)]++
    change[Math.min(end, ends[id]) - start + 1]--
  }
  let alive = 0
  let most = 0
  for (let i = 0; i <= end - start; i++) {
    alive += change[i]
    most = Math.max(most, alive)
  }
  return most
}

/** The constants that are used most, as many as there is room for. */
function constantsToKeep(f: MachineFunction, { start, end }: LoopRange, room: number): Constant[] {
  if (room <= 0) return []
  const found = new Map<string, Constant>()
  for (let i = start; i <= end; i++) {
    const instruction = f.instructions[i]
    // A call saves every register that lives across it.
    if (instruction.kind === 'call') return []
    if (instruction.kind !== 'plain') continue
    const used = constantOf(instruction)
    if (used === null) continue
    const key = keyOf(used.word, used.view)
    const known = found.get(key)
    if (known === undefined) found.set(key, { ...used, uses: 1, register: null })
    else known.uses++
  }
  return [...found.values()].sort((a, b) => b.uses - a.uses).slice(0, room)
}

const keyOf = (word: Uint8Array, view: View): string => `${view} ${word.join(' ')}`

const isVector = (view: View): boolean => view === 'xmm' || view === 'ymm' || view === 'zmm'

/** The constant that an instruction reads from memory into all lanes; null where it reads none, or something else. */
function constantOf(instruction: Plain): { readonly word: Uint8Array; readonly view: View } | null {
  const { mnemonic, operands, effect, mask } = instruction
  const last = operands[operands.length - 1]
  if (typeof last !== 'object' || last.kind !== 'memory' || last.constant === null) return null
  if (mnemonic === 'vbroadcastss') {
    const [target] = operands as readonly [MachineOperand]
    const whole = effect === 'define' && mask === null && last.constant.length === 4
    return whole && typeof target === 'object' && target.kind === 'register'
      ? { word: last.constant, view: target.view }
      : null
  }
  if (!arithmetic.test(mnemonic)) return null
  const views = operands.flatMap((o) => (typeof o === 'object' && o.kind === 'register' ? [o.view] : []))
  const view = views.find(isVector)
  if (view === undefined) return null
  return repeatedWord(last, view)
}

/** Instructions on lanes of 32 bits whose last operand has as many lanes as the others. */
const arithmetic =
  /^(vaddps|vsubps|vmulps|vdivps|vminps|vmaxps|vfmadd\d+ps|vandps|vandnps|vorps|vxorps|vpaddd|vpsubd|vpmulld|vpandd?|vpord?|vpxord?|vcmpps|vpcmpd|vblendmps|vpminsd|vpmaxsd)$/

const bytesOf: Partial<Record<View, number>> = { xmm: 16, ymm: 32, zmm: 64 }

function repeatedWord(
  { constant, broadcast }: MemoryOperand,
  view: View,
): { readonly word: Uint8Array; readonly view: View } | null {
  if (constant === null) return null
  if (broadcast) return constant.length === 4 ? { word: constant, view } : null
  if (constant.length !== bytesOf[view]) return null
  for (let i = 4; i < constant.length; i++) if (constant[i] !== constant[i - 4]) return null
  return { word: constant.slice(0, 4), view }
}

function withRegisters(
  instruction: MachineInstruction,
  kept: ReadonlyMap<string, Constant>,
): MachineInstruction {
  if (instruction.kind !== 'plain') return instruction
  const used = constantOf(instruction)
  if (used === null) return instruction
  const register = kept.get(keyOf(used.word, used.view))?.register
  if (register === undefined || register === null) return instruction
  return {
    ...instruction,
    mnemonic: instruction.mnemonic === 'vbroadcastss' ? 'vmovaps' : instruction.mnemonic,
    operands: [...instruction.operands.slice(0, -1), inView(register, used.view)],
  }
}

/** Loads constants before the loops that begin at the given instructions. */
function insert(f: MachineFunction, before: ReadonlyMap<number, readonly Constant[]>): void {
  const old = f.instructions.splice(0)
  const places = new Int32Array(old.length)
  old.forEach((instruction, i) => {
    for (const { word, view, register } of before.get(i) ?? [])
      f.plain('define', 'vbroadcastss', [inView(register!, view), constantData(word)])
    places[i] = f.instructions.length
    f.add(instruction)
  })
  f.loops.forEach(({ start, end }, i) => {
    // What stands before a loop is not in it, nor in one that begins at the same place.
    f.loops[i] = { start: places[start], end: places[end] }
  })
}
