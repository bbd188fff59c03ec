/** The function that walks a Program's commands in WebAssembly, and the barrier at which its threads meet. */
import { InternalError } from '../../../core/errors.js'
import { parallelExtent } from '../../loop-ir.js'
import { type Command, callsOf, type Place, type Program } from '../../program.js'
import { layoutOf, type MemoryLayout, scratchSize } from '../memory-layout.js'
import { hasSharedSteps, type Step, synchronise } from '../synchronise.js'
import { statusWord } from './kernel-context.js'
import type { FunctionWriter, ModuleWriter } from './module-writer.js'

/** Words of the low reserve that the barrier uses; the host sets `mayWait` and, when a thread fails, `abort`. */
export const barrierWords = { count: 64, generation: 68, sleepers: 72, abort: 76, mainMayWait: 80 } as const

/** Rounds of looking at the barrier before a thread sleeps. */
const spinRounds = 20_000
const sleepNanoseconds = 20_000_000n

export interface WasmLayout extends MemoryLayout {
  /** Bytes of the table: addresses of inputs, of outputs, then room for the arguments of a host call. */
  readonly tableBytes: number
}

/** What `main` calls. */
export interface MainFunctions {
  /** Function number of each kernel. */
  readonly kernels: readonly number[]
  /** Imported (call number, address of the arguments' addresses). */
  readonly hostCall: number
}

/** Thread 0 arrives last or spins; the others spin and then sleep. A failed thread makes the rest trap. */
function defineBarrier(module: ModuleWriter): number {
  const { index, writer: f } = module.define('barrier', ['i32', 'i32'], [])
  const generation = f.local('i32')
  const round = f.local('i32')
  f.get(1)
  f.i32(1)
  f.op('i32.le_u')
  f.if()
  f.op('return')
  f.end()
  f.i32(0)
  f.memory('i32.atomic.load', barrierWords.generation)
  f.set(generation)
  f.i32(0)
  f.i32(1)
  f.memory('i32.atomic.rmw.add', barrierWords.count)
  f.get(1)
  f.i32(1)
  f.op('i32.sub')
  f.op('i32.eq')
  f.if()
  f.i32(0)
  f.i32(0)
  f.memory('i32.atomic.store', barrierWords.count)
  f.i32(0)
  f.i32(1)
  f.memory('i32.atomic.rmw.add', barrierWords.generation)
  f.op('drop')
  f.i32(0)
  f.memory('i32.atomic.load', barrierWords.sleepers)
  f.if()
  f.i32(0)
  f.i32(-1)
  f.memory('memory.atomic.notify', barrierWords.generation)
  f.op('drop')
  f.end()
  f.op('return')
  f.end()
  const whileWaiting = (): void => {
    f.i32(0)
    f.memory('i32.atomic.load', barrierWords.generation)
    f.get(generation)
    f.op('i32.ne')
    f.if()
    f.op('return')
    f.end()
  }
  f.loop()
  f.i32(spinRounds)
  f.set(round)
  f.loop()
  whileWaiting()
  f.get(round)
  f.i32(1)
  f.op('i32.sub')
  f.tee(round)
  f.brIf(0)
  f.end()
  f.i32(0)
  f.memory('i32.atomic.load', barrierWords.abort)
  f.if()
  f.op('unreachable')
  f.end()
  f.get(0)
  f.i32(0)
  f.memory('i32.atomic.load', barrierWords.mainMayWait)
  f.op('i32.or')
  f.if()
  f.i32(0)
  f.i32(1)
  f.memory('i32.atomic.rmw.add', barrierWords.sleepers)
  f.op('drop')
  f.i32(0)
  f.get(generation)
  f.i64(sleepNanoseconds)
  f.memory('memory.atomic.wait32', barrierWords.generation)
  f.op('drop')
  f.i32(0)
  f.i32(-1)
  f.memory('i32.atomic.rmw.add', barrierWords.sleepers)
  f.op('drop')
  f.end()
  f.br(0)
  f.end()
  return index
}

/** Calls that a thread makes for its part of a shared kernel. */
const kernelPieces = 8

const parameters = { thread: 0, threads: 1, arena: 2, table: 3 } as const

