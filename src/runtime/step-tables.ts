/**
 * The storages that a compiled step reads and writes. A training overwrites its state where it lies, call after call: as
 * long as nobody else touched it, the tables of the last call still hold and only arguments and results are entered.
 */
import type { Executable } from '../backend/backend.js'
import { residencyChanges, Storage } from '../core/storage.js'
import { buffer } from '../ir/build.js'
import type { Node } from '../ir/node.js'
import { realize } from './realize.js'
import { type Cell, leafCells, pendingCells, stateChanges } from './state.js'
import type { Slot } from './trace.js'
import type { TracedStep } from './traced-step.js'

export interface OutputPlan {
  readonly node: Node
  readonly size: number
  /** Where the output stands in the executable's list; -1 when it has no elements. */
  readonly position: number
  /** Whether it may be written over the version that it replaces. */
  readonly inPlace: boolean
}

export type StepSlot = Pick<Slot, 'source' | 'requiresGrad' | 'gradientRead'>

/** What is remembered of the cell of a slot that is state. */
interface Watched {
  readonly slot: number
  readonly cell: Cell
  /** The step overwrites the version. */
  readonly written: boolean
  /** The step reads, sets or overwrites the gradient. */
  readonly gradientUsed: boolean
  readonly gradientWritten: boolean
  version: Node | null
  gradient: Cell | null
  gradientVersion: Node | null
}

export class StepTables {
  /** The cell behind each slot. Arguments are there during a call only. */
  readonly cells: Cell[]
  private readonly slots: readonly StepSlot[]
  /** Slots that hold an argument during a call. */
  private readonly argumentSlots: readonly { readonly slot: number; readonly index: number }[]
  private readonly inputs: TracedStep['inputs']
  private readonly outputs: readonly OutputPlan[]
  private readonly writes: TracedStep['writes']
  private readonly gradients: TracedStep['gradients']
  private readonly given: Storage[] = []
  private readonly written: Storage[] = []
  private readonly watched: readonly Watched[]
  /** Positions that other storages take at each call. */
  private readonly changing: { readonly inputs: readonly number[]; readonly outputs: readonly number[] }
  /** The slots whose versions `changing.inputs` are. */
  private readonly changingSlots: readonly number[]
  /** Outputs whose number is below are results; the others replace state. */
  private readonly results: number
  /** Whether calls can leave the tables as they are for the next one. */
  private readonly steady: boolean
  /** Whether the last call did. */
  private settled = false
  private residency = -1
  /** `stateChanges` when all that is watched was last seen to be as it was left. */
  private changes = -1
  /** Whether the last run was of these tables. */
  private repeated = false

  constructor(
    slots: readonly StepSlot[],
    outputs: readonly OutputPlan[],
    { inputs, writes, gradients }: Pick<TracedStep, 'inputs' | 'writes' | 'gradients'>,
  ) {
    this.slots = slots
    this.argumentSlots = slots.flatMap(({ source }, slot) =>
      source.kind === 'argument' ? [{ slot, index: source.index }] : [],
    )
    this.inputs = inputs
    this.outputs = outputs
    this.writes = writes
    this.gradients = gradients
    this.cells = slots.map(({ source }) => (source.kind === 'cell' ? source.cell : (null as unknown as Cell)))
    this.results = outputs.length - writes.length - gradients.filter(({ output }) => output !== null).length
    const setGradients = new Map(gradients.map(({ slot, output }) => [slot, output]))
    const written = new Set(writes.map(({ slot }) => slot))
    const isArgument = (slot: number): boolean => slots[slot].source.kind === 'argument'
    this.steady =
      outputs.every(({ position, inPlace }, i) => i < this.results || (position >= 0 && inPlace)) &&
      !writes.some(({ slot }) => isArgument(slot)) &&
      !gradients.some(({ slot }) => isArgument(slot)) &&
      !inputs.some((source) => source.kind === 'gradient' && isArgument(source.slot)) &&
      !slots.some(({ source, gradientRead }) => source.kind === 'argument' && gradientRead !== 'no')
    this.watched = slots.flatMap(({ source, gradientRead }, slot): Watched[] => {
      if (source.kind === 'argument') return []
      const gradient = setGradients.get(slot)
      return [
        {
          slot,
          cell: source.cell,
          written: written.has(slot),
          gradientUsed: gradientRead !== 'no' || gradient !== undefined,
          gradientWritten: gradient !== undefined && gradient !== null,
          version: null,
          gradient: null,
          gradientVersion: null,
        },
      ]
    })
    const positions = <T>(list: readonly T[], wanted: (item: T, i: number) => boolean): number[] =>
      list.flatMap((item, i) => (wanted(item, i) ? [i] : []))
    this.changing = {
      inputs: positions(inputs, (source) => source.kind === 'slot' && isArgument(source.slot)),
      outputs: outputs.flatMap(({ position }, i) => (i < this.results && position >= 0 ? [position] : [])),
    }
    this.changingSlots = inputs.flatMap((source) =>
      source.kind === 'slot' && isArgument(source.slot) ? [source.slot] : [],
    )
  }

