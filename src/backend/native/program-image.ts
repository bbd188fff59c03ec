/**
 * A program as machine code and all that running it takes: plain data, which another process can load. Only addresses
 * of host functions and host kernels differ between processes; the image names and numbers them.
 */
import type { X86Module } from '../../codegen/emit/x86/emit-x86.js'
import { callsOf, type Program } from '../../codegen/program.js'
import type { Aval, HostKernel } from '../../ir/node.js'
import type { Address } from './os/os.js'

/** A call of a host kernel from the program, in the order of the numbers that `main` passes. */
export interface ImageCall {
  readonly kernel: HostKernel
  readonly inputs: readonly Aval[]
  readonly outputs: readonly Aval[]
}

export interface ProgramImage {
  /** Position-independent, with the addresses of this process. */
  readonly code: Uint8Array
  readonly links: X86Module['links']
  readonly main: number
  readonly arenaBytes: number
  readonly scratchBytes: number
  readonly parallel: boolean
  readonly ticketBytes: number
  /** Names by number: the status word counts from 1. */
  readonly kernels: readonly string[]
  readonly inputs: number
  readonly outputs: number
  readonly calls: readonly ImageCall[]
}

export function imageOf(program: Program, module: X86Module): ProgramImage {
  const { code, links, main, layout, parallel, ticketBytes } = module
  const aval = ({ shape, dtype }: Aval): Aval => ({ shape, dtype })
  return {
    code,
    links,
    main,
    arenaBytes: layout.arenaBytes,
    scratchBytes: layout.scratchBytes,
    parallel,
    ticketBytes,
    kernels: program.kernels.map(({ name }) => name),
    inputs: program.inputs.length,
    outputs: program.outputs.length,
    calls: callsOf(program.commands).map(({ kernel, inputs, outputs }) => ({
      kernel,
      inputs: inputs.map(aval),
      outputs: outputs.map(aval),
    })),
  }
}

/** Four bytes with the length of a head in JSON, the head, the code. `kernels` numbers host kernels. */
export function writeImage(image: ProgramImage, kernels: readonly HostKernel[]): Uint8Array | null {
  const { code, calls, ...rest } = image
  const numbered = calls.map(({ kernel, ...values }) => ({ kernel: kernels.indexOf(kernel), ...values }))
  // A kernel that scheduling has made is in no other process's graph.
  if (numbered.some(({ kernel }) => kernel < 0)) return null
  const head = new TextEncoder().encode(JSON.stringify({ ...rest, calls: numbered }))
  const bytes = new Uint8Array(4 + head.length + code.length)
  new DataView(bytes.buffer).setUint32(0, head.length, true)
  bytes.set(head, 4)
  bytes.set(code, 4 + head.length)
  // Where this process has its libraries is nobody's business.
  for (const { offset } of image.links) bytes.fill(0, 4 + head.length + offset, 12 + head.length + offset)
  return bytes
}

/**
 * What `writeImage` wrote, with this process's addresses and kernels. Nothing is checked: the caller knows that the bytes
 * are whole and from this compiler.
 */
export function readImage(
  bytes: Uint8Array,
  kernels: readonly HostKernel[],
  addresses: ReadonlyMap<string, Address>,
): ProgramImage {
  const start = 4 + new DataView(bytes.buffer, bytes.byteOffset).getUint32(0, true)
  const head = JSON.parse(new TextDecoder().decode(bytes.subarray(4, start))) as Head
  const code = bytes.subarray(start)
  const view = new DataView(code.buffer, code.byteOffset)
  for (const { offset, symbol } of head.links) view.setBigUint64(offset, BigInt(addresses.get(symbol)!), true)
  const calls = head.calls.map(({ kernel, ...values }) => ({ kernel: kernels[kernel], ...values }))
  return { ...head, code, calls }
}

interface Head extends Omit<ProgramImage, 'code' | 'calls'> {
  readonly calls: readonly (Omit<ImageCall, 'kernel'> & { readonly kernel: number })[]
}
