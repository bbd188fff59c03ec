/**
 * The native backend: machine code for this processor, written here and run through a foreign-function call. A step is
 * one call; values that outlive it are ordinary ArrayBuffers, intermediates lie in one reserved arena.
 */
import { emitX86 } from '../../codegen/emit/x86/emit-x86.js'
import type { X86Options } from '../../codegen/emit/x86/kernel-context.js'
import type { ProfileSite } from '../../codegen/emit/x86/profile-sites.js'
import { contextOffsets } from '../../codegen/emit/x86/runtime-layout.js'
import { lowerGraph } from '../../codegen/lower.js'
import { optimise } from '../../codegen/optimise.js'
import { printKernel, printProgram } from '../../codegen/print.js'
import { ScheduleListing } from '../../codegen/print-schedule.js'
import type { Program } from '../../codegen/program.js'
import { streamStores } from '../../codegen/stream-stores.js'
import type { Target } from '../../codegen/target.js'
import { verify } from '../../codegen/verify.js'
import { byteSize, viewAs } from '../../core/dtype.js'
import { DeviceError, ValueError } from '../../core/errors.js'
import { sizeOf } from '../../core/shape.js'
import type { Storage } from '../../core/storage.js'
import type { Graph } from '../../ir/graph.js'
import type { Aval, HostArray } from '../../ir/node.js'
import type {
  Backend,
  BackendOptions,
  ChangedStorages,
  CompileOptions,
  Executable,
  ExecutableInfo,
} from '../backend.js'
import { defaultThreads } from '../default-threads.js'
import type { FileCache } from '../file-cache.js'
import { indexError } from '../index-error.js'
import type { MachineMeasurement } from '../profile.js'
import { openPrograms } from '../program-files.js'
import { type Code, Estate } from './estate.js'
import { hostFunctions } from './host-math.js'
import { cachedMachine, cacheMachine } from './machine-cache.js'
import { measureMachine } from './measure-machine.js'
import { createLinux, type Koffi } from './os/linux.js'
import type { Address, OperatingSystem } from './os/os.js'
import { maximumThreads, type ProcessRuntime, processRuntime } from './process-runtime.js'
import { type Processor, probeProcessor } from './processor.js'
import { ProgramCache } from './program-cache.js'
import { imageOf, type ProgramImage } from './program-image.js'
import { ProgramProfiler } from './program-profiler.js'
import { ThreadChoice } from './thread-choice.js'
import { TimeStamp } from './time-stamp.js'

export type InstructionSet = 'avx2' | 'avx512'

export interface NativeBackendOptions extends BackendOptions {
  /** Default: the widest that the processor has. `CHAINRULE_ISA` sets it too. */
  readonly instructionSet?: InstructionSet
  /** Replaces the operating system, for tests. */
  readonly os?: OperatingSystem
  /** Replaces parts of what programs are scheduled for, for tests. */
  readonly target?: Partial<Target>
  /** Where programs are kept between runs; null: nowhere. Default: what `CHAINRULE_CACHE` says. */
  readonly programs?: FileCache | null
}

/** A backend that also runs Programs that were made by hand, for tests. */
export interface NativeBackend extends Backend {
  readonly instructionSet: InstructionSet
  readonly target: Target
  /** Where its programs are kept between runs. */
  readonly programs: FileCache | null
  compileProgram(program: Program, options?: CompileOptions): Executable
}

/** What `DEBUG` lists of each program. */
const listings = ['schedule', 'loops', 'code']

const debug = (what: string): boolean => (process.env.DEBUG ?? '').split(',').includes(what)

/** Throws DeviceError, saying why, where native code cannot run. */
export async function createNativeBackend(options: NativeBackendOptions = {}): Promise<NativeBackend> {
  if (typeof process === 'undefined' || process.versions?.node === undefined)
    throw new DeviceError('native: expected Node, got another environment.')
  if (process.arch !== 'x64')
    throw new DeviceError(`native: expected an x86-64 processor, got ${process.arch}.`)
  if (process.platform !== 'linux') throw new DeviceError(`native: expected Linux, got ${process.platform}.`)
  const os = options.os ?? linux ?? openLinux(await loadKoffi())
  const processor = probeProcessor(os)
  const chosen = options.instructionSet ?? instructionSetVariable() ?? (processor.avx512 ? 'avx512' : 'avx2')
  if (!processor[chosen])
    throw new DeviceError(`native: expected a processor with ${labels[chosen]}, got ${processor.name}.`)
  return new Native(options, os, processor, chosen)
}

/** Results of so many bytes ask for huge pages: their first touch takes half the time. */
const hugeFrom = 2 ** 22

