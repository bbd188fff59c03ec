/**
 * The native backend with every input and output between guard pages and with poisoned memory: an access outside a
 * buffer ends the process, a read of what nobody has written changes results.
 */
import koffi from 'koffi'
import {
  createNativeBackend,
  type InstructionSet,
  type NativeBackend,
} from '../../src/backend/native/native.js'
import { createLinux, type Koffi } from '../../src/backend/native/os/linux.js'
import { layoutOf } from '../../src/codegen/emit/memory-layout.js'
import { lowerGraph } from '../../src/codegen/lower.js'
import type { Target } from '../../src/codegen/target.js'
import { sizeOf } from '../../src/core/shape.js'
import { alignedFrom, Storage } from '../../src/core/storage.js'
import { lineBytes } from '../../src/core/take-line.js'
import type { Graph } from '../../src/ir/graph.js'
import { type Flush, GuardedMemory } from './guarded-memory.js'

const linux = createLinux(koffi as unknown as Koffi)
const fill = koffi.load(null).func('void* memset(uintptr_t, int, size_t)')
const margin = 4096

/** Bytes of an output and of those behind it: a large one begins at a line, or it would be written elsewhere. */
const room = ({ byteLength }: Storage): number =>
  byteLength < alignedFrom ? byteLength : lineBytes * Math.ceil(byteLength / lineBytes)

export interface GuardedOptions {
  readonly instructionSet: InstructionSet
  readonly threads: number
  readonly target?: Partial<Target>
  readonly fusedMultiplyAdd?: boolean
  /** Bytes of the largest value. */
  readonly largest?: number
}

export interface GuardedRun {
  readonly outputs: readonly Storage[]
  run(inputs: readonly Storage[], flush: Flush, poison: number): void
}

export class GuardedNative {
  readonly backend: NativeBackend
  private readonly memory: GuardedMemory
  private readonly redirected: Map<ArrayBuffer, number>
  private readonly arena: () => number

  private constructor(
    backend: NativeBackend,
    memory: GuardedMemory,
    redirected: Map<ArrayBuffer, number>,
    arena: () => number,
  ) {
    this.backend = backend
    this.memory = memory
    this.redirected = redirected
    this.arena = arena
  }

  static async create({ largest = 2 ** 17, ...options }: GuardedOptions): Promise<GuardedNative> {
    const redirected = new Map<ArrayBuffer, number>()
    let arena = 0
    const os = {
      ...linux,
      addressOf: (buffer: ArrayBuffer) => redirected.get(buffer) ?? linux.addressOf(buffer),
      reserve(bytes: number) {
        if (bytes < 2 ** 32) return linux.reserve(bytes)
        const found = linux.reserve(2 ** 33)
        if (found === null) return null
        arena = found + margin
        return arena
      },
    }
    const backend = await createNativeBackend({ ...options, os })
    return new GuardedNative(backend, new GuardedMemory(largest), redirected, () => arena)
  }

  compile(graph: Graph): GuardedRun {
    const { backend, memory, redirected } = this
    const program = lowerGraph(graph, backend.target)
    const { arenaBytes, scratchBytes } = layoutOf(program)
    const inside = arenaBytes + backend.threads * scratchBytes
    const executable = backend.compileProgram(program)
    const outputs = graph.outputs.map((n) => new Storage(n.dtype, sizeOf(n.shape)))
    return {
      outputs,
      run: (inputs, flush, poison) => {
        memory.reset()
        redirected.clear()
        // Storages remember where they lie: each run gets new ones.
        const place = (from: Uint8Array | null, storage: Storage): Storage => {
          const host = new ArrayBuffer(storage.byteLength)
          const at = memory.take(from === null ? room(storage) : storage.byteLength, flush, poison)
          redirected.set(host, at)
          if (from !== null) memory.write(at, from)
          return new Storage(storage.dtype, storage.size, host)
        }
        const given = inputs.map((s) => place(s.bytes(), s))
        const written = outputs.map((s) => place(null, s))
        const arena = this.arena()
        fill(arena - margin, poison, inside + 2 * margin)
        executable.run(given, written)
        for (const [what, at] of [
          ['before', arena - margin],
          ['behind', arena + inside],
        ] as const) {
          if (memory.read(at, margin).some((byte) => byte !== poison))
            throw new Error(`A program wrote ${what} the arena.`)
        }
        given.forEach((s, i) => {
          const now = memory.read(redirected.get(s.bytes().buffer as ArrayBuffer)!, s.byteLength)
          if (Buffer.compare(now, inputs[i].bytes()) !== 0) throw new Error(`A program changed input ${i}.`)
        })
        written.forEach((s, i) => {
          const at = redirected.get(s.bytes().buffer as ArrayBuffer)!
          const bytes = memory.read(at, s.byteLength)
          if (memory.read(at + s.byteLength, room(s) - s.byteLength).some((byte) => byte !== poison))
            throw new Error(`A program wrote behind output ${i}.`)
          const into = outputs[i].write()
          new Uint8Array(into.buffer, into.byteOffset, into.byteLength).set(bytes)
        })
      },
    }
  }
}
