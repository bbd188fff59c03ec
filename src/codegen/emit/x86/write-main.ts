/**
 * The function that walks a Program's commands on each thread, and the barrier at which they meet. Called as
 * (thread, threads, context) in the C ABI, or run by a thread of the pool.
 */
import { InternalError } from '../../../core/errors.js'
import { parallelExtent } from '../../loop-ir.js'
import { type Command, callsOf, type Place, type Program, walkCommands } from '../../program.js'
import { type MemoryLayout, scratchSize } from '../memory-layout.js'
import { piecesOf } from '../pieces.js'
import { type Step, synchronise } from '../synchronise.js'
import type { Assembler, Label } from './assembler.js'
import { type ProfileSite, ProfileWriter } from './profile-sites.js'
import {
  mem,
  type Reg,
  r8,
  r12,
  r13,
  r14,
  r15,
  rax,
  rbp,
  rbx,
  rcx,
  rdi,
  rdx,
  reg8,
  reg32,
  rsi,
  rsp,
} from './registers.js'
import { barrierOffsets, contextOffsets, futexWait, futexWake } from './runtime-layout.js'
import { pieceFrameWords, takePieces, ticketRowBytes } from './take-pieces.js'

/** Rounds of looking at the barrier before a thread sleeps: some hundred microseconds. */
const spinRounds = 20_000

export interface MainOptions {
  /** Times the commands. */
  readonly profile: boolean
  /** Threads that `main` is written for; it runs on one as well. */
  readonly threads: number
}

export interface MainFunction {
  /** What is timed. */
  readonly sites: readonly ProfileSite[]
  /** Bytes of a thread's row of tickets (see take-pieces.ts). */
  readonly ticketBytes: number
}

/** Writes `main`, given where each kernel's function is. */
export function writeMain(
  a: Assembler,
  program: Program,
  layout: MemoryLayout,
  kernels: readonly Label[],
  options: MainOptions,
): MainFunction {
  const steps = synchronise(program)
  // Threads are awaited after the run: no barrier is needed at its end.
  while (steps[steps.length - 1]?.kind === 'barrier') steps.pop()
  return new MainWriter(a, program, layout, kernels, options).write(steps)
}

class MainWriter {
  private readonly a: Assembler
  private readonly program: Program
  private readonly layout: MemoryLayout
  private readonly kernels: readonly Label[]
  private readonly barrier: Label
  /** Where the steps end. */
  private readonly end: Label
  /** Frame offset of each loop's counter. */
  private readonly loops = new Map<number, number>()
  private readonly argumentWords: number
  private readonly loopCount: number
  private readonly profile: ProfileWriter | null
  private readonly threads: number
  private readonly ticketBytes: number
  /** Kernels' pieces, counted once for all their commands. */
  private readonly pieces = new Map<number, number>()
  private pieceCommands = 0
  /** Loops around what is being written. */
  private depth = 0
  private loopSlots = 0
  private calls = 0

  constructor(
    a: Assembler,
    program: Program,
    layout: MemoryLayout,
    kernels: readonly Label[],
    { profile, threads }: MainOptions,
  ) {
    this.a = a
    this.program = program
    this.layout = layout
    this.kernels = kernels
    this.barrier = a.label()
    this.end = a.label()
    let words = 0
    for (const { buffers } of program.kernels) words = Math.max(words, buffers.length + 1)
    for (const { inputs, outputs } of callsOf(program.commands))
      words = Math.max(words, inputs.length + outputs.length)
    this.argumentWords = words
    this.loopCount = countLoops(program.commands)
    const slot = 8 * (words + this.loopCount + pieceFrameWords)
    this.profile = profile ? new ProfileWriter(a, slot) : null
    this.threads = threads
    let commands = 0
    walkCommands(program.commands, (command) => {
      if (command.kind === 'kernel' && this.piecesOf(command.kernel) > 1) commands++
    })
    this.ticketBytes = ticketRowBytes(commands)
  }

