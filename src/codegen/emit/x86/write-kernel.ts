/** Statements of the loop IR as machine instructions: one function a kernel, called as (thread, threads, addresses). */
import { type Pointer, planAddresses } from '../../addresses.js'
import type { BinaryOp, Expr, IndexRange, Kernel, Stmt } from '../../loop-ir.js'
import { accessesOf, exprsOf, walkExprs, walkStmts } from '../../walk.js'
import type { Assembler, Label } from './assembler.js'
import type { Condition } from './conditions.js'
import { encodeFunction } from './encode-function.js'
import { KernelContext, operandOf, type X86Options } from './kernel-context.js'
import { inView, MachineFunction, memory, type VirtualRegister } from './machine-code.js'
import { writeStore } from './memory-access.js'
import { writeValue } from './values.js'

/** Writes an optimised kernel's function at the assembler's position. */
export function writeKernel(a: Assembler, kernel: Kernel, options: X86Options, statusCode: number): void {
  const f = new MachineFunction()
  const plan = planAddresses(kernel, { signed: true, reach: 0 })
  const c = new KernelContext(f, a, kernel, plan, options, statusCode)
  c.value = (expr) => writeValue(c, expr)
  loadBuffers(c)
  if (options.avx512) c.makeMasks(partialCounts(kernel))
  writeStmts(c, kernel.body)
  // Other threads may read the results after the next barrier, which orders only ordinary stores.
  if (streams(kernel)) f.plain('use', 'sfence', [])
  encodeFunction(f, a, options.avx512)
}

function streams(kernel: Kernel): boolean {
  let found = false
  walkStmts(kernel.body, (stmt) => {
    if (stmt.kind === 'store' && stmt.streams === true) found = true
  })
  return found
}

/** How many lanes partial loads and stores touch. */
function partialCounts(kernel: Kernel): ReadonlySet<number> {
  const counts = new Set<number>()
  const seen = new Set<number>()
  walkStmts(kernel.body, (stmt) => {
    if (stmt.kind === 'store' && stmt.active !== undefined) counts.add(stmt.active)
    walkExprs(
      exprsOf(stmt),
      (e) => {
        if (e.kind !== 'load' || e.active === e.lanes) return
        counts.add(e.active)
        if (e.stride !== 2) return
        const span = 2 * e.active - 1
        if (span < 16) counts.add(span)
        if (e.lanes === 8 && span > 8) counts.add(span - 8)
      },
      seen,
    )
  })
  return counts
}

/** The addresses of the buffers that are accessed. The status word's stands first. */
function loadBuffers(c: KernelContext): void {
  const used = new Set<number>()
  walkStmts(c.kernel.body, (stmt) => {
    for (const { buffer } of accessesOf(stmt)) used.add(buffer)
  })
  for (const buffer of [...used].sort((x, y) => x - y)) {
    const address = c.f.register('gpr')
    c.f.plain('define', 'mov', [inView(address, 'r64'), memory(c.addresses, 8 * (buffer + 1))])
    c.buffers.set(buffer, address)
  }
}

function writeStmts(c: KernelContext, stmts: readonly Stmt[]): void {
  for (const stmt of stmts) {
    c.statement = stmt
    for (const pointer of c.plan.before.get(stmt) ?? []) writePointer(c, pointer)
    writeStmt(c, stmt)
  }
}

const parentOf = (c: KernelContext, pointer: Pointer): VirtualRegister =>
  pointer.parent === null ? c.buffer(pointer.buffer) : c.pointers.get(pointer.parent.id)!

function pointerRegister(c: KernelContext, pointer: Pointer): VirtualRegister {
  let found = c.pointers.get(pointer.id)
  if (found === undefined) {
    found = c.f.register('gpr')
    c.pointers.set(pointer.id, found)
  }
  return found
}

/** target = parent + scaled·bytes + offset */
function writePointer(c: KernelContext, pointer: Pointer): void {
  const { f } = c
  const parent = parentOf(c, pointer)
  const scaled = pointer.atom === null ? null : c.atom(pointer.atom)
  const target = pointerRegister(c, pointer)
  if (scaled === null) {
    f.plain('define', 'lea', [inView(target, 'r64'), memory(parent, pointer.offset)])
    return
  }
  advanceFrom(c, target, parent, scaled, pointer.bytes, pointer.offset)
}

