/**
 * Code that a process has once: `launch`, which runs a program on the pool's threads and on the caller, and `worker`,
 * which a pool's thread runs for ever. A caller that finds the pool taken runs alone; results do not depend on it.
 */
import { Assembler } from './assembler.js'
import { mem, r12, r13, r14, rax, rbp, rbx, rdi, rdx, reg32, rsi, rsp } from './registers.js'
import { contextOffsets, futexWait, futexWake, poolOffsets, recordOffsets } from './runtime-layout.js'

/** Rounds of looking for work before a thread sleeps: some milliseconds. */
const idleRounds = 120_000
/** Rounds of looking for the others' end. */
const joinRounds = 40_000
/** Round to nearest, all exceptions masked, denormals kept. */
const floatControl = 0x1f80

export interface RuntimeCode {
  readonly code: Uint8Array
  /** Offsets of `launch(context)` and `worker(record)`. */
  readonly launch: number
  readonly worker: number
  /** Offset of `tryLock(request)`: the address of a lock, then a word that becomes 1 where it was free. */
  readonly tryLock: number
}

export function writeRuntime(): RuntimeCode {
  const a = new Assembler({ avx512: false })
  const launch = a.position
  writeLaunch(a)
  a.align(16)
  const worker = a.position
  writeWorker(a)
  a.align(16)
  const tryLock = a.position
  writeTryLock(a)
  return { code: a.finish(), launch, worker, tryLock }
}

function writeTryLock(a: Assembler): void {
  const busy = a.label()
  a.emit('mov', [rdx, mem(rdi, 0)])
  a.emit('xor', [reg32(0), reg32(0)])
  a.emit('mov', [reg32(1), 1])
  a.emit('lock cmpxchg', [mem(rdx, 0), reg32(1)])
  a.jump('ne', busy)
  a.emit('mov', [mem(rdi, 8), reg32(1)])
  a.bind(busy)
  a.emit('ret', [])
}

function setFloatControl(a: Assembler): void {
  a.emit('mov', [mem(rsp, -4), floatControl], { size: 32 })
  a.emit('ldmxcsr', [mem(rsp, -4)])
}

/** launch(rdi: context) */
function writeLaunch(a: Assembler): void {
  const saved = [rbx, rbp, r12, r13, r14]
  const [alone, next, awake, started, join, waiting, sleep, done] = Array.from({ length: 8 }, () => a.label())
  for (const r of saved) a.emit('push', [r])
  // rbx the context, r12 the pool, r13 the threads, rsp + 8 the caller's float control.
  a.emit('sub', [rsp, 16])
  a.emit('stmxcsr', [mem(rsp, 8)])
  setFloatControl(a)
  a.emit('mov', [rbx, rdi])
  a.emit('mov', [r12, mem(rbx, contextOffsets.pool)])
  a.emit('mov', [r13, mem(rbx, contextOffsets.threads)])
  a.emit('cmp', [r13, 1])
  a.jump('le', alone)
  a.emit('xor', [reg32(0), reg32(0)])
  a.emit('mov', [reg32(1), 1])
  a.emit('lock cmpxchg', [mem(r12, poolOffsets.lock), reg32(1)])
  a.jump('ne', alone)

  a.emit('mov', [mem(r12, poolOffsets.context), rbx])
  a.emit('mov', [mem(r12, poolOffsets.finished), 0], { size: 32 })
  a.emit('mov', [mem(r12, poolOffsets.launcherSleeps), 0], { size: 32 })
  a.emit('lea', [rax, mem(r12, poolOffsets.barrier)])
  a.emit('mov', [mem(rbx, contextOffsets.barrier), rax])
  // Gives the run to threads 1 … r13 − 1.
  a.emit('lea', [r14, mem(r12, poolOffsets.records)])
  a.emit('lea', [rbp, mem(r13, -1)])
  a.bind(next)
  a.emit('mov', [reg32(0), 1])
  a.emit('lock xadd', [mem(r14, recordOffsets.job), reg32(0)])
  a.emit('cmp', [mem(r14, recordOffsets.sleeps), 0], { size: 32 })
  a.jump('e', awake)
  a.emit('mov', [rdi, r14])
  futexWake(a)
  a.bind(awake)
  a.emit('add', [r14, recordOffsets.bytes])
  a.emit('sub', [rbp, 1])
  a.jump('ne', next)
  a.bind(started)
  a.emit('xor', [reg32(7), reg32(7)])
  a.emit('mov', [rsi, r13])
  a.emit('mov', [rdx, rbx])
  a.emit('call', [mem(rbx, contextOffsets.main)], { size: 64 })
  // All threads must have left the code before it may go away.
  a.emit('sub', [r13, 1])
  a.bind(join)
  a.emit('mov', [reg32(1), joinRounds])
  a.bind(waiting)
  a.emit('mov', [reg32(2), mem(r12, poolOffsets.finished)])
  a.emit('cmp', [reg32(2), reg32(13)])
  a.jump('e', done)
  a.emit('pause', [])
  a.emit('sub', [reg32(1), 1])
  a.jump('ne', waiting)
  a.bind(sleep)
  a.emit('mov', [reg32(0), 1])
  a.emit('xchg', [mem(r12, poolOffsets.launcherSleeps), reg32(0)])
  a.emit('lea', [rdi, mem(r12, poolOffsets.finished)])
  futexWait(a)
  a.emit('mov', [mem(r12, poolOffsets.launcherSleeps), 0], { size: 32 })
  a.jump('always', join)
  a.bind(done)
  a.emit('xor', [reg32(0), reg32(0)])
  a.emit('xchg', [mem(r12, poolOffsets.lock), reg32(0)])
  const out = a.label()
  a.jump('always', out)

  a.bind(alone)
  a.emit('xor', [reg32(7), reg32(7)])
  a.emit('mov', [reg32(6), 1])
  a.emit('mov', [rdx, rbx])
  a.emit('call', [mem(rbx, contextOffsets.main)], { size: 64 })
  a.bind(out)
  a.emit('ldmxcsr', [mem(rsp, 8)])
  a.emit('add', [rsp, 16])
  for (const r of saved.reverse()) a.emit('pop', [r])
  a.emit('ret', [])
}