  write(steps: readonly Step[]): MainFunction {
    const { a } = this
    const saved = [rbx, r12, r13, r14, r15]
    for (const r of saved) a.emit('push', [r])
    a.emit('push', [rbp])
    a.emit('mov', [rbp, rsp])
    a.emit('and', [rsp, -64])
    const frame =
      8 * (this.argumentWords + this.loopCount + pieceFrameWords + (this.profile === null ? 0 : 1))
    a.emit('sub', [rsp, Math.ceil(frame / 64) * 64])
    a.emit('mov', [r12, rdi])
    a.emit('mov', [r13, rsi])
    a.emit('mov', [rbx, rdx])
    a.emit('mov', [r14, mem(rbx, contextOffsets.arena)])
    a.emit('mov', [r15, mem(rbx, contextOffsets.table)])
    this.profile?.locate()
    this.timed({ kind: 'run' }, () => {
      this.steps(steps)
      a.bind(this.end)
    })
    a.emit('vzeroupper', [])
    a.emit('mov', [rsp, rbp])
    a.emit('pop', [rbp])
    for (const r of saved.reverse()) a.emit('pop', [r])
    a.emit('ret', [])
    this.writeBarrier()
    return { sites: this.profile?.sites ?? [], ticketBytes: this.ticketBytes }
  }

  /** Time stamps around what `body` writes, in a profiled program. */
  private timed(site: ProfileSite, body: () => void): void {
    const number = this.profile?.begin(site)
    body()
    if (number !== undefined) this.profile?.end(number)
  }

  private writeBarrier(): void {
    const { a } = this
    const [out, wait, spin] = [a.label(), a.label(), a.label()]
    const generation = mem(rdi, barrierOffsets.generation)
    const sleepers = mem(rdi, barrierOffsets.sleepers)
    a.align(16)
    a.bind(this.barrier)
    a.emit('cmp', [reg32(13), 1])
    a.jump('e', out)
    a.emit('mov', [rdi, mem(rbx, contextOffsets.barrier)])
    a.emit('mov', [reg32(2), generation])
    a.emit('mov', [reg32(0), 1])
    a.emit('lock xadd', [mem(rdi, barrierOffsets.count), reg32(0)])
    a.emit('add', [reg32(0), 1])
    a.emit('cmp', [reg32(0), reg32(13)])
    a.jump('ne', wait)
    a.emit('mov', [mem(rdi, barrierOffsets.count), 0], { size: 32 })
    a.emit('lea', [reg32(1), mem(rdx, 1)])
    // An exchange is a fence: the sleepers are counted after the generation is out.
    a.emit('xchg', [generation, reg32(1)])
    a.emit('cmp', [sleepers, 0], { size: 32 })
    a.jump('e', out)
    a.emit('add', [rdi, barrierOffsets.generation])
    futexWake(a)
    a.bind(out)
    a.emit('ret', [])
    a.bind(wait)
    a.emit('mov', [reg32(1), spinRounds])
    a.bind(spin)
    a.emit('cmp', [generation, reg32(2)])
    a.jump('ne', out)
    a.emit('pause', [])
    a.emit('sub', [reg32(1), 1])
    a.jump('ne', spin)
    a.emit('lock add', [sleepers, 1], { size: 32 })
    a.emit('mov', [r8, rdi])
    a.emit('add', [rdi, barrierOffsets.generation])
    futexWait(a)
    a.emit('mov', [rdi, r8])
    a.emit('lock add', [sleepers, -1], { size: 32 })
    a.jump('always', wait)
  }

  private steps(steps: readonly Step[]): void {
    for (const step of steps) this.step(step)
  }

  private step(step: Step): void {
    const { a } = this
    switch (step.kind) {
      case 'barrier':
        this.timed({ kind: 'barrier' }, () => a.call(this.barrier))
        return
      case 'guard':
        a.emit('cmp', [mem(rbx, contextOffsets.status), 0], { size: 32 })
        a.jump('ne', this.end)
        return
      case 'serial': {
        const skip = a.label()
        a.emit('test', [r12, r12])
        a.jump('ne', skip)
        this.commands(step.commands)
        a.bind(skip)
        return
      }
      case 'shared':
        if (step.command.kind === 'kernel') this.kernel(step.command, true)
        else this.copy(step.command, true)
        return
      case 'loop':
        this.loop(step.command, () => this.steps(step.body))
        return
      case 'while':
        this.while(
          step.command,
          () => this.steps(step.condition),
          () => this.steps(step.body),
        )
        return
      case 'if':
        this.if(
          step.command,
          () => this.steps(step.then),
          () => this.steps(step.otherwise),
        )
        return
    }
  }

  private commands(commands: readonly Command[]): void {
    for (const command of commands) this.command(command)
  }

