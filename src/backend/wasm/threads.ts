/**
 * The workers of a WebAssembly backend. Work is handed over through shared memory: a job number that workers watch,
 * and beside it what to run. Workers that have not started yet do not count: a run takes those that are ready, and
 * its result does not depend on how many they are.
 */
import { barrierWords } from '../../codegen/emit/wasm/emit-wasm.js'
import { InternalError } from '../../core/errors.js'
import type { Allocator } from './allocator.js'
import type { LinearMemory } from './memory.js'
import { mayWait, startWorker, type WorkerHandle, warn } from './platform.js'
import { controlWords, jobKinds, maximumWorkers, workerSource } from './worker-source.js'

/** How long a worker may take to compile a program before the pool goes on without it, ms. */
const loadMilliseconds = 10_000
const spinMilliseconds = 2

interface Member {
  readonly handle: WorkerHandle
  readonly programs: Set<number>
  failed: boolean
}

const word = (address: number): number => address >>> 2

export class ThreadPool {
  private readonly memory: LinearMemory
  private readonly allocator: Allocator
  private readonly members: Member[] = []
  private readonly waits = mayWait()
  private forgotten: number[] = []

  constructor(memory: LinearMemory, allocator: Allocator, workers: number) {
    this.memory = memory
    this.allocator = allocator
    memory.words[word(barrierWords.mainMayWait)] = this.waits ? 1 : 0
    for (let i = 0; i < Math.min(workers, maximumWorkers); i++) {
      const data = { memory: memory.memory, index: i }
      let handle: WorkerHandle | null = null
      try {
        handle = startWorker(workerSource, data, (reason) => this.lose(i, reason))
      } catch (error) {
        warn(`a worker thread could not start (${String(error)}); going on with ${i + 1} threads.`)
      }
      if (handle === null) break
      this.members.push({ handle, programs: new Set(), failed: false })
    }
  }

  /** Workers that would take part in a run now. */
  get ready(): number {
    return this.team().length
  }

  /** Waits until every worker has started, at most `milliseconds`. */
  waitUntilReady(milliseconds: number): boolean {
    const until = performance.now() + milliseconds
    return this.members.every((member, i) => {
      const state = word(controlWords.state) + i
      return member.failed || this.waitWhile(state, (value) => value === 0, until)
    })
  }

  private lose(index: number, reason: string): void {
    const member = this.members[index]
    if (member === undefined || member.failed) return
    member.failed = true
    Atomics.store(this.memory.words, word(controlWords.state) + index, -1)
    warn(`a worker thread stopped (${reason}); going on with ${this.ready + 1} threads.`)
  }

  private team(): number[] {
    const { words } = this.memory
    const ready: number[] = []
    this.members.forEach((member, i) => {
      if (!member.failed && Atomics.load(words, word(controlWords.state) + i) === 1) ready.push(i)
    })
    return ready
  }

  /** Programs that will not run again: workers drop them with the next one they load. */
  forget(program: number): void {
    let known = false
    for (const member of this.members) known = member.programs.delete(program) || known
    if (known) this.forgotten.push(program)
  }

  /** Runs `main` here as thread 0 and on every ready worker. */
  run(
    bytes: Uint8Array,
    program: number,
    main: (thread: number, threads: number, arena: number, table: number) => void,
    arena: number,
    table: number,
  ): void {
    let team = this.team()
    const unaware = team.filter((i) => !this.members[i].programs.has(program))
    if (unaware.length > 0) {
      this.load(unaware, bytes, program)
      team = this.team()
    }
    if (team.length === 0) {
      main(0, 1, arena, table)
      return
    }
    const { words } = this.memory
    const threads = team.length + 1
    words[word(controlWords.kind)] = jobKinds.run
    words[word(controlWords.program)] = program
    words[word(controlWords.threads)] = threads
    words[word(controlWords.arena)] = arena
    words[word(controlWords.table)] = table
    team.forEach((i, t) => {
      words[word(controlWords.thread) + i] = t + 1
    })
    this.post(team)
    try {
      main(0, threads, arena, table)
    } catch (error) {
      // Thread 0 failed, or saw that another did: nobody meets any more.
      Atomics.store(words, word(barrierWords.abort), 1)
      this.close()
      throw error instanceof WebAssembly.RuntimeError
        ? new InternalError(`wasm: a thread failed inside generated code (${error.message}).`)
        : error
    }
  }

  private post(team: readonly number[]): void {
    const { words } = this.memory
    const job = Atomics.load(words, word(controlWords.job)) + 1
    for (const i of team) Atomics.store(words, word(controlWords.takesPart) + i, job)
    Atomics.store(words, word(controlWords.job), job)
    if (Atomics.load(words, word(controlWords.sleepers)) > 0) Atomics.notify(words, word(controlWords.job))
  }

  private load(team: readonly number[], bytes: Uint8Array, program: number): void {
    const head = Int32Array.of(this.forgotten.length, ...this.forgotten)
    const length = head.byteLength + bytes.length
    const address = this.allocator.allocate(length)
    if (address === null) return
    this.forgotten = []
    this.memory.bytes.set(new Uint8Array(head.buffer), address)
    this.memory.bytes.set(bytes, address + head.byteLength)
    const { words } = this.memory
    words[word(controlWords.kind)] = jobKinds.load
    words[word(controlWords.program)] = program
    words[word(controlWords.address)] = address
    words[word(controlWords.length)] = length
    this.post(team)
    const job = Atomics.load(words, word(controlWords.job))
    const until = performance.now() + loadMilliseconds
    let complete = true
    for (const i of team) {
      const at = word(controlWords.loaded) + i
      this.waitWhile(at, (value) => value !== job && value !== -job, until)
      const result = Atomics.load(words, at)
      if (result === job) this.members[i].programs.add(program)
      else {
        if (result !== -job) complete = false
        this.members[i].handle.terminate()
        this.lose(i, result === -job ? 'it could not compile a program' : 'it did not answer')
      }
    }
    // A worker that did not answer may still be reading: its bytes stay.
    if (complete) this.allocator.release(address)
  }

  /** Waits while the word's value is one to wait for; false when time ran out. */
  private waitWhile(at: number, waiting: (value: number) => boolean, until: number): boolean {
    const { words } = this.memory
    const spinUntil = performance.now() + spinMilliseconds
    for (;;) {
      const value = Atomics.load(words, at)
      if (!waiting(value)) return true
      const now = performance.now()
      if (now > until) return false
      if (this.waits && now > spinUntil) Atomics.wait(words, at, value, 10)
    }
  }

  /** Stops the workers. */
  close(): void {
    for (const [i, member] of this.members.entries()) {
      if (member.failed) continue
      member.failed = true
      Atomics.store(this.memory.words, word(controlWords.state) + i, -1)
      member.handle.terminate()
    }
  }
}
