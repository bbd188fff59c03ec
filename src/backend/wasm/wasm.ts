/**
 * The WebAssembly backend: one linear memory with an arena for intermediates and a pool for values that live on, one
 * module a program, and a pool of workers where memory can be shared. It runs everywhere, browsers included.
 */
import {
  emitWasm,
  hostFunctions,
  lowReserve,
  statusWord,
  type WasmModule,
} from '../../codegen/emit/wasm/emit-wasm.js'
import { lowerGraph } from '../../codegen/lower.js'
import { optimise } from '../../codegen/optimise.js'
import { printKernel, printProgram } from '../../codegen/print.js'
import { ScheduleListing } from '../../codegen/print-schedule.js'
import { callsOf, type Program } from '../../codegen/program.js'
import type { Target } from '../../codegen/target.js'
import { verify } from '../../codegen/verify.js'
import { byteSize, viewAs } from '../../core/dtype.js'
import { DeviceError } from '../../core/errors.js'
import { sizeOf } from '../../core/shape.js'
import type { Storage } from '../../core/storage.js'
import type { Graph } from '../../ir/graph.js'
import type { HostArray } from '../../ir/node.js'
import type { Backend, BackendOptions, Executable, ExecutableInfo } from '../backend.js'
import { defaultThreads } from '../default-threads.js'
import { indexError } from '../index-error.js'
import { Allocator } from './allocator.js'
import { canShareMemory, hasRelaxedSimd, hasSimd } from './features.js'
import { hostMath } from './host-math.js'
import { LinearMemory } from './memory.js'
import { Pool, PoolBlock } from './pool.js'
import { ThreadPool } from './threads.js'
import { wasmTile } from './tune.js'

export interface WasmBackendOptions extends BackendOptions {
  /** Bytes of values that stay in the linear memory between runs; default 512 MB. */
  readonly poolBytes?: number
  /** Replaces parts of what programs are scheduled for, for tests: `{ serialWork: 1 }` makes threads share all work. */
  readonly target?: Partial<Target>
}

/** A backend that also runs Programs that were made by hand, for tests. */
export interface WasmBackend extends Backend {
  compileProgram(program: Program): Executable
  /** For tests and statistics. */
  readonly pool: Pool
  readonly target: Target
  /** Threads that would take part in a run now: workers count once they have started. */
  readonly activeThreads: number
  /** Waits until every worker has started; false when the time ran out. */
  waitForWorkers(milliseconds: number): boolean
  /** Stops the workers: nothing runs on other threads afterwards. */
  close(): void
}

type Main = (thread: number, threads: number, arena: number, table: number) => void

/** Values up to this size are copied at each run and never live in the pool. */
const smallBytes = 1024

const debug = (what: string): boolean =>
  typeof process !== 'undefined' && (process.env.DEBUG ?? '').split(',').includes(what)

export function createWasmBackend(options: WasmBackendOptions = {}): WasmBackend {
  if (typeof WebAssembly === 'undefined') {
    throw new DeviceError('wasm: expected WebAssembly, got an engine without it (as Node is with --jitless).')
  }
  if (!hasSimd()) {
    throw new DeviceError(
      'wasm: expected an engine with WebAssembly SIMD, got one without. Use a newer browser or Node.',
    )
  }
  return new Wasm(options)
}

class Wasm implements WasmBackend {
  readonly name = 'wasm'
  readonly threads: number
  readonly description: string
  readonly pool: Pool
  readonly memory: LinearMemory
  private tuned: Target | null = null
  private readonly overrides: Partial<Target>
  private readonly relaxed: boolean
  private readonly workers: ThreadPool | null
  private arena = { address: 0, bytes: 0 }
  private busy = false

  constructor(options: WasmBackendOptions) {
    this.overrides = options.target ?? {}
    this.relaxed = hasRelaxedSimd() && options.fusedMultiplyAdd !== false
    const wanted = options.threads ?? defaultThreads()
    const shared = canShareMemory()
    this.threads = shared ? Math.max(1, wanted) : 1
    this.memory = new LinearMemory(shared)
    const allocator = new Allocator(lowReserve, (end) => this.memory.reach(end))
    this.pool = new Pool(this.memory, allocator, options.poolBytes ?? 512 * 2 ** 20)
    this.workers = this.threads > 1 ? new ThreadPool(this.memory, allocator, this.threads - 1) : null
    const fma = this.relaxed ? ', relaxed multiply-add' : ''
    this.description = `WebAssembly SIMD${fma}, ${this.threads} thread${this.threads === 1 ? '' : 's'}`
  }