  /** Whether all state is as the last call left it, and every guard that it passed still holds. */
  unchanged(): boolean {
    if (!this.settled || this.residency !== residencyChanges) return false
    if (this.changes === stateChanges) return true
    const { watched } = this
    for (let i = 0; i < watched.length; i++) {
      const w = watched[i]
      const { cell } = w
      if (cell.version !== w.version || (w.written && cell.escaped)) return false
      if (!w.gradientUsed) continue
      const { gradient } = cell
      if (gradient !== w.gradient) return false
      if (gradient === null) continue
      if (gradient.version !== w.gradientVersion || (w.gradientWritten && gradient.escaped)) return false
    }
    this.changes = stateChanges
    return true
  }

  /** Whether cells require and have the gradients that the step was traced with. */
  guardsHold(args: readonly Cell[]): boolean {
    for (const { source, requiresGrad, gradientRead } of this.slots) {
      const cell = source.kind === 'cell' ? source.cell : args[source.index]
      if (source.kind === 'cell' && cell.version.requiresGrad !== requiresGrad) return false
      if (gradientRead !== 'no' && (cell.gradient !== null) !== (gradientRead === 'present')) return false
    }
    return true
  }

  /** Enters what the call reads and writes, computing what is pending. `unchanged`: what the method said. */
  enter(args: readonly Cell[], unchanged: boolean): void {
    this.settled = unchanged
    const { cells, argumentSlots, inputs, outputs } = this
    for (let i = 0; i < argumentSlots.length; i++) {
      const { slot, index } = argumentSlots[i]
      cells[slot] = args[index]
    }
    if (unchanged) this.enterArguments()
    else {
      this.compute(inputs.map((_, i) => i))
      for (let i = 0; i < inputs.length; i++) this.given[i] = this.inputStorage(i)
    }
    for (let i = 0; i < this.results; i++) {
      const { node, position, size } = outputs[i]
      if (position >= 0) this.written[position] = new Storage(node.dtype, size)
    }
    if (!unchanged) this.enterState()
  }

  private enterArguments(): void {
    const { given, cells, changingSlots } = this
    const { inputs } = this.changing
    for (let i = 0; i < inputs.length; i++) {
      const cell = cells[changingSlots[i]]
      if (cell.version.storage === null) this.compute(inputs)
      given[inputs[i]] = cell.version.storage!
    }
  }

  private inputNode(input: number): Node | null {
    const source = this.inputs[input]
    if (source.kind === 'constant') return null
    const cell = this.cells[source.slot]
    return source.kind === 'slot' ? cell.version : cell.gradient!.version
  }

  private inputStorage(input: number): Storage {
    const source = this.inputs[input]
    return source.kind === 'constant' ? source.storage : this.inputNode(input)!.storage!
  }

  /** Computes values that are still pending. */
  private compute(inputs: readonly number[]): void {
    let pending: Node[] | null = null
    for (let i = 0; i < inputs.length; i++) {
      const node = this.inputNode(inputs[i])
      if (node === null || node.storage !== null) continue
      pending ??= []
      pending.push(node)
    }
    if (pending !== null) realize(pending)
  }

  /** Where new versions go: over the old ones where only their cells hold them. */
  private enterState(): void {
    const { outputs, cells, written } = this
    const fresh = (i: number): void => {
      const { node, position, size } = outputs[i]
      if (position >= 0) written[position] = new Storage(node.dtype, size)
    }
    for (const { slot, output } of this.writes) {
      const { position, inPlace } = outputs[output]
      const cell = cells[slot]
      if (inPlace && reusable(cell)) written[position] = cell.version.storage!
      else fresh(output)
    }
    for (const { slot, output } of this.gradients) {
      if (output === null) continue
      const { node, position, inPlace } = outputs[output]
      const { gradient } = cells[slot]
      if (inPlace && gradient !== null && reusable(gradient) && gradient.version.dtype === node.dtype) {
        written[position] = gradient.version.storage!
      } else fresh(output)
    }
  }

