/** Runs one kernel as WebAssembly on typed arrays, with a margin of marked bytes around every buffer. */

import { hasRelaxedSimd } from '../../../../src/backend/wasm/features.js'
import { hostMath } from '../../../../src/backend/wasm/host-math.js'
import { emitWasm, lowReserve, statusWord } from '../../../../src/codegen/emit/wasm/emit-wasm.js'
import type { Kernel } from '../../../../src/codegen/loop-ir.js'
import type { TypedArray } from '../../../../src/core/dtype.js'
import { byteSize } from '../../../../src/core/dtype.js'

const margin = 64
const mark = 0xc3

export interface WasmRun {
  readonly status: number
  readonly listing: string
}

export interface RunOptions {
  readonly threads?: number
  /** Use relaxed multiply-add where the engine has it. */
  readonly relaxed?: boolean
}

/** `args`: the arrays of the buffers of kind `argument`; stores change them. Threads run one after the other. */
export function runWasmKernel(
  kernel: Kernel,
  args: readonly TypedArray[],
  options: RunOptions = {},
): WasmRun {
  const { threads = 1, relaxed = false } = options
  const program = {
    kernels: [kernel],
    commands: [],
    arenaBytes: 0,
    inputs: [],
    outputs: [],
    donations: new Map<number, number>(),
  }
  const module = emitWasm(program, { shared: false, relaxed: relaxed && hasRelaxedSimd(), listing: true })
  if (!WebAssembly.validate(module.bytes)) new WebAssembly.Module(module.bytes) // throws with a reason
  const bytes = kernel.buffers.map((b) => b.size * byteSize(b.dtype))
  const addresses: number[] = []
  let end = lowReserve
  for (const size of bytes) {
    end += margin
    addresses.push(end)
    end += Math.ceil(size / 8) * 8 + margin
  }
  const memory = new WebAssembly.Memory({ initial: Math.ceil(end / 65536), maximum: 65536 })
  const heap = new Uint8Array(memory.buffer)
  heap.fill(mark, lowReserve)
  let next = 0
  kernel.buffers.forEach((buffer, i) => {
    if (buffer.kind !== 'argument') return
    const array = args[next++]
    heap.set(new Uint8Array(array.buffer, array.byteOffset, array.byteLength), addresses[i])
  })
  const instance = new WebAssembly.Instance(new WebAssembly.Module(module.bytes), {
    env: { memory, call: () => {} },
    host: hostMath,
  })
  const run = instance.exports.k0 as (...args: number[]) => void
  for (let thread = 0; thread < threads; thread++) run(thread, threads, ...addresses)
  next = 0
  kernel.buffers.forEach((buffer, i) => {
    for (let at = 1; at <= margin; at++) {
      if (
        heap[addresses[i] - at] !== mark ||
        heap[addresses[i] + Math.ceil(bytes[i] / 8) * 8 + at - 1] !== mark
      ) {
        throw new Error(`${kernel.name} wrote outside ${buffer.name}.\n${module.listing}`)
      }
    }
    for (let at = bytes[i]; at < Math.ceil(bytes[i] / 8) * 8; at++) {
      if (heap[addresses[i] + at] !== mark)
        throw new Error(`${kernel.name} wrote past the end of ${buffer.name}.`)
    }
    if (buffer.kind !== 'argument') return
    const array = args[next++]
    new Uint8Array(array.buffer, array.byteOffset, array.byteLength).set(
      heap.subarray(addresses[i], addresses[i] + bytes[i]),
    )
  })
  return { status: new Int32Array(memory.buffer)[statusWord >>> 2], listing: module.listing }
}