function advanceFrom(
  c: KernelContext,
  target: VirtualRegister,
  parent: VirtualRegister,
  scaled: VirtualRegister,
  bytes: number,
  offset: number,
): void {
  const { f } = c
  if (bytes === 1 || bytes === 2 || bytes === 4 || bytes === 8) {
    f.plain('define', 'lea', [
      inView(target, 'r64'),
      { ...memory(parent, offset), index: inView(scaled, 'r64'), scale: bytes },
    ])
    return
  }
  const product = f.register('gpr')
  f.plain('define', 'imul', [inView(product, 'r64'), inView(scaled, 'r64'), bytes])
  f.plain('define', 'lea', [
    inView(target, 'r64'),
    { ...memory(parent, offset), index: inView(product, 'r64'), scale: 1 },
  ])
}

function writeStmt(c: KernelContext, stmt: Stmt): void {
  const { f } = c
  switch (stmt.kind) {
    case 'set':
      writeValue(c, stmt.value, c.register(stmt.register))
      return
    case 'store':
      writeStore(c, stmt)
      return
    case 'prefetch':
      f.plain('use', stmt.write ? 'prefetchw' : 'prefetcht0', [c.address(stmt.buffer, stmt.index)])
      return
    case 'for':
      writeFor(c, stmt)
      return
    case 'parallel':
      writeParallel(c, stmt)
      return
    case 'if':
      writeBranches(c, (otherwise) => jumpOutside(c, stmt.ranges, otherwise), stmt.then, stmt.otherwise)
      return
    case 'when':
      writeBranches(c, (otherwise) => jumpUnless(c, stmt.condition, otherwise), stmt.then, stmt.otherwise)
      return
    case 'loop': {
      const done = c.label()
      f.loop(() => {
        const again = c.label()
        f.label(again)
        const test = operandOf(c.value(stmt.condition), 'bool', 1)
        f.plain('use', 'test', [test, test])
        f.jump('e', done)
        writeStmts(c, stmt.body)
        f.jump('always', again)
      })
      f.label(done)
      return
    }
    case 'check':
      writeCheck(c, stmt)
      return
  }
}

/** The jump where a comparison of integers does not hold. */
const failing: Partial<Record<BinaryOp, Condition>> = { eq: 'ne', ne: 'e', lt: 'ge', le: 'g' }

function jumpUnless(c: KernelContext, condition: Expr, otherwise: Label): void {
  const { f } = c
  const jump =
    condition.kind === 'binary' && condition.left.type === 'i32' ? failing[condition.op] : undefined
  if (condition.kind === 'binary' && jump !== undefined) {
    const [left, right] = [c.value(condition.left), c.value(condition.right)]
    f.plain('use', 'cmp', [inView(left, 'r32'), inView(right, 'r32')])
    f.jump(jump, otherwise)
    return
  }
  const test = operandOf(c.value(condition), 'bool', 1)
  f.plain('use', 'test', [test, test])
  f.jump('e', otherwise)
}

/** Jumps where an index is outside its range: low ≤ i ≤ high as one unsigned comparison each. */
function jumpOutside(c: KernelContext, ranges: readonly IndexRange[], outside: Label): void {
  const { f } = c
  for (const { index, low, high } of ranges) {
    if (high < low) {
      f.jump('always', outside)
      return
    }
    const value = c.index({ terms: index.terms, offset: index.offset - low })
    f.plain('use', 'cmp', [inView(value, 'r64'), high - low])
    f.jump('a', outside)
  }
}

function writeBranches(
  c: KernelContext,
  jumpTo: (otherwise: Label) => void,
  then: readonly Stmt[],
  otherwise: readonly Stmt[],
): void {
  const { f } = c
  const no = c.label()
  jumpTo(no)
  writeStmts(c, then)
  if (otherwise.length === 0) {
    f.label(no)
    return
  }
  const done = c.label()
  f.jump('always', done)
  f.label(no)
  writeStmts(c, otherwise)
  f.label(done)
}

type Counted = Extract<Stmt, { kind: 'for' | 'parallel' }>