  run(executable: Executable): void {
    executable.run(this.given, this.written, this.settled && this.repeated ? this.changing : undefined)
    this.repeated = this.settled
  }

  /** Gives the cells their new versions and gradients. */
  assign(makeCell: (node: Node) => Cell): void {
    if (this.settled) return
    const { cells, outputs } = this
    for (const { slot, output } of this.writes) {
      const cell = cells[slot]
      const storage = this.storageOf(output)
      if (cell.version.storage === storage) continue
      const { shape, requiresGrad } = cell.version
      cell.version = buffer(storage, shape, requiresGrad)
      cell.escaped = false
      pendingCells.delete(cell)
      if (requiresGrad) leafCells.set(cell.version, cell)
    }
    for (const { slot, output } of this.gradients) {
      const cell = cells[slot]
      if (output === null) {
        cell.gradient = null
        continue
      }
      const storage = this.storageOf(output)
      if (cell.gradient !== null && cell.gradient.version.storage === storage) continue
      cell.gradient = makeCell(buffer(storage, outputs[output].node.shape))
      cell.gradient.escaped = false
    }
  }

  /** The storage of an output of the call in progress. */
  storageOf(output: number): Storage {
    const { node, position } = this.outputs[output]
    return position >= 0 ? this.written[position] : new Storage(node.dtype, 0, new ArrayBuffer(0))
  }

  /** Ends a call: forgets arguments and results, and keeps what the next call will find again. */
  leave(succeeded: boolean): void {
    if (!succeeded) this.settled = false
    else if (!this.settled && this.steady) this.settled = this.settle()
    const { cells, argumentSlots, given, written, changing } = this
    for (let i = 0; i < argumentSlots.length; i++) cells[argumentSlots[i].slot] = null as unknown as Cell
    if (this.settled) {
      const { inputs, outputs } = changing
      for (let i = 0; i < inputs.length; i++) given[inputs[i]] = none
      for (let i = 0; i < outputs.length; i++) written[outputs[i]] = none
    } else {
      given.length = 0
      written.length = 0
      for (const w of this.watched) w.version = w.gradient = w.gradientVersion = null
    }
  }

  /** Notes what state is now, and enters it for the next call. False where that call will have to look again. */
  private settle(): boolean {
    for (const w of this.watched) {
      const { cell, slot } = w
      const { version, gradient } = cell
      const { requiresGrad, gradientRead } = this.slots[slot]
      if (version.storage === null || version.requiresGrad !== requiresGrad || (w.written && cell.escaped))
        return false
      if (gradientRead !== 'no' && (gradient !== null) !== (gradientRead === 'present')) return false
      if (w.gradientUsed && gradient !== null) {
        if (gradient.version.storage === null || (w.gradientWritten && gradient.escaped)) return false
      }
      cell.watched = true
      if (gradient !== null) gradient.watched = true
      w.version = version
      w.gradient = gradient
      w.gradientVersion = gradient?.version ?? null
    }
    const { cells, inputs, outputs, given, written } = this
    for (let i = 0; i < inputs.length; i++) {
      const source = inputs[i]
      if (source.kind === 'constant' || this.slots[source.slot].source.kind === 'argument') continue
      given[i] = this.inputStorage(i)
    }
    for (const { slot, output } of this.writes)
      written[outputs[output].position] = cells[slot].version.storage!
    for (const { slot, output } of this.gradients) {
      if (output === null) continue
      const { gradient } = cells[slot]
      if (gradient === null || gradient.version.dtype !== outputs[output].node.dtype) return false
      written[outputs[output].position] = gradient.version.storage!
    }
    this.residency = residencyChanges
    this.changes = stateChanges
    return true
  }
}

/** Stands in tables where a call enters a storage. */
const none = null as unknown as Storage

/** Only the cell holds its version: nobody sees an overwrite. */
const reusable = (cell: Cell): boolean => !cell.escaped && cell.version.storage !== null
