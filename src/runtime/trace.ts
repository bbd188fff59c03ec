/**
 * A trace: what a compiled step did, recorded while its function ran once on placeholders. Cells that exist outside
 * are read by reference through slots; assigns and gradients stay inside the trace, so a trace that fails has changed
 * nothing.
 */
import { TraceError } from '../core/errors.js'
import { StackMark } from '../core/user-line.js'
import { isOp, Node, topologicalOrder } from '../ir/node.js'
import { type Cell, leafCells, type Tracing, versionOf } from './state.js'

/** Where the cell behind a slot comes from at each call. */
export type SlotSource =
  | { readonly kind: 'argument'; readonly index: number }
  | { readonly kind: 'cell'; readonly cell: Cell }

/** A cell of the outside world that a step reads or writes. */
export interface Slot {
  readonly source: SlotSource
  /** Stands for the version at the start of each call. */
  readonly initial: Node
  readonly requiresGrad: boolean
  /** The latest version inside the trace. */
  version: Node
  assigned: boolean
  /** Whether the step looked for a gradient before it set one, and what it found. */
  gradientRead: 'no' | 'absent' | 'present'
  /** Stands for the gradient at the start of each call. */
  gradientInitial: Node | null
  gradient: Cell | null
  gradientSet: boolean
}

/** A framework property that the step read. */
export interface Observation {
  readonly owner: object
  readonly key: string
  readonly value: unknown
  readonly read: () => unknown
  /** Whoever sets the property calls `countPropertyChange`. */
  readonly counted: boolean
}

/** The leaves of the values that tracers stand for. */
export const tracedPlaceholder = (node: Node, requiresGrad: boolean): Node => {
  const aval = { shape: node.shape, dtype: node.dtype }
  return new Node('placeholder', aval, [], [aval], requiresGrad)
}

export class Trace implements Tracing {
  readonly slots: Slot[] = []
  readonly observations: Observation[] = []
  /** Framework properties that the step set: set again at each replay. */
  readonly effects: (() => void)[] = []
  private readonly bySlotCell = new Map<Cell, Slot>()
  private readonly realCells = new Map<Slot, Cell>()
  private readonly observed = new Map<object, Set<string>>()
  private readonly marks = new Map<Node, StackMark>()
  private readonly makeCell: (node: Node) => Cell

  constructor(makeCell: (node: Node) => Cell) {
    this.makeCell = makeCell
  }

  /** The tracer of an argument. To be called while this trace is in progress. */
  addArgument(real: Cell, index: number): Cell {
    const requiresGrad = real.version.requiresGrad && leafCells.has(real.version)
    const initial = tracedPlaceholder(real.version, requiresGrad)
    const tracer = this.makeCell(initial)
    this.addSlot(tracer, real, { kind: 'argument', index }, initial, requiresGrad)
    return tracer
  }

  private addSlot(key: Cell, real: Cell, source: SlotSource, initial: Node, requiresGrad: boolean): Slot {
    const slot: Slot = {
      source,
      initial,
      requiresGrad,
      version: initial,
      assigned: false,
      gradientRead: 'no',
      gradientInitial: null,
      gradient: null,
      gradientSet: false,
    }
    if (requiresGrad) leafCells.set(initial, key)
    this.slots.push(slot)
    this.bySlotCell.set(key, slot)
    this.realCells.set(slot, real)
    return slot
  }

  /** The slot of a cell; null for cells that this trace made itself. */
  slotOf(cell: Cell): Slot | null {
    const known = this.bySlotCell.get(cell)
    if (known !== undefined) return known
    if (cell.owner === this) return null
    if (cell.owner !== null) throw new TraceError(leakedTracer)
    const { version } = cell
    if (version.requiresGrad && !leafCells.has(version)) {
      throw new TraceError(
        'A compiled step uses a tensor from outside that was computed from parameters and requires a gradient, which ' +
          'cannot flow out of the step. Compute it inside the step, or pass x.detach().',
      )
    }
    return this.addSlot(
      cell,
      cell,
      { kind: 'cell', cell },
      tracedPlaceholder(version, version.requiresGrad),
      version.requiresGrad,
    )
  }

  read(cell: Cell): Node {
    return this.slotOf(cell)?.version ?? cell.version
  }

  assign(cell: Cell, value: Node): void {
    const slot = this.slotOf(cell)
    const next = versionOf(value, (slot?.version ?? cell.version).requiresGrad)
    if (next.requiresGrad) leafCells.set(next, cell)
    if (slot === null) {
      cell.version = next
    } else {
      slot.version = next
      slot.assigned = true
    }
  }

  gradientOf(cell: Cell): Cell | null {
    const slot = this.slotOf(cell)
    if (slot === null) return cell.gradient
    if (slot.gradientRead === 'no' && !slot.gradientSet) {
      const real = this.realCells.get(slot)!.gradient
      slot.gradientRead = real === null ? 'absent' : 'present'
      if (real !== null) {
        slot.gradientInitial = tracedPlaceholder(real.version, false)
        slot.gradient = this.makeCell(slot.gradientInitial)
      }
    }
    return slot.gradient
  }

  setGradient(cell: Cell, gradient: Cell | null): void {
    const slot = this.slotOf(cell)
    if (slot === null) {
      cell.gradient = gradient
      return
    }
    slot.gradient = gradient
    slot.gradientSet = true
  }

  requiresGrad(cell: Cell): boolean {
    return this.read(cell).requiresGrad
  }

  setRequiresGrad(cell: Cell, flag: boolean): void {
    const slot = this.slotOf(cell)
    if (slot !== null) {
      if (slot.version.requiresGrad === flag) return
      throw new TraceError(
        'A compiled step set requiresGrad of a tensor from outside. Set it before the step: the step is traced anew then.',
      )
    }
    if (cell.version.requiresGrad === flag) return
    cell.version = versionOf(cell.version, flag)
    if (flag) leafCells.set(cell.version, cell)
  }

  stateNode(cell: Cell): Node {
    const node = this.read(cell)
    if (topologicalOrder([node]).some((n) => isOp(n, 'placeholder') && n.storage === null)) {
      throw new TraceError(
        'A Parameter or Buffer was made inside a compiled step from a value of the step. Make it before the step, or ' +
          'start it from zeros() or another value known by itself, and assign() to it.',
      )
    }
    return node
  }

  observe(owner: object, key: string, value: unknown, read: () => unknown, counted = false): void {
    if (this.meet(owner, key)) this.observations.push({ owner, key, value, read, counted })
  }

  overwrite(owner: object, key: string, redo: () => void): void {
    // What the step reads from now on is its own doing.
    this.meet(owner, key)
    this.effects.push(redo)
  }

  /** True the first time that a property is read or written. */
  private meet(owner: object, key: string): boolean {
    let keys = this.observed.get(owner)
    if (keys === undefined) {
      keys = new Set()
      this.observed.set(owner, keys)
    }
    if (keys.has(key)) return false
    keys.add(key)
    return true
  }

  /** Notes the stack at which a node was built. */
  readonly mark = (node: Node): void => {
    this.marks.set(node, new StackMark())
  }

  /** The user's line that built a node. */
  lineOf(node: Node): string | null {
    return this.marks.get(node)?.line ?? null
  }

  /** Forgets the stacks, which are only needed for the comparison of two traces. */
  forgetMarks(): void {
    this.marks.clear()
  }
}

const leakedTracer =
  'A compiled step uses a tensor that was made inside a compiled step earlier and kept in a variable: it stood for a ' +
  'value of that trace only. Return it from the step and pass it in as an argument, or keep it in a Buffer with assign().'
