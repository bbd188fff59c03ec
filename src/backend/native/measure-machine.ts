/** What this machine can do at best: arithmetic, copies by cache level, and what kernels and calls cost. */
import { flopsPerRound, type Probe, probeOffsets, writeProbe } from '../../codegen/emit/x86/machine-probes.js'
import { contextOffsets } from '../../codegen/emit/x86/runtime-layout.js'
import { constantIndex, loopVar } from '../../codegen/index-expression.js'
import { ExprBuilder, type Kernel } from '../../codegen/loop-ir.js'
import type { Command, Place, Program } from '../../codegen/program.js'
import { DeviceError } from '../../core/errors.js'
import type { Executable } from '../backend.js'
import { builtin } from '../builtin.js'
import type { CacheLevel, MachineLimits, MachineMeasurement } from '../profile.js'
import type { Address, OperatingSystem } from './os/os.js'
import type { ProcessRuntime } from './process-runtime.js'
import type { TimeStamp } from './time-stamp.js'

export interface MachineProbe {
  readonly os: OperatingSystem
  readonly runtime: ProcessRuntime
  readonly clock: TimeStamp
  readonly processor: string
  readonly instructionSet: 'avx2' | 'avx512'
  readonly threads: number
  readonly compile: (program: Program) => Executable
}

/** The fastest of so many tries counts: others may be using the machine. */
const tries = 5
const aboutSeconds = 0.001
const mebibyte = 2 ** 20

/** Takes about a third of a second on a quiet machine. */
export function measureMachine(probe: MachineProbe): MachineMeasurement {
  const { threads, processor, instructionSet } = probe
  const caches = cacheSizes()
  // Memory is tested with several times what the last cache holds, as far as that is reasonable.
  const most = Math.min(512 * mebibyte, Math.max(64 * mebibyte, 4 * caches.l3))
  const region = probe.os.reserve(most + 2 * mebibyte)
  if (region === null)
    throw new DeviceError(`native: expected ${most} bytes to measure with, got none. Free memory.`)
  try {
    const one = limitsOf(probe, 1, caches, region, most)
    return {
      processor,
      instructionSet,
      threads,
      one,
      all: threads === 1 ? one : limitsOf(probe, threads, caches, region, most),
      ...overheads(probe),
    }
  } finally {
    probe.os.release(region, most + 2 * mebibyte)
  }
}

function limitsOf(
  probe: MachineProbe,
  threads: number,
  caches: CacheSizes,
  region: Address,
  most: number,
): MachineLimits {
  const width = probe.instructionSet === 'avx512' ? 64 : 32
  const tick = probe.clock.secondsPerTick()
  const measure = (kind: Probe, bytes: number, workPerRound: number): number =>
    bestRate(probe, kind, threads, region, bytes, workPerRound, tick)
  const flops = measure('multiplyAdd', 0, flopsPerRound(width))
  /** Copies between two halves, on each thread, of what the level holds for it. */
  const copy = (name: string, total: number, holds: number): CacheLevel => {
    const bytes = Math.max(512, Math.floor(total / threads / 2 / 512) * 512)
    const plain = measure('copy', bytes, 2 * bytes)
    const past = name === 'memory' ? measure('stream', bytes, 2 * bytes) : 0
    return { name, bytes: holds, bandwidth: Math.max(plain, past) }
  }
  return {
    flops,
    levels: [
      copy('L1', (caches.l1 * threads) / 2, caches.l1 * threads),
      copy('L2', (caches.l2 * threads) / 2, caches.l2 * threads),
      // More than the second level holds, and no more than half of the third.
      copy('L3', Math.max(2 * caches.l2 * threads, caches.l3 / 4), caches.l3),
      copy('memory', most, Number.POSITIVE_INFINITY),
    ],
  }
}