/** Defines `main(thread, threads, arena, table)`. Returns its number and whether threads share any work. */
export function defineMain(
  module: ModuleWriter,
  program: Program,
  layout: WasmLayout,
  functions: MainFunctions,
  threaded: boolean,
): { readonly index: number; readonly shared: boolean } {
  const steps = synchronise(program)
  const shared = threaded && hasSharedSteps(steps)
  const barrier = shared ? defineBarrier(module) : -1
  const { index, writer: f } = module.define('main', ['i32', 'i32', 'i32', 'i32'], [])
  const walk = new CommandWriter(f, program, layout, functions, barrier)
  walk.steps(steps, shared)
  return { index, shared }
}

class CommandWriter {
  private readonly f: FunctionWriter
  private readonly program: Program
  private readonly layout: WasmLayout
  private readonly functions: MainFunctions
  private readonly barrier: number
  private readonly loops = new Map<number, number>()
  private calls = 0

  constructor(
    f: FunctionWriter,
    program: Program,
    layout: WasmLayout,
    functions: MainFunctions,
    barrier: number,
  ) {
    this.f = f
    this.program = program
    this.layout = layout
    this.functions = functions
    this.barrier = barrier
  }

  steps(steps: readonly Step[], shared: boolean): void {
    for (const step of steps) this.step(step, shared)
  }

  private step(step: Step, shared: boolean): void {
    const { f } = this
    switch (step.kind) {
      case 'barrier':
        if (!shared) return
        f.get(parameters.thread)
        f.get(parameters.threads)
        f.call(this.barrier, 'barrier')
        return
      case 'guard':
        f.i32(statusWord)
        f.memory('i32.load')
        f.if()
        f.op('return')
        f.end()
        return
      case 'serial':
        if (shared) {
          f.get(parameters.thread)
          f.op('i32.eqz')
          f.if()
        }
        for (const command of step.commands) this.command(command)
        if (shared) f.end()
        return
      case 'shared':
        if (step.command.kind === 'kernel') {
          this.kernel(step.command, true)
          return
        }
        this.copy(step.command, true)
        return
      case 'loop':
        this.loop(step.command, () => this.steps(step.body, shared))
        return
      case 'while':
        this.while(
          step.command,
          () => this.steps(step.condition, shared),
          () => this.steps(step.body, shared),
        )
        return
      case 'if':
        this.if(
          step.command,
          () => this.steps(step.then, shared),
          () => this.steps(step.otherwise, shared),
        )
        return
    }
  }

  /** A command that one thread runs alone. */
  private command(command: Command): void {
    const list = (commands: readonly Command[]) => (): void => {
      for (const c of commands) this.command(c)
    }
    switch (command.kind) {
      case 'kernel':
        this.kernel(command, false)
        return
      case 'copy':
        this.copy(command, false)
        return
      case 'loop':
        this.loop(command, list(command.body))
        return
      case 'while':
        this.while(command, list(command.condition), list(command.body))
        return
      case 'if':
        this.if(command, list(command.then), list(command.otherwise))
        return
      case 'call':
        this.call(command)
        return
    }
  }

  private place(place: Place): void {
    const { f, program } = this
    if (place.base === 'arena') f.get(parameters.arena)
    else {
      f.get(parameters.table)
      f.memory('i32.load', 4 * (place.base === 'input' ? place.index : program.inputs.length + place.index))
    }
    if (place.offset !== 0) {
      f.i32(place.offset)
      f.op('i32.add')
    }
    for (const { loop, bytes } of place.steps) {
      const local = this.loops.get(loop)
      if (local === undefined)
        throw new InternalError(`A place moves with loop ${loop}, which does not enclose it.`)
      f.get(local)
      f.i32(bytes)
      f.op('i32.mul')
      f.op('i32.add')
    }
  }

  private kernel(command: Extract<Command, { kind: 'kernel' }>, shared: boolean): void {
    const { f } = this
    const kernel = this.program.kernels[command.kernel]
    // Engines start with quick code and replace it between calls: a long kernel is called in pieces, as if by more
    // threads, so that it is not stuck with the quick code for its whole first run.
    const pieces = parallelExtent(kernel) >= 2 * kernelPieces ? kernelPieces : 1
    const piece = pieces > 1 ? f.local('i32') : -1
    if (pieces > 1) {
      f.i32(0)
      f.set(piece)
      f.loop()
    }
    if (shared) f.get(parameters.thread)
    else f.i32(0)
    if (pieces > 1) {
      f.i32(pieces)
      f.op('i32.mul')
      f.get(piece)
      f.op('i32.add')
    }
    if (shared) f.get(parameters.threads)
    else f.i32(1)
    if (pieces > 1) {
      f.i32(pieces)
      f.op('i32.mul')
    }
    let argument = 0
    let scratch = this.layout.arenaBytes
    for (const buffer of kernel.buffers) {
      if (buffer.kind === 'argument') this.place(command.arguments[argument++])
      else {
        f.get(parameters.arena)
        f.i32(scratch)
        f.op('i32.add')
        f.get(parameters.thread)
        f.i32(this.layout.scratchBytes)
        f.op('i32.mul')
        f.op('i32.add')
        scratch += scratchSize(buffer)
      }
    }
    if (argument !== command.arguments.length) {
      throw new InternalError(
        `${kernel.name}: expected ${argument} arguments, got ${command.arguments.length}.`,
      )
    }
    f.call(this.functions.kernels[command.kernel], kernel.name)
    if (pieces > 1) {
      f.get(piece)
      f.i32(1)
      f.op('i32.add')
      f.tee(piece)
      f.i32(pieces)
      f.op('i32.lt_u')
      f.brIf(0)
      f.end()
    }
  }

