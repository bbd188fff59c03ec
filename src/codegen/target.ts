/** What the scheduler and the lowering need to know of a machine: plain data. */
export interface Target {
  readonly name: string
  /** Bytes of a vector register; 4 means no vectors. */
  readonly vectorBytes: number
  /** How the rest of a vector loop is done. */
  readonly tail: 'scalar' | 'mask'
  /** Rows × vectors of the contraction's register tile, and how far its inner loop is unrolled. */
  readonly tile: { readonly rows: number; readonly vectors: number; readonly unroll: number }
  /** Bytes of the caches that blocking aims at. */
  readonly l1: number
  readonly l2: number
  /** Threads that share a kernel's parallel loop. */
  readonly threads: number
  /** Memory can be asked for before it is used; false where absent. */
  readonly prefetches?: boolean
  /** Results of so many bytes are stored past the caches; absent: none are. */
  readonly streamFrom?: number
  /** Work (about one arithmetic operation each) below which a kernel stays on one thread. */
  readonly serialWork: number
  /** An instruction multiplies pairs of bf16 and adds to f32 (`dotPairs`). Absent: there is none. */
  readonly bf16Products?: boolean
}

/** 32-bit lanes of a vector register. */
export const lanesOf = (target: Target): number => Math.max(1, target.vectorBytes / 4)
