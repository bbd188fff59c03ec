/** Where emitted code and the host find each other's words, and the system calls that emitted code makes. */
import type { Assembler } from './assembler.js'
import { reg32 } from './registers.js'

/** Byte offsets in a run's context, which the host fills. */
export const contextOffsets = {
  /** Start of the arena. */
  arena: 0,
  /** Addresses of the inputs, then of the outputs. */
  table: 8,
  /** The words at which the threads of this run meet. */
  barrier: 16,
  /** A C function (call number, addresses of its arguments). */
  hostCall: 24,
  /** The program's `main`. */
  main: 32,
  /** Threads that the run wants. */
  threads: 40,
  /** The process's pool of threads. */
  pool: 48,
  /** 32 bits: 0, or the number of the kernel with a bad index. */
  status: 56,
  /** For each thread the address of its time stamps, in programs that are profiled. */
  profile: 64,
  /** Which pieces of shared kernels have been taken (see take-pieces.ts). */
  tickets: 72,
  bytes: 80,
} as const

/** Byte offsets in a barrier: 32-bit words, a cache line each. */
export const barrierOffsets = { count: 0, generation: 64, sleepers: 128, bytes: 192 } as const

/** Byte offsets in the pool's control block. */
export const poolOffsets = {
  /** 1 while a run has the threads. */
  lock: 0,
  /** 1 while an isolate changes what the process has: starts threads, takes or gives back memory. */
  changes: 4,
  /** Threads of the present run that have finished it, and whether the launching thread sleeps until all have. */
  finished: 64,
  launcherSleeps: 68,
  /** The context of the present run. */
  context: 128,
  /** The pool's barrier. */
  barrier: 192,
  /** Threads that exist. */
  workers: 384,
  /** One record a thread. */
  records: 448,
} as const

/** Byte offsets in a thread's record, a cache line each. */
export const recordOffsets = {
  /** Counts the runs that the thread was given. */
  job: 0,
  sleeps: 4,
  /** The thread's number: 1, 2, … */
  thread: 8,
  pool: 16,
  bytes: 64,
} as const

/** Bytes of the record of what one isolate owns. */
export const estateRecordBytes = 32

/** Numbers of system calls and operations of Linux on x86-64. */
const futexCall = 202
const waitPrivate = 128
const wakePrivate = 129

/** Sleeps while the 32-bit word at rdi holds edx. rdi, rdx and r8 survive; rax, rcx, rsi, r10 and r11 do not. */
export function futexWait(a: Assembler): void {
  a.emit('mov', [reg32(6), waitPrivate])
  a.emit('xor', [reg32(10), reg32(10)])
  a.emit('mov', [reg32(0), futexCall])
  a.emit('syscall', [])
}

/** Wakes all that sleep on the word at rdi. */
export function futexWake(a: Assembler): void {
  a.emit('mov', [reg32(6), wakePrivate])
  a.emit('mov', [reg32(2), 0x7fffffff])
  a.emit('mov', [reg32(0), futexCall])
  a.emit('syscall', [])
}