/** Work a second of all threads together, in the fastest of several tries. */
function bestRate(
  { os, runtime, instructionSet }: MachineProbe,
  kind: Probe,
  threads: number,
  region: Address,
  bytes: number,
  workPerRound: number,
  tick: number,
): number {
  const code = os.mapCode(writeProbe(kind, instructionSet === 'avx512'))
  const table = new BigUint64Array((probeOffsets.threads + threads * probeOffsets.threadBytes) / 8)
  const record = (thread: number): number => (probeOffsets.threads + thread * probeOffsets.threadBytes) / 8
  const context = new BigUint64Array(contextOffsets.bytes / 8)
  context[contextOffsets.table / 8] = BigInt(os.addressOf(table.buffer))
  context[contextOffsets.main / 8] = BigInt(code.address)
  context[contextOffsets.threads / 8] = BigInt(threads)
  context[contextOffsets.pool / 8] = BigInt(runtime.pool)
  // The halves are some lines apart from a multiple of 4096, at which addresses look alike to the processor.
  const stride = Math.ceil((2 * bytes + 8192) / 4096) * 4096
  const place = (from: number, to: number): void => {
    for (let thread = 0; thread < threads; thread++) {
      table[record(thread) + probeOffsets.from / 8] = BigInt(region + thread * stride + from)
      table[record(thread) + probeOffsets.to / 8] = BigInt(region + thread * stride + to)
    }
  }
  table[probeOffsets.bytes / 8] = BigInt(bytes)
  const contextAddress = os.addressOf(context.buffer)
  const rateOf = (rounds: number): number => {
    table[probeOffsets.rounds / 8] = BigInt(rounds)
    for (let thread = 0; thread < threads; thread++) table[record(thread) + probeOffsets.ticks / 8] = 0n
    runtime.launch(contextAddress)
    let rate = 0
    for (let thread = 0; thread < threads; thread++) {
      const ticks = Number(table[record(thread) + probeOffsets.ticks / 8])
      if (ticks > 0) rate += (workPerRound * rounds) / (ticks * tick)
    }
    return rate
  }
  try {
    // Memory that nobody wrote is one page of zeros: this writes what is read later.
    const second = bytes + 64 * 17
    place(second, 0)
    rateOf(1)
    place(0, second)
    rateOf(1)
    // This one tells how many rounds fill the time.
    const rounds = Math.max(1, Math.round((aboutSeconds * rateOf(1)) / workPerRound / threads))
    let best = 0
    for (let i = 0; i < tries; i++) best = Math.max(best, rateOf(rounds))
    return best
  } finally {
    os.release(code.address, code.bytes)
  }
}

interface CacheSizes {
  readonly l1: number
  readonly l2: number
  readonly l3: number
}

/** From the system where it tells, else what is common. */
function cacheSizes(): CacheSizes {
  const fs = builtin<{ readFileSync(path: string, encoding: string): string }>('node:fs')!
  const found = new Map<number, number>()
  for (let i = 0; i < 8; i++) {
    const read = (name: string): string =>
      fs.readFileSync(`/sys/devices/system/cpu/cpu0/cache/index${i}/${name}`, 'utf8').trim()
    try {
      if (read('type') === 'Instruction') continue
      const [, size, unit] = /^(\d+)([KM])/.exec(read('size')) ?? []
      if (size !== undefined)
        found.set(Number(read('level')), Number(size) * (unit === 'K' ? 1024 : mebibyte))
    } catch {
      break
    }
  }
  return {
    l1: found.get(1) ?? 32 * 1024,
    l2: found.get(2) ?? mebibyte,
    l3: found.get(3) ?? 32 * mebibyte,
  }
}

const rounds = 400

/** Seconds of a call of an empty program, and of a kernel that does nearly nothing, alone and on all threads. */
function overheads({
  compile,
  threads,
}: MachineProbe): Pick<MachineMeasurement, 'callSeconds' | 'kernelSeconds' | 'barrierSeconds'> {
  const best = (program: Program, calls: number): number => {
    const executable = compile(program)
    let least = Number.POSITIVE_INFINITY
    for (let i = 0; i < tries; i++) {
      const begin = performance.now()
      for (let call = 0; call < calls; call++) executable.run([], [])
      least = Math.min(least, (performance.now() - begin) / 1000 / calls)
    }
    return least
  }
  const kernelSeconds = best(smallKernels(1), 1) / rounds
  const shared = threads === 1 ? kernelSeconds : best(smallKernels(threads), 1) / rounds
  return {
    callSeconds: best({ ...smallKernels(1), commands: [] }, 200),
    kernelSeconds,
    barrierSeconds: Math.max(0, shared - kernelSeconds),
  }
}

/** A kernel that stores one number on each thread, run many times: with several threads they meet before each. */
function smallKernels(threads: number): Program {
  const build = new ExprBuilder()
  const variable = loopVar('i', 0, threads - 1)
  const stored = (index: number) =>
    ({
      kind: 'store',
      buffer: 0,
      index: constantIndex(index),
      stride: 1,
      value: build.const(1, 'f32'),
    }) as const
  const kernel: Kernel = {
    name: 'small',
    buffers: [{ name: 'out', dtype: 'f32', size: 16, access: 'write', kind: 'argument' }],
    body: threads === 1 ? [stored(0)] : [{ kind: 'parallel', variable, body: [stored(0)] }],
  }
  const place: Place = { base: 'arena', index: 0, offset: 0, steps: [] }
  const body: Command[] = [{ kind: 'kernel', kernel: 0, arguments: [place] }]
  return {
    kernels: [kernel],
    commands: [{ kind: 'loop', id: 0, count: rounds, reverse: false, body }],
    arenaBytes: 64,
    inputs: [],
    outputs: [],
    donations: new Map(),
  }
}