  /** A command that one thread runs alone. */
  private command(command: Command): void {
    switch (command.kind) {
      case 'kernel':
        this.kernel(command, false)
        return
      case 'copy':
        this.copy(command, false)
        return
      case 'loop':
        this.loop(command, () => this.commands(command.body))
        return
      case 'while':
        this.while(
          command,
          () => this.commands(command.condition),
          () => this.commands(command.body),
        )
        return
      case 'if':
        this.if(
          command,
          () => this.commands(command.then),
          () => this.commands(command.otherwise),
        )
        return
      case 'call':
        this.call(command)
        return
    }
  }

  /** rax = the address of a place (rcx is used too). */
  private place(place: Place): void {
    const { a, program } = this
    if (place.base === 'arena') this.offset(r14, place.offset)
    else {
      const entry = place.base === 'input' ? place.index : program.inputs.length + place.index
      a.emit('mov', [rax, mem(r15, 8 * entry)])
      if (place.offset !== 0) this.offset(rax, place.offset)
    }
    for (const { loop, bytes } of place.steps) {
      const counter = this.loops.get(loop)
      if (counter === undefined)
        throw new InternalError(`A place moves with loop ${loop}, which does not enclose it.`)
      if (Math.abs(bytes) < 2 ** 31) a.emit('imul', [rcx, mem(rsp, counter), bytes])
      else {
        a.emit('mov', [rcx, BigInt(bytes)])
        a.emit('imul', [rcx, mem(rsp, counter)])
      }
      a.emit('add', [rax, rcx])
    }
  }

  /** rax = base + offset, which may exceed what a displacement holds. */
  private offset(base: Reg, offset: number): void {
    const { a } = this
    if (offset < 2 ** 31) {
      a.emit('lea', [rax, mem(base, offset)])
      return
    }
    a.emit('mov', [rcx, BigInt(offset)])
    a.emit('lea', [rax, mem(base, 0, rcx)])
  }

  private kernel(command: Extract<Command, { kind: 'kernel' }>, shared: boolean): void {
    this.timed({ kind: 'kernel', kernel: command.kernel }, () => this.callKernel(command, shared))
  }

  private callKernel(command: Extract<Command, { kind: 'kernel' }>, shared: boolean): void {
    const { a } = this
    const kernel = this.program.kernels[command.kernel]
    let argument = 0
    let scratch = this.layout.arenaBytes
    a.emit('lea', [rax, mem(rbx, contextOffsets.status)])
    a.emit('mov', [mem(rsp, 0), rax])
    kernel.buffers.forEach((buffer, i) => {
      if (buffer.kind === 'argument') this.place(command.arguments[argument++])
      else {
        // Each thread has its own: arena + scratch + thread·scratchBytes
        this.offset(r14, scratch)
        a.emit('imul', [rcx, r12, this.layout.scratchBytes])
        a.emit('add', [rax, rcx])
        scratch += scratchSize(buffer)
      }
      a.emit('mov', [mem(rsp, 8 * (i + 1)), rax])
    })
    if (argument !== command.arguments.length) {
      throw new InternalError(
        `${kernel.name}: expected ${argument} arguments, got ${command.arguments.length}.`,
      )
    }
    const pieces = shared ? this.piecesOf(command.kernel) : 1
    if (pieces > 1) {
      takePieces(a, {
        kernel: this.kernels[command.kernel],
        pieces,
        command: this.pieceCommands++,
        rowBytes: this.ticketBytes,
        repeated: this.depth > 0,
        frame: 8 * (this.argumentWords + this.loopCount),
      })
      return
    }
    if (shared && parallelExtent(kernel) > 1) {
      a.emit('mov', [rdi, r12])
      a.emit('mov', [rsi, r13])
    } else {
      a.emit('xor', [reg32(7), reg32(7)])
      a.emit('mov', [reg32(6), 1])
    }
    a.emit('mov', [rdx, rsp])
    a.call(this.kernels[command.kernel])
  }

  private piecesOf(kernel: number): number {
    let pieces = this.pieces.get(kernel)
    if (pieces === undefined) {
      pieces = piecesOf(this.program.kernels[kernel], this.threads)
      this.pieces.set(kernel, pieces)
    }
    return pieces
  }

  private copy(command: Extract<Command, { kind: 'copy' }>, shared: boolean): void {
    this.timed({ kind: 'copy', bytes: command.bytes }, () => this.copyBytes(command, shared))
  }

