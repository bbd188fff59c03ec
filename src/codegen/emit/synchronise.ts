/**
 * Decides which commands of a Program all threads run, which thread 0 runs alone, and where threads must meet. Every
 * emitter of a target with threads walks the steps that this makes; with one thread it may ignore the barriers.
 */
import { byteSize } from '../../core/dtype.js'
import { sizeOf } from '../../core/shape.js'
import type { Aval } from '../../ir/node.js'
import { parallelExtent } from '../loop-ir.js'
import { type Command, type Place, type PlacedValue, type Program, walkCommands } from '../program.js'
import { walkStmts } from '../walk.js'

export type Step =
  | { readonly kind: 'barrier' }
  /** Where a check of an index or a host call has failed, the program ends here: nothing below is written. */
  | { readonly kind: 'guard' }
  /** Thread 0 alone. */
  | { readonly kind: 'serial'; readonly commands: readonly Command[] }
  /** All threads, each its part. */
  | { readonly kind: 'shared'; readonly command: Extract<Command, { kind: 'kernel' | 'copy' }> }
  | {
      readonly kind: 'loop'
      readonly command: Extract<Command, { kind: 'loop' }>
      readonly body: readonly Step[]
    }
  /** All threads read the flag after `condition` and a barrier. */
  | {
      readonly kind: 'while'
      readonly command: Extract<Command, { kind: 'while' }>
      readonly condition: readonly Step[]
      readonly body: readonly Step[]
    }
  | {
      readonly kind: 'if'
      readonly command: Extract<Command, { kind: 'if' }>
      readonly then: readonly Step[]
      readonly otherwise: readonly Step[]
    }

/** Copies of fewer bytes stay on one thread. */
const sharedCopyBytes = 1 << 17

/** A range of bytes that a command touches. */
interface Footprint {
  readonly base: Place['base']
  readonly index: number
  readonly low: number
  readonly high: number
  readonly write: boolean
  /** Only thread 0 touches it. */
  readonly serial: boolean
}

/** Everything touched since the last barrier: by all threads, and by thread 0 alone. */
interface Group {
  readonly shared: Footprint[]
  readonly serial: Footprint[]
}

