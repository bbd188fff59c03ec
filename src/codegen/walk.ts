/** Small questions about statements that several passes ask: what they assign, write, read and contain. */
import { holdsBounded, type Index } from './index-expression.js'
import { type Expr, type Kernel, operandsOf, type Register, type Stmt } from './loop-ir.js'

/** The statement lists directly inside a statement. */
export function bodiesOf(stmt: Stmt): readonly (readonly Stmt[])[] {
  switch (stmt.kind) {
    case 'for':
    case 'parallel':
    case 'loop':
      return [stmt.body]
    case 'if':
    case 'when':
      return [stmt.then, stmt.otherwise]
    default:
      return []
  }
}

/** The statement with `map` of each list directly inside it. */
export function withBodies(stmt: Stmt, map: (body: readonly Stmt[]) => readonly Stmt[]): Stmt {
  switch (stmt.kind) {
    case 'for':
    case 'parallel':
    case 'loop':
      return { ...stmt, body: map(stmt.body) }
    case 'if':
    case 'when':
      return { ...stmt, then: map(stmt.then), otherwise: map(stmt.otherwise) }
    default:
      return stmt
  }
}

/** The statement with `map` of what it evaluates itself; the same one where that changes nothing. */
export function withExprs(stmt: Stmt, map: (expr: Expr) => Expr): Stmt {
  switch (stmt.kind) {
    case 'set':
    case 'store':
    case 'check': {
      const value = map(stmt.value)
      return value === stmt.value ? stmt : { ...stmt, value }
    }
    case 'when':
    case 'loop': {
      const condition = map(stmt.condition)
      return condition === stmt.condition ? stmt : { ...stmt, condition }
    }
    default:
      return stmt
  }
}

/** The expressions that a statement itself evaluates (not those inside its bodies). */
export function exprsOf(stmt: Stmt): readonly Expr[] {
  switch (stmt.kind) {
    case 'set':
    case 'store':
    case 'check':
      return [stmt.value]
    case 'when':
    case 'loop':
      return [stmt.condition]
    default:
      return []
  }
}

/** Calls `visit` for a statement and everything inside it. */
export function walkStmts(stmts: readonly Stmt[], visit: (stmt: Stmt) => void): void {
  for (const stmt of stmts) {
    visit(stmt)
    for (const body of bodiesOf(stmt)) walkStmts(body, visit)
  }
}

/** Calls `visit` once for each distinct expression below the roots that `seen` has not. */
export function walkExprs(
  roots: readonly Expr[],
  visit: (expr: Expr) => void,
  seen = new Set<number>(),
): void {
  for (const root of roots) {
    if (seen.has(root.id)) continue
    seen.add(root.id)
    visit(root)
    walkExprs(operandsOf(root), visit, seen)
  }
}

/** Whether an expression holds an index that a condition around it was tested for. */
export function usesBounded(expr: Expr): boolean {
  let found = false
  walkExprs([expr], (e) => {
    if ((e.kind === 'load' || e.kind === 'index' || e.kind === 'ramp') && holdsBounded(e.index)) found = true
  })
  return found
}

export interface Effects {
  /** Ids of registers that are assigned. */
  readonly registers: ReadonlySet<number>
  /** Buffers that are stored to. */
  readonly buffers: ReadonlySet<number>
  /** Ids of the variables of loops. */
  readonly variables: ReadonlySet<number>
}

const nested = new WeakMap<Stmt, Effects>()

/** What statements change, nested ones included. Remembered for nests, because passes ask at every level. */
export function effectsOf(stmts: readonly Stmt[]): Effects {
  const registers = new Set<number>()
  const buffers = new Set<number>()
  const variables = new Set<number>()
  for (const stmt of stmts) {
    if (stmt.kind === 'set' || stmt.kind === 'check') registers.add(stmt.register.id)
    else if (stmt.kind === 'store') buffers.add(stmt.buffer)
    else {
      if (stmt.kind === 'for' || stmt.kind === 'parallel') variables.add(stmt.variable.id)
      const inside = effectsOfNest(stmt)
      for (const r of inside.registers) registers.add(r)
      for (const b of inside.buffers) buffers.add(b)
      for (const v of inside.variables) variables.add(v)
    }
  }
  return { registers, buffers, variables }
}

/** What a statement with bodies changes. */
export function effectsOfNest(stmt: Stmt): Effects {
  let effects = nested.get(stmt)
  if (effects === undefined) {
    effects = effectsOf(bodiesOf(stmt).flat())
    nested.set(stmt, effects)
  }
  return effects
}

/** Every register that the statements name. */
export function registersOf(stmts: readonly Stmt[]): Map<number, Register> {
  const found = new Map<number, Register>()
  const seen = new Set<number>()
  walkStmts(stmts, (stmt) => {
    if (stmt.kind === 'set' || stmt.kind === 'check') found.set(stmt.register.id, stmt.register)
    walkExprs(
      exprsOf(stmt),
      (e) => void (e.kind === 'register' && found.set(e.register.id, e.register)),
      seen,
    )
  })
  return found
}

/** The loop that threads share, if there is one. After `optimise`, values that do not change may stand before it. */
export function parallelLoop(kernel: Kernel): Extract<Stmt, { kind: 'parallel' }> | null {
  const last = kernel.body[kernel.body.length - 1]
  return last?.kind === 'parallel' ? last : null
}

/** Reads and writes of memory by a statement itself: which buffer, where its lanes begin, how far apart, how many. */
export interface MemoryAccess {
  readonly buffer: number
  readonly index: Index
  readonly stride: number
  readonly lanes: number
}

export function accessesOf(stmt: Stmt): MemoryAccess[] {
  const found: MemoryAccess[] = []
  walkExprs(exprsOf(stmt), (e) => {
    if (e.kind === 'load') found.push({ buffer: e.buffer, index: e.index, stride: e.stride, lanes: e.active })
  })
  if (stmt.kind === 'prefetch') found.push({ buffer: stmt.buffer, index: stmt.index, stride: 1, lanes: 1 })
  if (stmt.kind === 'store') {
    const { buffer, index, stride, value, active } = stmt
    found.push({ buffer, index, stride, lanes: active ?? value.lanes })
  }
  return found
}