  private copyBytes(command: Extract<Command, { kind: 'copy' }>, shared: boolean): void {
    const { a } = this
    const done = a.label()
    this.place(command.to)
    a.emit('mov', [rdi, rax])
    this.place(command.from)
    a.emit('mov', [rsi, rax])
    if (!shared) a.emit('mov', [rcx, BigInt(command.bytes)])
    else {
      // Each thread copies ⌈bytes / threads⌉ rounded up to lines of 64, the last ones less.
      a.emit('mov', [rax, BigInt(command.bytes)])
      a.emit('xor', [reg32(2), reg32(2)])
      a.emit('div', [r13])
      a.emit('add', [rax, 64])
      a.emit('and', [rax, -64])
      a.emit('mov', [r8, rax])
      a.emit('imul', [rax, r12])
      a.emit('mov', [rcx, BigInt(command.bytes)])
      a.emit('sub', [rcx, rax])
      a.jump('le', done)
      a.emit('cmp', [rcx, r8])
      a.emit('cmovg', [rcx, r8])
      a.emit('add', [rdi, rax])
      a.emit('add', [rsi, rax])
    }
    a.emit('rep movsb', [])
    a.bind(done)
  }

  private loop(command: Extract<Command, { kind: 'loop' }>, body: () => void): void {
    if (command.count === 0) return
    this.timed({ kind: 'loop' }, () => this.rounds(command, body))
  }

  private rounds(command: Extract<Command, { kind: 'loop' }>, body: () => void): void {
    const { a } = this
    const counter = 8 * (this.argumentWords + this.loopSlots++)
    this.loops.set(command.id, counter)
    const again = a.label()
    a.emit('mov', [mem(rsp, counter), command.reverse ? command.count - 1 : 0], { size: 64 })
    a.bind(again)
    this.depth++
    body()
    this.depth--
    a.emit('mov', [rax, mem(rsp, counter)])
    a.emit('add', [rax, command.reverse ? -1 : 1])
    a.emit('mov', [mem(rsp, counter), rax])
    a.emit('cmp', [rax, command.reverse ? 0 : command.count])
    a.jump(command.reverse ? 'ge' : 'l', again)
    this.loops.delete(command.id)
  }

  /** Flags of a bool byte. */
  private testFlag(flag: Place): void {
    const { a } = this
    this.place(flag)
    a.emit('movzx8', [reg32(0), mem(rax)])
    a.emit('test', [reg8(0), reg8(0)])
  }

  private while(command: Extract<Command, { kind: 'while' }>, condition: () => void, body: () => void): void {
    this.timed({ kind: 'while' }, () => this.whileSet(command, condition, body))
  }

  private whileSet(
    command: Extract<Command, { kind: 'while' }>,
    condition: () => void,
    body: () => void,
  ): void {
    const { a } = this
    const [again, done] = [a.label(), a.label()]
    a.bind(again)
    this.depth++
    condition()
    this.testFlag(command.flag)
    a.jump('e', done)
    body()
    this.depth--
    a.jump('always', again)
    a.bind(done)
  }

  private if(command: Extract<Command, { kind: 'if' }>, then: () => void, otherwise: () => void): void {
    this.timed({ kind: 'if' }, () => this.either(command, then, otherwise))
  }

  private either(command: Extract<Command, { kind: 'if' }>, then: () => void, otherwise: () => void): void {
    const { a } = this
    const [no, done] = [a.label(), a.label()]
    this.testFlag(command.flag)
    a.jump('e', no)
    then()
    a.jump('always', done)
    a.bind(no)
    otherwise()
    a.bind(done)
  }

  /** Thread 0 is the caller's own: it may call back. */
  private call(command: Extract<Command, { kind: 'call' }>): void {
    this.timed({ kind: 'call', call: this.calls }, () => this.callHost(command))
  }

  private callHost(command: Extract<Command, { kind: 'call' }>): void {
    const { a } = this
    ;[...command.inputs, ...command.outputs].forEach(({ place }, i) => {
      this.place(place)
      a.emit('mov', [mem(rsp, 8 * i), rax])
    })
    a.emit('vzeroupper', [])
    a.emit('mov', [reg32(7), this.calls++])
    a.emit('mov', [rsi, rsp])
    a.emit('mov', [rax, mem(rbx, contextOffsets.hostCall)])
    a.emit('call', [rax])
  }
}

function countLoops(commands: readonly Command[]): number {
  let count = 0
  for (const command of commands) {
    if (command.kind === 'loop') count += 1 + countLoops(command.body)
    else if (command.kind === 'while') count += countLoops(command.condition) + countLoops(command.body)
    else if (command.kind === 'if') count += countLoops(command.then) + countLoops(command.otherwise)
  }
  return count
}
