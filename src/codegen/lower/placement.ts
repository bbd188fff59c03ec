/**
 * Where values lie while a graph is lowered, and how long: slots of the arena with the times of their first and last
 * use, and places that get their offsets once all slots are known.
 */

import type { Node } from '../../ir/node.js'
import { planMemory, type Slot } from '../../schedule/memory.js'
import { bytesOf } from '../../schedule/node-cost.js'
import type { ScheduleListing } from '../print-schedule.js'
import type { Command, Place } from '../program.js'

type MutablePlace = { -readonly [K in keyof Place]: Place[K] }

/** A place whose offset is known once memory is planned. */
export interface Located {
  readonly place: MutablePlace
  /** The arena value it lies in; null for inputs and outputs. */
  readonly slot: Slot | null
  /** Bytes from the slot's start. */
  readonly delta: number
}

export type Places = Map<Node, Located>

export class Placement {
  private readonly slots: Slot[] = []
  private readonly located: Located[] = []
  private now = 0
  private readonly listing: ScheduleListing | undefined

  constructor(listing: ScheduleListing | undefined) {
    this.listing = listing
  }

  /** The number of the command that is being written. */
  get time(): number {
    return this.now
  }

  /** The next command's time. */
  advance(): number {
    return ++this.now
  }

  external(base: 'input' | 'output', index: number): Located {
    return this.locate({ base, index, offset: 0, steps: [] }, null, 0)
  }

  /** Memory for a value, from now on. */
  allocate(node: Node): Located {
    return this.inSlot(this.reserve(bytesOf(node), node), 0)
  }

  /** A slot of the arena, from now on; `holds` is the value that listings show in it. */
  reserve(bytes: number, holds?: Node): Slot {
    const slot: Slot = { bytes: Math.max(1, bytes), start: this.now, end: this.now, offset: 0 }
    this.slots.push(slot)
    if (holds !== undefined) this.listing?.slot(holds, slot)
    return slot
  }

  /** What begins `delta` bytes into a slot. */
  inSlot(slot: Slot, delta: number): Located {
    return this.locate({ base: 'arena', index: 0, offset: 0, steps: [] }, slot, delta)
  }

  /** Step t of a stacked value, in loop `loop`. */
  step(of: Located, loop: number, bytes: number): Located {
    return this.locate({ ...of.place, steps: [...of.place.steps, { loop, bytes }] }, of.slot, of.delta)
  }

  /** The place, whose value lives at least until now. */
  use(located: Located): Place {
    if (located.slot !== null) located.slot.end = Math.max(located.slot.end, this.now)
    return located.place
  }

  copy(from: Located, to: Located, bytes: number): Command {
    this.now++
    return { kind: 'copy', from: this.use(from), to: this.use(to), bytes }
  }

  /** What was alive before a loop and is used in it lives to its end. */
  around<T>(write: () => T): T {
    const start = ++this.now
    const result = write()
    const end = ++this.now
    for (const slot of this.slots) if (slot.start <= start && slot.end >= start) slot.end = end
    return result
  }

  /** Gives every place its offset; returns the arena's size in bytes. */
  plan(): number {
    const bytes = planMemory(this.slots)
    for (const { place, slot, delta } of this.located) if (slot !== null) place.offset = slot.offset + delta
    return bytes
  }

  private locate(place: MutablePlace, slot: Slot | null, delta: number): Located {
    const located = { place, slot, delta }
    this.located.push(located)
    return located
  }
}