/** worker(rdi: record): never returns. */
function writeWorker(a: Assembler): void {
  const [again, spin, work, clear] = Array.from({ length: 4 }, () => a.label())
  a.emit('sub', [rsp, 24])
  setFloatControl(a)
  // r12 the record, r13d the last run seen, rbx the pool.
  a.emit('mov', [r12, rdi])
  a.emit('xor', [reg32(13), reg32(13)])
  a.emit('mov', [rbx, mem(r12, recordOffsets.pool)])
  a.bind(again)
  a.emit('mov', [reg32(1), idleRounds])
  a.bind(spin)
  a.emit('cmp', [mem(r12, recordOffsets.job), reg32(13)])
  a.jump('ne', work)
  a.emit('pause', [])
  a.emit('sub', [reg32(1), 1])
  a.jump('ne', spin)
  a.emit('mov', [reg32(0), 1])
  // An exchange is a fence: whoever gives work after this sees that the thread sleeps.
  a.emit('xchg', [mem(r12, recordOffsets.sleeps), reg32(0)])
  a.emit('mov', [reg32(2), reg32(13)])
  a.emit('mov', [rdi, r12])
  futexWait(a)
  a.bind(clear)
  a.emit('mov', [mem(r12, recordOffsets.sleeps), 0], { size: 32 })
  a.jump('always', again)
  a.bind(work)
  a.emit('add', [reg32(13), 1])
  a.emit('mov', [r14, mem(rbx, poolOffsets.context)])
  a.emit('mov', [rdi, mem(r12, recordOffsets.thread)])
  a.emit('mov', [rsi, mem(r14, contextOffsets.threads)])
  a.emit('mov', [rdx, r14])
  a.emit('call', [mem(r14, contextOffsets.main)], { size: 64 })
  a.emit('lock add', [mem(rbx, poolOffsets.finished), 1], { size: 32 })
  a.emit('cmp', [mem(rbx, poolOffsets.launcherSleeps), 0], { size: 32 })
  a.jump('e', again)
  a.emit('lea', [rdi, mem(rbx, poolOffsets.finished)])
  futexWake(a)
  a.jump('always', again)
}