const labels: Readonly<Record<InstructionSet, string>> = { avx2: 'AVX2 and FMA', avx512: 'AVX-512' }

function instructionSetVariable(): InstructionSet | undefined {
  const value = process.env.CHAINRULE_ISA
  if (value === undefined || value === '') return undefined
  if (value === 'avx2' || value === 'avx512') return value
  throw new ValueError(`Expected CHAINRULE_ISA to be avx2 or avx512, got '${value}'.`)
}

async function loadKoffi(): Promise<Koffi> {
  // Not a literal: bundlers leave it alone.
  const name = 'koffi'
  try {
    const loaded = (await import(/* @vite-ignore */ name)) as { default: Koffi }
    return loaded.default
  } catch (error) {
    throw new DeviceError(
      `native: expected the package 'koffi', got ${error instanceof Error ? error.message.split('\n')[0] : error}. Install it with: npm install koffi`,
    )
  }
}

/** One an isolate: every use of koffi's prototypes takes names that are never given back. */
let linux: OperatingSystem | null = null

function openLinux(koffi: Koffi): OperatingSystem {
  try {
    linux = createLinux(koffi)
    return linux
  } catch (error) {
    throw new DeviceError(
      `native: expected a Linux with the functions of POSIX, got ${error instanceof Error ? error.message : error}.`,
    )
  }
}

/** One an isolate, whatever number of backends it makes: programs run one after the other. */
const estates = new WeakMap<OperatingSystem, Estate>()

function estateOf(os: OperatingSystem, runtime: ProcessRuntime): Estate {
  let found = estates.get(os)
  if (found === undefined) {
    found = new Estate(os, runtime)
    estates.set(os, found)
  }
  return found
}

class Native implements NativeBackend {
  readonly name = 'native'
  readonly description: string
  readonly threads: number
  readonly target: Target
  readonly instructionSet: InstructionSet
  readonly programs: FileCache | null
  readonly os: OperatingSystem
  readonly runtime: ProcessRuntime
  readonly estate: Estate
  readonly locate: (buffer: ArrayBuffer) => Address
  private readonly emitOptions: X86Options
  private hostCallAddress: Address = 0
  private readonly processor: Processor
  private readonly cache: ProgramCache | null
  private timeStamp: TimeStamp | null = null
  private machine: MachineMeasurement | null = null
  private running: NativeExecutable | null = null
  private hostFailure: unknown = null

  constructor(
    options: NativeBackendOptions,
    os: OperatingSystem,
    processor: Processor,
    instructionSet: InstructionSet,
  ) {
    this.os = os
    this.processor = processor
    this.locate = (buffer) => {
      const address = os.addressOf(buffer)
      if (buffer.byteLength >= hugeFrom) os.preferHugePages(address, buffer.byteLength)
      return address
    }
    this.instructionSet = instructionSet
    this.runtime = processRuntime(os)
    const wanted = Math.max(1, Math.min(maximumThreads, options.threads ?? defaultThreads()))
    this.threads = wanted === 1 ? 1 : Math.min(wanted, 1 + this.runtime.ensureWorkers(wanted - 1))
    this.estate = estateOf(os, this.runtime)
    const wide = instructionSet === 'avx512'
    // Sums over lanes depend on their number: the bits that every engine computes are those of four.
    const portable = options.fusedMultiplyAdd === false
    this.emitOptions = {
      avx512: wide,
      fusedMultiplyAdd: options.fusedMultiplyAdd !== false,
      hostFunctions: hostFunctions(os),
    }
    this.target = {
      name: `native ${instructionSet}`,
      vectorBytes: portable ? 16 : wide ? 64 : 32,
      tail: 'mask',
      tile: wide ? { rows: 14, vectors: 2, unroll: 4 } : { rows: 6, vectors: 2, unroll: 4 },
      l1: 32 * 1024,
      l2: 1024 * 1024,
      threads: this.threads,
      serialWork: 16_384,
      prefetches: true,
      streamFrom: 2 ** 25,
      bf16Products: wide && processor.bf16 && !portable,
      ...options.target,
    }
    this.programs = options.programs === undefined ? openPrograms() : options.programs
    const { hostFunctions: addresses, ...code } = this.emitOptions
    const machine = { processor, target: this.target, code, functions: [...addresses.keys()] }
    this.cache = this.programs && new ProgramCache(this.programs, machine, addresses)
    const threads = `${this.threads} thread${this.threads === 1 ? '' : 's'}`
    this.description = `${labels[instructionSet]} machine code on ${processor.name}, ${threads}`
  }

  compile(graph: Graph, options: CompileOptions = {}): Executable {
    // A profile tells about kernels what their code does not say, and a listing is of what is compiled.
    if (this.cache === null || options.profile === true || listings.some(debug))
      return this.compileProgram(this.lower(graph), options)
    return this.load(this.cache.image(graph, () => this.emit(this.lower(graph), false).image))
  }