  get target(): Target {
    this.tuned ??= {
      name: 'wasm',
      vectorBytes: 16,
      tail: 'scalar',
      tile: this.overrides.tile ?? wasmTile(),
      l1: 32 * 1024,
      l2: 512 * 1024,
      threads: this.threads,
      serialWork: 32_768,
      ...this.overrides,
    }
    return this.tuned
  }

  compile(graph: Graph): Executable {
    if (!debug('schedule')) return this.compileProgram(lowerGraph(graph, this.target))
    const listing = new ScheduleListing()
    const program = lowerGraph(graph, this.target, listing)
    console.error(`${listing.text(program)}\n${printProgram(program)}`)
    return this.compileProgram(program)
  }

  compileProgram(program: Program): Executable {
    for (const kernel of program.kernels) verify(kernel)
    if (debug('loops')) {
      console.error(printProgram(program))
      for (const kernel of program.kernels) console.error(printKernel(optimise(kernel)))
    }
    const module = emitWasm(program, {
      shared: this.memory.shared,
      relaxed: this.relaxed,
      listing: debug('code'),
    })
    if (debug('code')) console.error(module.listing)
    return new WasmExecutable(this, program, module)
  }

  close(): void {
    this.workers?.close()
  }

  get activeThreads(): number {
    return 1 + (this.workers?.ready ?? 0)
  }

  waitForWorkers(milliseconds: number): boolean {
    return this.workers?.waitUntilReady(milliseconds) ?? true
  }

  /** A program that nobody holds any more. */
  forget(program: number): void {
    this.workers?.forget(program)
  }

  /** Runs a program's `main` on as many threads as are ready, on addresses that `prepare` finds. */
  execute(executable: WasmExecutable, inputs: readonly Storage[], outputs: readonly Storage[]): void {
    if (this.busy) {
      throw new DeviceError(
        'wasm: expected no run inside another, got one from a host function (`call`). Compute it before the call.',
      )
    }
    this.busy = true
    try {
      this.executeAlone(executable, inputs, outputs)
    } finally {
      this.busy = false
    }
  }

  private executeAlone(
    executable: WasmExecutable,
    inputs: readonly Storage[],
    outputs: readonly Storage[],
  ): void {
    const { pool, memory } = this
    const { layout, parallel } = executable
    const smalls = executable.small
    pool.beginRun()
    const scratch = layout.arenaBytes + this.threads * layout.scratchBytes
    const need = scratch + layout.tableBytes + 64 + smalls.bytes
    if (need > this.arena.bytes) {
      if (this.arena.bytes > 0) pool.free(this.arena.address)
      this.arena = { address: 0, bytes: 0 }
      this.arena = { address: pool.allocate(need), bytes: need }
    }
    const arena = this.arena.address
    const table = arena + scratch
    const small = arena + Math.ceil((scratch + layout.tableBytes) / 64) * 64

    // Addresses first: nothing below may move a block once it is in the table.
    const addresses = new Array<number>(inputs.length + outputs.length)
    inputs.forEach((storage, i) => {
      if (smalls.inputs[i] < 0 || storage.resident?.owner === pool) addresses[i] = pool.upload(storage)
      else {
        addresses[i] = small + smalls.inputs[i]
        memory.bytes.set(storage.bytes(), addresses[i])
      }
    })
    const given = new Map(inputs.map((storage, i) => [storage, addresses[i]]))
    const blocks: (PoolBlock | null)[] = outputs.map((storage, i) => {
      const at = inputs.length + i
      const donated = given.get(storage)
      if (donated !== undefined) addresses[at] = donated
      else if (smalls.outputs[i] >= 0) addresses[at] = small + smalls.outputs[i]
      else {
        const block = pool.find(storage) ?? pool.place(storage)
        addresses[at] = block.address
        return block
      }
      return null
    })
    const { words } = memory
    for (let i = 0; i < addresses.length; i++) words[(table >>> 2) + i] = addresses[i]
    words[statusWord >>> 2] = 0

    try {
      if (parallel && this.workers !== null) {
        this.workers.run(executable.bytes, executable.id, executable.main, arena, table)
      } else executable.main(0, 1, arena, table)
      const status = memory.words[statusWord >>> 2]
      if (status !== 0) executable.throwStatus(status)
    } catch (error) {
      for (const block of blocks) if (block !== null && block.storage.resident !== block) pool.drop(block)
      throw error
    }

    const finished = memory.bytes
    outputs.forEach((storage, i) => {
      const address = addresses[inputs.length + i]
      const block = blocks[i] ?? storage.resident
      if (block instanceof PoolBlock && block.owner === pool && block.address === address) {
        storage.writtenOnDevice(block)
        return
      }
      const host = storage.write()
      new Uint8Array(host.buffer, host.byteOffset, storage.byteLength).set(
        finished.subarray(address, address + storage.byteLength),
      )
    })
  }
}

