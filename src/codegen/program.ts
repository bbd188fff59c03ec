/**
 * A Program: what a graph becomes after scheduling and lowering. Kernels in loop IR, the commands that run them, and
 * where every value lives. Code holds offsets only; the addresses of inputs, outputs and the arena come at each run.
 */

import type { Aval, HostKernel } from '../ir/node.js'
import type { Kernel } from './loop-ir.js'

/** Where a value lives: a base, a byte offset, and how far it moves with each round of the enclosing loops. */
export interface Place {
  /** `input` and `output`: the run's storages by number. `arena`: the planned memory of intermediates. */
  readonly base: 'arena' | 'input' | 'output'
  /** Number of the input or output; 0 for the arena. */
  readonly index: number
  /** Bytes. */
  readonly offset: number
  /** Moves by `bytes` × the current index of the loop command `loop`. */
  readonly steps: readonly { readonly loop: number; readonly bytes: number }[]
}

export interface PlacedValue extends Aval {
  readonly place: Place
}

export type Command =
  /** `arguments[i]` is the place of the kernel's i-th buffer of kind `argument`. */
  | { readonly kind: 'kernel'; readonly kernel: number; readonly arguments: readonly Place[] }
  | { readonly kind: 'copy'; readonly from: Place; readonly to: Place; readonly bytes: number }
  /** Runs `body` for index 0…count-1, or count-1…0. `id` is what places refer to. */
  | {
      readonly kind: 'loop'
      readonly id: number
      readonly count: number
      readonly reverse: boolean
      readonly body: readonly Command[]
    }
  /** Runs `condition`; while the bool byte at `flag` is set, runs `body`, then `condition` again. */
  | {
      readonly kind: 'while'
      readonly condition: readonly Command[]
      readonly flag: Place
      readonly body: readonly Command[]
    }
  | {
      readonly kind: 'if'
      readonly flag: Place
      readonly then: readonly Command[]
      readonly otherwise: readonly Command[]
    }
  | {
      readonly kind: 'call'
      readonly kernel: HostKernel
      readonly inputs: readonly PlacedValue[]
      readonly outputs: readonly PlacedValue[]
    }

export interface Program {
  readonly kernels: readonly Kernel[]
  readonly commands: readonly Command[]
  /** Bytes of the arena that the commands address; offsets are multiples of 64. */
  readonly arenaBytes: number
  readonly inputs: readonly Aval[]
  readonly outputs: readonly Aval[]
  /** donations[i] = j: output i is the memory of input j. Other outputs share memory with no input. */
  readonly donations: ReadonlyMap<number, number>
}

/** Calls `visit` for every command, those inside others included, in the order in which they stand. */
export function walkCommands(commands: readonly Command[], visit: (command: Command) => void): void {
  for (const command of commands) {
    visit(command)
    if (command.kind === 'loop') walkCommands(command.body, visit)
    else if (command.kind === 'while') walkCommands([...command.condition, ...command.body], visit)
    else if (command.kind === 'if') walkCommands([...command.then, ...command.otherwise], visit)
  }
}

/** The host calls of a program in the order in which `main` numbers them. */
export function callsOf(commands: readonly Command[]): Extract<Command, { kind: 'call' }>[] {
  const found: Extract<Command, { kind: 'call' }>[] = []
  walkCommands(commands, (command) => {
    if (command.kind === 'call') found.push(command)
  })
  return found
}