  compileProgram(program: Program, { profile = false }: CompileOptions = {}): Executable {
    const { image, sites } = this.emit(program, profile)
    return this.load(image, profile ? { program, sites } : null)
  }

  private lower(graph: Graph): Program {
    if (!debug('schedule')) return lowerGraph(graph, this.target)
    const listing = new ScheduleListing()
    const program = lowerGraph(graph, this.target, listing)
    console.error(`${listing.text(program)}\n${printProgram(program)}`)
    return program
  }

  private emit(lowered: Program, profile: boolean): { image: ProgramImage; sites: readonly ProfileSite[] } {
    const program = streamStores(lowered, this.target)
    for (const kernel of program.kernels) verify(kernel)
    if (debug('loops')) {
      console.error(printProgram(program))
      for (const kernel of program.kernels) console.error(printKernel(optimise(kernel)))
    }
    const module = emitX86(program, this.emitOptions, {
      profile,
      listing: debug('code'),
      threads: this.threads,
    })
    if (debug('code')) console.error(module.listing)
    return { image: imageOf(program, module), sites: module.sites }
  }

  private load(image: ProgramImage, profiled: Profiled | null = null): Executable {
    this.estate.require(image.arenaBytes + this.threads * image.scratchBytes)
    return new NativeExecutable(this, image, profiled)
  }

  measureMachine(fresh = false): MachineMeasurement {
    if (fresh) this.machine = null
    const { os, runtime, clock, instructionSet, threads } = this
    const { name: processor } = this.processor
    this.machine ??= fresh ? null : cachedMachine({ processor, instructionSet, threads })
    if (this.machine === null) {
      const compile = (program: Program): Executable => this.compileProgram(program)
      this.machine = measureMachine({ os, runtime, clock, processor, instructionSet, threads, compile })
      cacheMachine(this.machine)
    }
    return this.machine
  }

  get clock(): TimeStamp {
    this.timeStamp ??= new TimeStamp(this.os)
    return this.timeStamp
  }

  /** The C function through which programs call host kernels. */
  get hostCall(): Address {
    if (this.hostCallAddress === 0) {
      this.hostCallAddress = this.os.callback((number, pointer) => {
        try {
          if (this.hostFailure === null) this.running!.callHost(number, pointer)
        } catch (error) {
          this.hostFailure = error
          this.running!.fail()
        }
      })
    }
    return this.hostCallAddress
  }

  /** Throws where a program is running: only one can at a time, because there is one arena. */
  requireIdle(): void {
    if (this.estate.busy) {
      throw new DeviceError(
        'native: expected no run inside another, got one from a host function (`call`). Compute it before the call.',
      )
    }
  }

  /** Runs a context's program. */
  execute(executable: NativeExecutable, context: Address): void {
    this.running = executable
    this.estate.busy = true
    try {
      this.runtime.launch(context)
    } finally {
      this.running = null
      this.estate.busy = false
    }
    if (this.hostFailure !== null) {
      const failure = this.hostFailure
      this.hostFailure = null
      throw failure
    }
  }
}

/** Unmaps the code of programs that the garbage collector took. */
const dropped = new FinalizationRegistry<{ readonly estate: Estate; readonly code: Code }>(
  ({ estate, code }) => estate.releaseCode(code),
)

/** What measuring a program takes beside its code. */
interface Profiled {
  readonly program: Program
  readonly sites: readonly ProfileSite[]
}

class NativeExecutable implements Executable {
  readonly info: ExecutableInfo
  readonly profiler: Executable['profiler']
  private readonly records: ProgramProfiler | null = null
  private readonly backend: Native
  private readonly kernels: ProgramImage['kernels']
  private readonly calls: ProgramImage['calls']
  private readonly context = new ArrayBuffer(contextOffsets.bytes)
  private readonly contextAddress: Address
  private readonly status: Int32Array
  /** Which pieces of shared kernels have been taken: a row a thread. */
  private readonly tickets: Int32Array
  private readonly threadCount: Int32Array
  /** Threads have something to share. */
  private readonly shares: boolean
  /** null: the program has nothing to share, and no profile. */
  private readonly choice: ThreadChoice | null
  /** Addresses of inputs and outputs: two words each, low first. */
  private readonly table: Uint32Array