function writeFor(c: KernelContext, stmt: Extract<Stmt, { kind: 'for' }>): void {
  const { variable, step } = stmt
  if (variable.high < variable.low) return
  const counter = c.f.register('gpr')
  c.variables.set(variable.id, counter)
  c.constant(counter, variable.low)
  const once = variable.low + step > variable.high
  writeRounds(c, stmt, counter, once ? null : step, variable.high)
}

/** A thread's piece of n rounds: from ⌊n · thread / threads⌋ to where the next one's begins. */
function writeParallel(c: KernelContext, stmt: Extract<Stmt, { kind: 'parallel' }>): void {
  const { f } = c
  const { variable } = stmt
  const rounds = variable.high - variable.low + 1
  if (rounds <= 0) return
  const counter = f.register('gpr')
  const last = f.register('gpr')
  c.variables.set(variable.id, counter)
  /** to = ⌊thread · rounds / threads⌋ + add */
  const start = (to: VirtualRegister, thread: VirtualRegister, add: number): void => {
    const product = f.register('gpr')
    const quotient = f.register('gpr')
    f.plain('define', 'imul', [inView(product, 'r64'), inView(thread, 'r64'), rounds])
    f.add({
      kind: 'divide',
      wide: true,
      signed: false,
      dividend: product,
      divisor: c.threads,
      target: quotient,
      result: 'quotient',
    })
    f.plain('define', 'lea', [inView(to, 'r64'), memory(quotient, add)])
  }
  start(counter, c.thread, variable.low)
  const next = f.register('gpr')
  f.plain('define', 'lea', [inView(next, 'r64'), memory(c.thread, 1)])
  start(last, next, variable.low - 1)
  const done = c.label()
  f.plain('use', 'cmp', [inView(last, 'r64'), inView(counter, 'r64')])
  f.jump('l', done)
  writeRounds(c, stmt, counter, rounds === 1 ? null : 1, last)
  f.label(done)
}

/** The body, repeated while counter + step ≤ last; `step` null: once. The counter holds the first value. */
function writeRounds(
  c: KernelContext,
  stmt: Counted,
  counter: VirtualRegister,
  step: number | null,
  last: VirtualRegister | number,
): void {
  const { f } = c
  const carried = c.plan.carried.get(stmt) ?? []
  for (const pointer of carried) {
    advanceFrom(c, pointerRegister(c, pointer), parentOf(c, pointer), counter, pointer.bytes, 0)
  }
  if (step === null) {
    writeStmts(c, stmt.body)
    return
  }
  f.loop(() => {
    const again = c.label()
    f.label(again)
    writeStmts(c, stmt.body)
    for (const pointer of carried)
      f.plain('modify', 'add', [inView(pointerRegister(c, pointer), 'r64'), pointer.bytes * step])
    f.plain('modify', 'add', [inView(counter, 'r64'), step])
    f.plain('use', 'cmp', [inView(counter, 'r64'), typeof last === 'number' ? last : inView(last, 'r64')])
    f.jump('le', again)
  })
}

function writeCheck(c: KernelContext, stmt: Extract<Stmt, { kind: 'check' }>): void {
  const { f } = c
  const { low, high, value } = stmt
  const target = c.register(stmt.register)
  const given = c.value(value)
  const fine = c.label()
  f.plain('define', 'mov', [inView(target, 'r32'), inView(given, 'r32')])
  // One unsigned comparison of value - low.
  if (low === 0) f.plain('use', 'cmp', [inView(target, 'r32'), high])
  else {
    const shifted = f.register('gpr')
    f.plain('define', 'mov', [inView(shifted, 'r32'), inView(given, 'r32')])
    f.plain('modify', 'sub', [inView(shifted, 'r32'), low])
    f.plain('use', 'cmp', [inView(shifted, 'r32'), high - low])
  }
  f.jump('be', fine)
  const status = f.register('gpr')
  const code = f.register('gpr')
  f.plain('define', 'mov', [inView(status, 'r64'), memory(c.addresses, 0)])
  c.constant(code, c.statusCode)
  f.plain('use', 'mov', [memory(status, 0), inView(code, 'r32')])
  c.constant(target, low)
  f.label(fine)
}