export function synchronise(program: Program): Step[] {
  const counts = new Map<number, number>()
  let group: Group = { shared: [], serial: [] }
  const bytesOf = ({ shape, dtype }: Aval): number => sizeOf(shape) * byteSize(dtype)

  /** A donated input's memory is its output's. */
  const memoryOf = ({ base, index }: Footprint): string => {
    const input = base === 'output' ? program.donations.get(index) : undefined
    return input === undefined ? `${base}${index}` : `input${input}`
  }
  const overlap = (a: Footprint, b: Footprint): boolean => {
    if (!a.write && !b.write) return false
    return memoryOf(a) === memoryOf(b) && a.low < b.high && b.low < a.high
  }

  const isShared = (command: Command): boolean => {
    switch (command.kind) {
      case 'kernel':
        return parallelExtent(program.kernels[command.kernel]) > 1
      case 'copy':
        return command.bytes >= sharedCopyBytes
      case 'loop':
        return command.body.some(isShared)
      case 'while':
        return command.condition.some(isShared) || command.body.some(isShared)
      case 'if':
        return command.then.some(isShared) || command.otherwise.some(isShared)
      case 'call':
        return false
    }
  }

  const footprint = (place: Place, bytes: number, write: boolean, serial: boolean): Footprint => {
    let low = place.offset
    let high = place.offset + bytes
    for (const { loop, bytes: step } of place.steps) {
      const reach = ((counts.get(loop) ?? 1) - 1) * step
      if (reach < 0) low += reach
      else high += reach
    }
    return { base: place.base, index: place.index, low, high, write, serial }
  }
  const ofValue = (value: PlacedValue, write: boolean): Footprint =>
    footprint(value.place, bytesOf(value), write, true)

  const touches = (command: Command, serial: boolean, into: Footprint[]): void => {
    switch (command.kind) {
      case 'kernel': {
        const buffers = program.kernels[command.kernel].buffers.filter((b) => b.kind === 'argument')
        command.arguments.forEach((place, i) => {
          const { dtype, size, access } = buffers[i]
          into.push(footprint(place, size * byteSize(dtype), access !== 'read', serial))
        })
        return
      }
      case 'copy':
        into.push(footprint(command.from, command.bytes, false, serial))
        into.push(footprint(command.to, command.bytes, true, serial))
        return
      case 'loop':
        counts.set(command.id, command.count)
        for (const c of command.body) touches(c, serial, into)
        return
      case 'while':
        into.push(footprint(command.flag, 1, false, serial))
        for (const c of [...command.condition, ...command.body]) touches(c, serial, into)
        return
      case 'if':
        into.push(footprint(command.flag, 1, false, serial))
        for (const c of [...command.then, ...command.otherwise]) touches(c, serial, into)
        return
      case 'call':
        for (const value of command.inputs) into.push(ofValue(value, false))
        for (const value of command.outputs) into.push(ofValue(value, true))
        return
    }
  }

  const add = (to: Group, list: readonly Footprint[]): void => {
    for (const f of list) (f.serial ? to.serial : to.shared).push(f)
  }
  /** A barrier where something since the last one conflicts with what comes. Thread 0 keeps its own order. */
  const prepare = (out: Step[], coming: readonly Footprint[]): void => {
    const conflict = coming.some(
      (a) =>
        group.shared.some((b) => overlap(a, b)) || (!a.serial && group.serial.some((b) => overlap(a, b))),
    )
    if (conflict) {
      out.push({ kind: 'barrier' })
      group = { shared: [], serial: [] }
    }
    add(group, coming)
  }

  const checking = program.kernels.map(({ body }) => {
    let found = false
    walkStmts(body, ({ kind }) => {
      found ||= kind === 'check'
    })
    return found
  })
  /** Whether the command may find that the run cannot be finished. */
  const checks = (command: Command): boolean => {
    let found = false
    walkCommands([command], (c) => {
      found ||= c.kind === 'call' || (c.kind === 'kernel' && checking[c.kernel])
    })
    return found
  }
  const writesOutput = (command: Command): boolean => {
    const footprints: Footprint[] = []
    touches(command, true, footprints)
    return footprints.some(({ base, write }) => write && base === 'output')
  }
  /**
   * Outputs may be the state of a training, and are written once all checks so far have held. No thread may check again
   * before the others have looked.
   */
  const guard = (out: Step[], later: readonly Command[]): void => {
    if (group.shared.length + group.serial.length > 0) out.push({ kind: 'barrier' })
    out.push({ kind: 'guard' })
    if (later.some(checks)) out.push({ kind: 'barrier' })
    group = { shared: [], serial: [] }
  }

  const sequence = (commands: readonly Command[], outermost = false): Step[] => {
    const out: Step[] = []
    let checked = false
    for (const [i, command] of commands.entries()) {
      if (checked && writesOutput(command)) {
        guard(out, commands.slice(i))
        checked = false
      }
      checked ||= outermost && checks(command)
      if (!isShared(command)) {
        const coming: Footprint[] = []
        touches(command, true, coming)
        prepare(out, coming)
        const last = out[out.length - 1]
        if (last?.kind === 'serial')
          out[out.length - 1] = { kind: 'serial', commands: [...last.commands, command] }
        else out.push({ kind: 'serial', commands: [command] })
        continue
      }
      switch (command.kind) {
        case 'kernel':
        case 'copy': {
          const coming: Footprint[] = []
          touches(command, false, coming)
          prepare(out, coming)
          out.push({ kind: 'shared', command })
          break
        }
        case 'loop': {
          counts.set(command.id, command.count)
          // Each round starts with a barrier: what the last one touched is settled.
          group = { shared: [], serial: [] }
          const body = sequence(command.body)
          out.push({ kind: 'loop', command, body: [{ kind: 'barrier' }, ...body] })
          break
        }
        case 'while': {
          group = { shared: [], serial: [] }
          const condition = sequence(command.condition)
          // The flag is read after a barrier, and must stand until every thread has read it.
          const flag = footprint(command.flag, 1, false, false)
          group = { shared: [flag], serial: [] }
          const body = sequence(command.body)
          out.push({
            kind: 'while',
            command,
            condition: [{ kind: 'barrier' }, ...condition, { kind: 'barrier' }],
            body,
          })
          group = { shared: [flag], serial: [] }
          break
        }
        case 'if': {
          const flag = footprint(command.flag, 1, false, false)
          prepare(out, [flag])
          const before = group
          const copyOf = ({ shared, serial }: Group): Group => ({ shared: [...shared], serial: [...serial] })
          group = copyOf(before)
          const then = sequence(command.then)
          const afterThen = group
          group = copyOf(before)
          const otherwise = sequence(command.otherwise)
          // A branch that met has settled what came before it, the other may not have: keep all.
          add(group, [...before.shared, ...before.serial, ...afterThen.shared, ...afterThen.serial])
          out.push({ kind: 'if', command, then, otherwise })
          break
        }
      }
    }
    return out
  }

  const steps = sequence(program.commands, true)
  if (steps.some((s) => s.kind !== 'serial')) steps.push({ kind: 'barrier' })
  return steps
}

/** True where threads have something to share. */
export const hasSharedSteps = (steps: readonly Step[]): boolean =>
  steps.some((s) => s.kind !== 'serial' && s.kind !== 'barrier' && s.kind !== 'guard')