  constructor(backend: Native, image: ProgramImage, profiled: Profiled | null) {
    const { os, estate } = backend
    const { kernels, calls, parallel, arenaBytes } = image
    this.backend = backend
    this.kernels = kernels
    this.calls = calls
    const code = estate.mapCode(image.code)
    dropped.register(this, { estate, code })
    this.info = { kernels: kernels.length, arenaBytes, codeBytes: image.code.length }
    this.table = new Uint32Array(new ArrayBuffer(8 * Math.max(1, image.inputs + image.outputs)))
    this.status = new Int32Array(this.context, contextOffsets.status, 1)
    this.threadCount = new Int32Array(this.context, contextOffsets.threads, 1)
    this.shares = parallel && backend.threads > 1
    this.choice = this.shares || profiled !== null ? new ThreadChoice() : null
    this.contextAddress = os.addressOf(this.context)
    this.tickets = new Int32Array(new ArrayBuffer(image.ticketBytes * backend.threads))
    const words = new BigInt64Array(this.context)
    const set = (offset: number, value: Address): void => {
      words[offset / 8] = BigInt(value)
    }
    set(contextOffsets.arena, estate.arena)
    set(contextOffsets.table, os.addressOf(this.table.buffer as ArrayBuffer))
    set(contextOffsets.hostCall, this.calls.length > 0 ? backend.hostCall : 0)
    set(contextOffsets.main, code.address + image.main)
    set(contextOffsets.threads, parallel ? backend.threads : 1)
    set(contextOffsets.pool, backend.runtime.pool)
    set(
      contextOffsets.tickets,
      this.tickets.length > 0 ? os.addressOf(this.tickets.buffer as ArrayBuffer) : 0,
    )
    if (profiled !== null) {
      const threads = parallel ? backend.threads : 1
      const { program, sites } = profiled
      const records = new ProgramProfiler(program, sites, threads, backend.clock, backend.locate)
      set(contextOffsets.profile, os.addressOf(records.table))
      this.records = records
      this.profiler = {
        read: () => records.read(backend.description, backend.measureMachine()),
        reset: () => records.reset(),
        get readingMilliseconds() {
          return records.readingMilliseconds
        },
      }
    }
  }

  run(inputs: readonly Storage[], outputs: readonly Storage[], changed?: ChangedStorages): void {
    const { locate } = this.backend
    this.backend.requireIdle()
    if (changed === undefined) {
      const read = new Set(inputs)
      for (let i = 0; i < inputs.length; i++) this.enter(i, inputs[i].addressToRead(locate))
      for (let i = 0; i < outputs.length; i++) {
        const output = outputs[i]
        const address = read.has(output) ? output.addressToUpdate(locate) : output.addressToWrite(locate)
        this.enter(inputs.length + i, address)
      }
    } else {
      // State is changed where it lies; what else is written are new results.
      for (const i of changed.inputs) this.enter(i, inputs[i].addressToRead(locate))
      for (const i of changed.outputs) this.enter(inputs.length + i, outputs[i].addressToWrite(locate))
    }
    this.status[0] = 0
    if (this.tickets.length > 0) this.tickets.fill(0)
    if (this.choice === null) this.backend.execute(this, this.contextAddress)
    else {
      // What is profiled always runs on all threads.
      if (this.shares)
        this.threadCount[0] = this.choice.single && this.records === null ? 1 : this.backend.threads
      const start = performance.now()
      this.backend.execute(this, this.contextAddress)
      const spent = performance.now() - start
      this.choice.ran(spent)
      this.records?.addCall(spent)
    }
    const status = this.status[0]
    if (status !== 0) throw indexError(this.kernels[status - 1] ?? 'unknown')
  }

  /** Ends the run at the next step that would write a result. */
  fail(): void {
    this.status[0] = -1
  }

  private enter(entry: number, address: Address): void {
    this.table[2 * entry] = address >>> 0
    this.table[2 * entry + 1] = address / 2 ** 32
  }

  /** Runs host kernel `number` on copies of the values whose addresses stand at `pointer`. */
  callHost(number: number, pointer: Address): void {
    const { os } = this.backend
    const { kernel, inputs, outputs } = this.calls[number]
    const addresses = new BigUint64Array(inputs.length + outputs.length)
    os.read(pointer, new Uint8Array(addresses.buffer))
    const host = ({ shape, dtype }: Aval, from: Address | null): HostArray => {
      const size = sizeOf(shape)
      const bytes = new ArrayBuffer(size * byteSize(dtype))
      if (from !== null) os.read(from, new Uint8Array(bytes))
      return { shape, dtype, data: viewAs(dtype, bytes, 0, size) }
    }
    const given = inputs.map((value, i) => host(value, Number(addresses[i])))
    const results = outputs.map((value) => host(value, null))
    kernel.run(given, results)
    results.forEach(({ data }, i) => {
      os.write(
        Number(addresses[inputs.length + i]),
        new Uint8Array(data.buffer, data.byteOffset, data.byteLength),
      )
    })
  }
}
