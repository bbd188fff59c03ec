/** Programs as WebAssembly modules: one function a kernel and `main`, which walks the commands. */

import { optimise } from '../../optimise.js'
import type { Program } from '../../program.js'
import { exprsOf, walkExprs, walkStmts } from '../../walk.js'
import { defineHalf } from './half.js'
import type { Helpers, HostFunction } from './kernel-context.js'
import { ModuleWriter } from './module-writer.js'
import { writeKernel } from './write-kernel.js'
import { defineMain, type WasmLayout, wasmLayoutOf } from './write-main.js'

export { hostFunctions, statusWord } from './kernel-context.js'
export { lowReserve } from './write-kernel.js'
export { barrierWords } from './write-main.js'

export interface WasmOptions {
  /** The memory is shared between threads. */
  readonly shared: boolean
  /** The engine has relaxed multiply-add. */
  readonly relaxed: boolean
  /** Keep a text listing. */
  readonly listing?: boolean
}

export interface WasmModule {
  /**
   * Imports `env.memory`, `env.call` (call number, address of the arguments' addresses) and host functions on f64;
   * exports `main(thread, threads, arena, table)` and each kernel as `k0`, `k1`, … (thread, threads, addresses…).
   */
  readonly bytes: Uint8Array<ArrayBuffer>
  readonly layout: WasmLayout
  /** Threads share work: run `main` on each of them. */
  readonly parallel: boolean
  readonly listing: string
}

export function emitWasm(program: Program, options: WasmOptions): WasmModule {
  const module = new ModuleWriter(options.listing === true)
  module.importMemory('env', 'memory', options.shared)
  const hostCall = module.importFunction('env', 'call', ['i32', 'i32'], [])
  const kernels = program.kernels.map(optimise)
  const helpers = defineHelpers(module, kernelsUse(kernels))
  const numbers = kernels.map((kernel, i) => {
    const { index, writer } = module.define(
      kernel.name,
      ['i32', 'i32', ...kernel.buffers.map(() => 'i32' as const)],
      [],
    )
    writeKernel(writer, kernel, helpers, options.relaxed, i + 1)
    module.export(`k${i}`, index)
    return index
  })
  const layout = wasmLayoutOf(program)
  const main = defineMain(module, program, layout, { kernels: numbers, hostCall }, options.shared)
  module.export('main', main.index)
  return { bytes: module.bytes(), layout, parallel: main.shared, listing: module.text() }
}

interface Uses {
  readonly hosts: ReadonlySet<HostFunction>
  readonly half: boolean
}

/** Which host functions the kernels call, and whether they touch half precision. */
function kernelsUse(kernels: Program['kernels']): Uses {
  const hosts = new Set<HostFunction>()
  const seen = new Set<number>()
  for (const kernel of kernels) {
    walkStmts(kernel.body, (stmt) =>
      walkExprs(
        exprsOf(stmt),
        (e) => {
          if ((e.kind === 'unary' || e.kind === 'binary') && e.op.startsWith('host'))
            hosts.add(e.op as HostFunction)
        },
        seen,
      ),
    )
  }
  return { hosts, half: kernels.some((k) => k.buffers.some((b) => b.dtype === 'f16')) }
}

function defineHelpers(module: ModuleWriter, uses: Uses): Helpers {
  const hosts = new Map<string, number>()
  for (const name of uses.hosts) {
    const two = name === 'hostPow' || name === 'hostAtan2' || name === 'hostMod'
    hosts.set(name, module.importFunction('host', name, two ? ['f64', 'f64'] : ['f64'], ['f64']))
  }
  const halves = new Map<string, number>()
  if (uses.half) {
    for (const name of ['fromHalf', 'toHalf', 'fromHalf4', 'toHalf4'] as const)
      halves.set(name, defineHalf(module, name))
  }
  return { host: (name) => hosts.get(name)!, half: (name) => halves.get(name)! }
}
