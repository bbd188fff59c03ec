/** Statements of the loop IR as WebAssembly: one function a kernel, with parameters thread, threads and addresses. */
import type { Pointer } from '../../addresses.js'
import { planAddresses } from '../../addresses.js'
import type { Kernel, Stmt } from '../../loop-ir.js'
import { type Helpers, KernelContext, statusWord } from './kernel-context.js'
import { writeStore } from './memory-access.js'
import type { FunctionWriter } from './module-writer.js'
import { writeRanges, writeValue } from './values.js'

/** No buffer begins below this address, so that a constant offset up to it never makes a pointer negative. */
export const lowReserve = 65536

/** Writes an optimised kernel's body. `statusCode` is what the status word becomes when a `check` fails. */
export function writeKernel(
  f: FunctionWriter,
  kernel: Kernel,
  helpers: Helpers,
  relaxed: boolean,
  statusCode: number,
): void {
  const plan = planAddresses(kernel, { signed: false, reach: lowReserve / 2 })
  const c = new KernelContext(f, kernel, plan, helpers, relaxed, statusCode)
  c.value = (expr) => writeValue(c, expr)
  writeStmts(c, kernel.body)
}

function writeStmts(c: KernelContext, stmts: readonly Stmt[]): void {
  for (const stmt of stmts) {
    c.statement = stmt
    for (const pointer of c.plan.before.get(stmt) ?? []) writePointer(c, pointer)
    writeStmt(c, stmt)
  }
}

function localOf(c: KernelContext, pointer: Pointer): number {
  let local = c.pointers.get(pointer.id)
  if (local === undefined) {
    local = c.f.local('i32')
    c.pointers.set(pointer.id, local)
  }
  return local
}

function writeParent(c: KernelContext, pointer: Pointer): void {
  c.f.get(pointer.parent === null ? c.buffer(pointer.buffer) : c.pointers.get(pointer.parent.id)!)
}

function writePointer(c: KernelContext, pointer: Pointer): void {
  const { f } = c
  writeParent(c, pointer)
  if (pointer.atom !== null) {
    c.atom(pointer.atom)
    if (pointer.bytes !== 1) {
      f.i32(pointer.bytes)
      f.op('i32.mul')
    }
    f.op('i32.add')
  }
  if (pointer.offset !== 0) {
    f.i32(pointer.offset)
    f.op('i32.add')
  }
  f.set(localOf(c, pointer))
}

function writeStmt(c: KernelContext, stmt: Stmt): void {
  const { f } = c
  switch (stmt.kind) {
    case 'set':
      c.value(stmt.value)
      f.set(c.register(stmt.register))
      return
    case 'store':
      writeStore(c, stmt)
      return
    case 'prefetch':
      return
    case 'for':
      writeFor(c, stmt)
      return
    case 'parallel':
      writeParallel(c, stmt)
      return
    case 'if':
      writeRanges(c, stmt.ranges)
      writeBranches(c, stmt.then, stmt.otherwise)
      return
    case 'when':
      c.value(stmt.condition)
      writeBranches(c, stmt.then, stmt.otherwise)
      return
    case 'loop':
      f.block()
      f.loop()
      c.value(stmt.condition)
      f.op('i32.eqz')
      f.brIf(1)
      writeStmts(c, stmt.body)
      f.br(0)
      f.end()
      f.end()
      return
    case 'check':
      writeCheck(c, stmt)
      return
  }
}

function writeBranches(c: KernelContext, then: readonly Stmt[], otherwise: readonly Stmt[]): void {
  const { f } = c
  f.if()
  writeStmts(c, then)
  if (otherwise.length > 0) {
    f.else()
    writeStmts(c, otherwise)
  }
  f.end()
}

type Counted = Extract<Stmt, { kind: 'for' | 'parallel' }>

function writeFor(c: KernelContext, stmt: Extract<Stmt, { kind: 'for' }>): void {
  const { variable, step } = stmt
  if (variable.high < variable.low) return
  const local = c.f.local('i32')
  c.variables.set(variable.id, local)
  c.f.i32(variable.low)
  c.f.set(local)
  const once = variable.low + step > variable.high
  writeRounds(c, stmt, local, once ? null : step, () => c.f.i32(variable.high))
}

/** A thread's piece of n rounds: start = t·q + min(t, r), of q or q + 1 rounds, with q = n / threads and r the rest. */
function writeParallel(c: KernelContext, stmt: Extract<Stmt, { kind: 'parallel' }>): void {
  const { f } = c
  const { variable } = stmt
  const rounds = variable.high - variable.low + 1
  if (rounds <= 0) return
  const local = f.local('i32')
  const last = f.local('i32')
  c.variables.set(variable.id, local)
  const start = (thread: () => void): void => {
    thread()
    f.i32(rounds)
    f.get(1)
    f.op('i32.div_u')
    f.op('i32.mul')
    thread()
    f.i32(rounds)
    f.get(1)
    f.op('i32.rem_u')
    thread()
    f.i32(rounds)
    f.get(1)
    f.op('i32.rem_u')
    f.op('i32.lt_u')
    f.op('select')
    f.op('i32.add')
  }
  start(() => f.get(0))
  f.i32(variable.low)
  f.op('i32.add')
  f.set(local)
  start(() => {
    f.get(0)
    f.i32(1)
    f.op('i32.add')
  })
  f.i32(variable.low - 1)
  f.op('i32.add')
  f.tee(last)
  f.get(local)
  f.op('i32.ge_s')
  f.if()
  writeRounds(c, stmt, local, rounds === 1 ? null : 1, () => f.get(last))
  f.end()
}

/** The body, repeated while local + step ≤ last; `step` null: once. The local holds the first value. */
function writeRounds(
  c: KernelContext,
  stmt: Counted,
  local: number,
  step: number | null,
  last: () => void,
): void {
  const { f } = c
  const carried = c.plan.carried.get(stmt) ?? []
  for (const pointer of carried) {
    writeParent(c, pointer)
    f.get(local)
    if (pointer.bytes !== 1) {
      f.i32(pointer.bytes)
      f.op('i32.mul')
    }
    f.op('i32.add')
    f.set(localOf(c, pointer))
  }
  if (step === null) {
    writeStmts(c, stmt.body)
    return
  }
  f.loop()
  writeStmts(c, stmt.body)
  for (const pointer of carried) {
    f.get(localOf(c, pointer))
    f.i32(pointer.bytes * step)
    f.op('i32.add')
    f.set(localOf(c, pointer))
  }
  f.get(local)
  f.i32(step)
  f.op('i32.add')
  f.tee(local)
  last()
  f.op('i32.le_s')
  f.brIf(0)
  f.end()
}

function writeCheck(c: KernelContext, stmt: Extract<Stmt, { kind: 'check' }>): void {
  const { f } = c
  const { low, high, value } = stmt
  const target = c.register(stmt.register)
  c.value(value)
  f.tee(target)
  // One unsigned comparison of value - low.
  f.i32(low)
  f.op('i32.sub')
  f.i32(high - low)
  f.op('i32.gt_u')
  f.if()
  f.i32(statusWord)
  f.i32(c.statusCode)
  f.memory('i32.store')
  f.i32(low)
  f.set(target)
  f.end()
}