  private copy(command: Extract<Command, { kind: 'copy' }>, shared: boolean): void {
    const { f } = this
    if (!shared) {
      this.place(command.to)
      this.place(command.from)
      f.i32(command.bytes)
      f.memoryCopy()
      return
    }
    // Each thread copies ceil(bytes / threads) rounded up to lines of 64, the last ones less.
    const piece = f.local('i32')
    const start = f.local('i32')
    f.i32(command.bytes)
    f.get(parameters.threads)
    f.op('i32.div_u')
    f.i32(64)
    f.op('i32.add')
    f.i32(-64)
    f.op('i32.and')
    f.tee(piece)
    f.get(parameters.thread)
    f.op('i32.mul')
    f.tee(start)
    f.i32(command.bytes)
    f.op('i32.lt_u')
    f.if()
    this.place(command.to)
    f.get(start)
    f.op('i32.add')
    this.place(command.from)
    f.get(start)
    f.op('i32.add')
    f.get(piece)
    f.i32(command.bytes)
    f.get(start)
    f.op('i32.sub')
    f.get(piece)
    f.i32(command.bytes)
    f.get(start)
    f.op('i32.sub')
    f.op('i32.lt_u')
    f.op('select')
    f.memoryCopy()
    f.end()
  }

  private loop(command: Extract<Command, { kind: 'loop' }>, body: () => void): void {
    const { f } = this
    if (command.count === 0) return
    const index = f.local('i32')
    this.loops.set(command.id, index)
    f.i32(command.reverse ? command.count - 1 : 0)
    f.set(index)
    f.loop()
    body()
    f.get(index)
    f.i32(command.reverse ? -1 : 1)
    f.op('i32.add')
    f.tee(index)
    f.i32(command.reverse ? 0 : command.count)
    f.op(command.reverse ? 'i32.ge_s' : 'i32.lt_s')
    f.brIf(0)
    f.end()
    this.loops.delete(command.id)
  }

  private while(command: Extract<Command, { kind: 'while' }>, condition: () => void, body: () => void): void {
    const { f } = this
    f.block()
    f.loop()
    condition()
    this.place(command.flag)
    f.memory('i32.load8_u')
    f.op('i32.eqz')
    f.brIf(1)
    body()
    f.br(0)
    f.end()
    f.end()
  }

  private if(command: Extract<Command, { kind: 'if' }>, then: () => void, otherwise: () => void): void {
    const { f } = this
    this.place(command.flag)
    f.memory('i32.load8_u')
    f.if()
    then()
    f.else()
    otherwise()
    f.end()
  }

  private call(command: Extract<Command, { kind: 'call' }>): void {
    const { f, program } = this
    const start = 4 * (program.inputs.length + program.outputs.length)
    ;[...command.inputs, ...command.outputs].forEach(({ place }, i) => {
      f.get(parameters.table)
      this.place(place)
      f.memory('i32.store', start + 4 * i)
    })
    f.i32(this.calls++)
    f.get(parameters.table)
    f.i32(start)
    f.op('i32.add')
    f.call(this.functions.hostCall, command.kernel.name)
  }
}

/** Where the parts of a program's memory lie. */
export function wasmLayoutOf(program: Program): WasmLayout {
  let callArguments = 0
  for (const { inputs, outputs } of callsOf(program.commands)) {
    callArguments = Math.max(callArguments, inputs.length + outputs.length)
  }
  const tableBytes = 4 * (program.inputs.length + program.outputs.length + callArguments)
  return { ...layoutOf(program), tableBytes }
}
