/**
 * Code that finds out what a machine can do: multiply-adds without memory, and copies. Each is a `main` that the pool
 * runs on its threads; parameters and ticks stand in the table of the context.
 */
import { Assembler } from './assembler.js'
import { mem, type Reg, r8, r9, r10, r11, rax, rbx, rdi, rdx, rsi, xmm, ymm, zmm } from './registers.js'
import { contextOffsets } from './runtime-layout.js'

/** Byte offsets in the table: what all threads do, then a record of each thread. */
export const probeOffsets = {
  /** Rounds of the outer loop, and bytes of a copy (a multiple of 512). */
  rounds: 0,
  bytes: 8,
  threads: 64,
  /** In a thread's record: addresses, and the ticks that it took. */
  from: 0,
  to: 8,
  ticks: 16,
  threadBytes: 64,
} as const

export type Probe = 'multiplyAdd' | 'copy' | 'stream'

/** Independent sums: more than the latency of a multiply-add times the units that there may be. */
const sums = 12
const copiesPerRound = 8

/** Operations on f32 of one round of `multiplyAdd`. */
export const flopsPerRound = (vectorBytes: number): number => (sums * 2 * vectorBytes) / 4

/** `main` of a probe: `stream` is a copy whose stores go past the caches. */
export function writeProbe(probe: Probe, avx512: boolean): Uint8Array {
  const a = new Assembler({ avx512 })
  const vector = avx512 ? zmm : ymm
  a.emit('push', [rbx])
  a.emit('mov', [rbx, mem(rdx, contextOffsets.table)])
  a.emit('imul', [rdi, rdi, probeOffsets.threadBytes])
  // rdi: the thread's record; r8: rounds.
  a.emit('lea', [rdi, mem(rbx, probeOffsets.threads, rdi)])
  a.emit('mov', [r8, mem(rbx, probeOffsets.rounds)])
  for (let i = 0; i < 16; i++) a.emit('vxorps', [xmm(i), xmm(i), xmm(i)])
  now(a, r9)
  const again = a.label()
  a.bind(again)
  if (probe === 'multiplyAdd') {
    for (let i = 0; i < sums; i++) a.emit('vfmadd231ps', [vector(i), vector(14), vector(15)])
  } else writeCopy(a, probe === 'stream', avx512)
  a.emit('sub', [r8, 1])
  a.jump('ne', again)
  if (probe === 'stream') a.emit('sfence', [])
  now(a, rax)
  a.emit('sub', [rax, r9])
  a.emit('mov', [mem(rdi, probeOffsets.ticks), rax])
  a.emit('vzeroupper', [])
  a.emit('pop', [rbx])
  a.emit('ret', [])
  return a.finish()
}

function writeCopy(a: Assembler, stream: boolean, avx512: boolean): void {
  const vector = avx512 ? zmm : ymm
  const width = avx512 ? 64 : 32
  const next = a.label()
  a.emit('mov', [rsi, mem(rdi, probeOffsets.from)])
  a.emit('mov', [r10, mem(rdi, probeOffsets.to)])
  a.emit('mov', [r11, mem(rbx, probeOffsets.bytes)])
  a.bind(next)
  for (let i = 0; i < copiesPerRound; i++) a.emit('vmovups', [vector(i), mem(rsi, i * width)])
  for (let i = 0; i < copiesPerRound; i++)
    a.emit(stream ? 'vmovntps' : 'vmovaps', [mem(r10, i * width), vector(i)])
  a.emit('add', [rsi, copiesPerRound * width])
  a.emit('add', [r10, copiesPerRound * width])
  a.emit('sub', [r11, copiesPerRound * width])
  a.jump('ne', next)
}

/** to = the time-stamp counter; rax, rcx and rdx are used. */
function now(a: Assembler, to: Reg): void {
  a.emit('rdtscp', [])
  a.emit('shl', [rdx, 32])
  a.emit('or', [rax, rdx])
  if (to !== rax) a.emit('mov', [to, rax])
}