/** Offsets of small inputs and outputs in a run's staging area; -1: lives in the pool. */
interface SmallLayout {
  readonly inputs: readonly number[]
  readonly outputs: readonly number[]
  readonly bytes: number
}

function smallLayout(program: Program): SmallLayout {
  let bytes = 0
  const place = (value: Program['inputs'][number]): number => {
    const size = sizeOf(value.shape) * byteSize(value.dtype)
    if (size > smallBytes) return -1
    const offset = bytes
    bytes += Math.ceil(size / 64) * 64 || 64
    return offset
  }
  const inputs = program.inputs.map(place)
  const outputs = program.outputs.map(place)
  return { inputs, outputs, bytes }
}

let nextExecutable = 1

/** Tells a backend's workers about programs that the garbage collector took. */
const dropped = new FinalizationRegistry<{ readonly backend: Wasm; readonly id: number }>(({ backend, id }) =>
  backend.forget(id),
)

class WasmExecutable implements Executable {
  readonly id = nextExecutable++
  readonly info: ExecutableInfo
  readonly bytes: Uint8Array<ArrayBuffer>
  readonly layout: WasmModule['layout']
  readonly parallel: boolean
  readonly small: SmallLayout
  readonly main: Main
  private readonly backend: Wasm
  private readonly kernelNames: readonly string[]

  constructor(backend: Wasm, program: Program, module: WasmModule) {
    this.backend = backend
    this.bytes = module.bytes
    this.layout = module.layout
    this.parallel = module.parallel
    this.small = smallLayout(program)
    this.kernelNames = program.kernels.map((k) => k.name)
    this.info = {
      kernels: program.kernels.length,
      arenaBytes: module.layout.arenaBytes,
      codeBytes: module.bytes.length,
    }
    const instance = new WebAssembly.Instance(new WebAssembly.Module(module.bytes), {
      env: { memory: backend.memory.memory, call: hostCaller(backend.memory, program) },
      host: Object.fromEntries(hostFunctions.map((name) => [name, hostMath[name]])),
    })
    this.main = instance.exports.main as Main
    if (this.parallel) dropped.register(this, { backend, id: this.id })
  }

  run(inputs: readonly Storage[], outputs: readonly Storage[]): void {
    this.backend.execute(this, inputs, outputs)
  }

  throwStatus(status: number): never {
    const name = this.kernelNames[status - 1] ?? 'unknown'
    throw indexError(name)
  }
}

/** Calls the program's host kernels on views of the memory. */
function hostCaller(memory: LinearMemory, program: Program): (call: number, argumentsAt: number) => void {
  const calls = callsOf(program.commands)
  return (number, argumentsAt) => {
    const { kernel, inputs, outputs } = calls[number]
    const { bytes, words } = memory
    const view = ({ shape, dtype }: HostArray | Program['inputs'][number], i: number): HostArray => {
      const address = words[(argumentsAt >>> 2) + i] >>> 0
      // Host functions get ordinary arrays: some of the platform refuses shared ones.
      const size = sizeOf(shape)
      return {
        shape,
        dtype,
        data: viewAs(dtype, bytes.slice(address, address + size * byteSize(dtype)).buffer, 0, size),
      }
    }
    const given = inputs.map((value, i) => view(value, i))
    const results = outputs.map((value, i) => view(value, inputs.length + i))
    kernel.run(given, results)
    results.forEach(({ data }, i) => {
      const address = words[(argumentsAt >>> 2) + inputs.length + i] >>> 0
      memory.bytes.set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength), address)
    })
  }
}
