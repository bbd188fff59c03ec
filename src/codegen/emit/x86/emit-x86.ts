/** Programs as x86-64 machine code: one function a kernel and `main`, which walks the commands. */
import { optimise } from '../../optimise.js'
import type { Program } from '../../program.js'
import { layoutOf, type MemoryLayout } from '../memory-layout.js'
import { hasSharedSteps, synchronise } from '../synchronise.js'
import { Assembler, type Link } from './assembler.js'
import type { X86Options } from './kernel-context.js'
import type { ProfileSite } from './profile-sites.js'
import { writeKernel } from './write-kernel.js'
import { writeMain } from './write-main.js'

export interface X86Module {
  /** Position-independent: runs wherever it is put, at a multiple of 64. */
  readonly code: Uint8Array
  /** Where in the code the addresses of host functions stand: those of this process. */
  readonly links: readonly Link[]
  /** Offset of `main(thread, threads, context)`. */
  readonly main: number
  readonly layout: MemoryLayout
  /** Threads share work: run `main` on each of them. */
  readonly parallel: boolean
  /** Bytes of a thread's row of tickets, which are 0 when a run begins. */
  readonly ticketBytes: number
  /** What `main` times: nothing unless the program is profiled. */
  readonly sites: readonly ProfileSite[]
  /** The code as text, where it was asked for. */
  readonly listing: string
}

export interface EmitOptions {
  readonly profile?: boolean
  readonly listing?: boolean
  /** Threads that will share the program's kernels. */
  readonly threads?: number
}

export function emitX86(
  program: Program,
  options: X86Options,
  { profile = false, listing = false, threads = 1 }: EmitOptions = {},
): X86Module {
  const a = new Assembler({ avx512: options.avx512, listing })
  const labels = program.kernels.map((kernel, i) => {
    a.align(64)
    const label = a.label()
    a.note(kernel.name)
    a.bind(label)
    writeKernel(a, optimise(kernel), options, i + 1)
    return label
  })
  a.align(64)
  const main = a.position
  a.note('main')
  const layout = layoutOf(program)
  const { sites, ticketBytes } = writeMain(a, program, layout, labels, { profile, threads })
  const parallel = hasSharedSteps(synchronise(program))
  const { links, listing: text } = a
  return { code: a.finish(), links, main, layout, parallel, ticketBytes, sites, listing: text }
}
