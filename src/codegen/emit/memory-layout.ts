/** Where the parts of a program's memory lie beyond what its arena plan says: each thread's private scratch. */
import { byteSize } from '../../core/dtype.js'
import type { BufferParam } from '../loop-ir.js'
import type { Program } from '../program.js'

export interface MemoryLayout {
  /** Bytes of the planned arena; a multiple of 64. */
  readonly arenaBytes: number
  /** Private bytes of each thread; a multiple of 64. */
  readonly scratchBytes: number
}

/** Bytes that a scratch buffer takes: whole cache lines, so that threads do not share one. */
export const scratchSize = (buffer: BufferParam): number =>
  Math.ceil((buffer.size * byteSize(buffer.dtype)) / 64) * 64

export function layoutOf(program: Program): MemoryLayout {
  let scratchBytes = 0
  for (const { buffers } of program.kernels) {
    const bytes = buffers.reduce((sum, b) => (b.kind === 'scratch' ? sum + scratchSize(b) : sum), 0)
    scratchBytes = Math.max(scratchBytes, bytes)
  }
  return { arenaBytes: Math.ceil(program.arenaBytes / 64) * 64, scratchBytes }
}
