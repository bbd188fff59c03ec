/**
 * Random graphs on every backend at once: graphs of whole numbers must give what the reference says, graphs of real
 * numbers the same bits on any number of threads, wherever buffers lie and whatever memory held, and on wasm too where
 * the portable bits are asked for (`fusedMultiplyAdd: false`). The cases of `npm run fuzz`.
 */

import type { InstructionSet } from '../../src/backend/native/native.js'
import { createWasmBackend, type WasmBackend } from '../../src/backend/wasm/wasm.js'
import { sizeOf } from '../../src/core/shape.js'
import { Storage } from '../../src/core/storage.js'
import { type Node, topologicalOrder } from '../../src/ir/node.js'
import type { Flush } from './guarded-memory.js'
import { GuardedNative } from './guarded-native.js'
import { seeded } from './random.js'
import { type Gene, growGraph, type RandomGraph } from './random-graph.js'
import { numbersOf, runGraph, storageFrom } from './run-graph.js'

interface Device {
  readonly name: string
  readonly instructionSet: InstructionSet
  readonly native: GuardedNative
  /** Devices of one family give the same bits. */
  readonly family: string
}

/** Nothing reads these: what a program is asked for. */
function endsOf({ nodes }: RandomGraph): Node[] {
  const read = new Set<Node>()
  const stack = [...nodes]
  while (stack.length > 0) {
    for (const x of stack.pop()!.inputs) {
      if (read.has(x)) continue
      read.add(x)
      stack.push(x)
    }
  }
  return nodes.filter((n) => !read.has(n))
}

const hostFunctions: ReadonlySet<string> = new Set(['exp', 'tanh'])
const poisons = [0xff, 0xaa, 0x7f, 0x00] as const

export class Differential {
  private readonly devices: readonly Device[]
  private readonly wasm: WasmBackend

  private constructor(devices: readonly Device[], wasm: WasmBackend) {
    this.devices = devices
    this.wasm = wasm
  }

  static async create(): Promise<Differential> {
    const devices: Device[] = []
    for (const instructionSet of ['avx512', 'avx2'] as const) {
      for (const [family, threads] of [
        [instructionSet, 1],
        [instructionSet, 2],
        ['portable', 1],
      ] as const) {
        const target = threads > 1 ? { serialWork: 1 } : {}
        const fusedMultiplyAdd = family !== 'portable'
        try {
          const native = await GuardedNative.create({ instructionSet, threads, target, fusedMultiplyAdd })
          const name = `${instructionSet}, ${threads} threads${fusedMultiplyAdd ? '' : ', portable bits'}`
          devices.push({ name, instructionSet, native, family })
        } catch (error) {
          if (!(error as Error).message.includes('expected a processor with')) throw error
        }
      }
    }
    return new Differential(devices, createWasmBackend({ threads: 1, fusedMultiplyAdd: false }))
  }

  get names(): string[] {
    return ['reference', 'wasm', ...this.devices.map(({ name }) => name)]
  }

  /** Runs the case of this number, on one instruction set; throws with what differs. */
  check(seed: number): void {
    try {
      this.run(seed)
    } catch (error) {
      throw new Error(`case ${seed}: ${error instanceof Error ? error.message : error}`, { cause: error })
    }
  }

  private run(seed: number): void {
    const random = seeded(seed)
    const genes: Gene[] = Array.from({ length: random.integer(4, 17) }, () => [
      random.integer(0, 200),
      random.integer(0, 4),
      random.integer(0, 2 ** 30),
    ])
    const exact = seed % 2 === 0
    const graph = growGraph(genes, exact)
    if (graph.nodes.length === 0) return
    // With every value asked for, every value lies between guard pages; else most are in the arena.
    const outputs = random.next() < 0.5 ? graph.nodes : endsOf(graph)
    const { inputs, values } = graph
    const given = inputs.map((n, i) => storageFrom(n.dtype, values[i]))
    const names = (): string => graph.nodes.map((n) => `${n.op}[${n.shape}]`).join(' ')
    const truth = exact ? runGraph(outputs, inputs, values).map((list) => list.map((x) => x + 0)) : null
    /** What a family must give: the reference's numbers, or the bits of its first member. */
    const wanted = new Map<string, readonly number[][]>()
    // Functions of f64 are the engine's or the C library's: equal to a unit in the last place, not to the bit.
    const whole = topologicalOrder(outputs, (n) => n.inputs) // a softmax is listed as its last quotient
    const host = whole.some((n) => n.dtype === 'f64' && hostFunctions.has(n.op))
    if (!host) wanted.set('portable', this.onWasm(outputs, inputs, given).map(numbersOf))
    let flush: Flush = random.next() < 0.5 ? 'start' : 'end'
    const sets = [...new Set(this.devices.map((d) => d.instructionSet))]
    const set = sets[(seed >> 1) % sets.length]
    for (const { name, native, family, instructionSet } of this.devices) {
      if (instructionSet !== set) continue
      const program = compiled(name, names, () => native.compile({ inputs, outputs, donations: new Map() }))
      for (let again = family === 'portable' ? 1 : 0; again < 2; again++) {
        const poison = random.pick(poisons)
        program.run(given, flush, poison)
        const got = program.outputs.map(numbersOf)
        const expected = wanted.get(family) ?? got
        wanted.set(family, expected)
        for (const [i, list] of got.entries()) {
          const bad = list.findIndex(
            (x, k) => !Object.is(x, expected[i][k]) || (truth !== null && x + 0 !== truth[i][k]),
          )
          if (bad < 0) continue
          throw new Error(
            `${name}, flush at the ${flush}, poison ${poison}: output ${i} (${outputs[i].op}[${outputs[i].shape}] ` +
              `${outputs[i].dtype}) has ${list[bad]} at ${bad}, the family ${expected[i][bad]}, the reference ${truth?.[i][bad]}\n${names()}`,
          )
        }
        flush = flush === 'start' ? 'end' : 'start'
      }
    }
  }

  private onWasm(outputs: readonly Node[], inputs: readonly Node[], given: readonly Storage[]): Storage[] {
    const written = outputs.map((o) => new Storage(o.dtype, sizeOf(o.shape)))
    this.wasm.compile({ inputs, outputs, donations: new Map() }).run(given, written)
    return written
  }
}

/** What `compile` makes; its errors say where. */
function compiled<T>(device: string, graph: () => string, compile: () => T): T {
  try {
    return compile()
  } catch (error) {
    throw new Error(`${device}: ${(error as Error).message}\n${graph()}`, { cause: error })
  }
}
