/**
 * Rewrites a kernel so that emitters stay simple and inner loops stay short, without changing any value:
 * conditional expressions become `if` statements, values that a loop does not change move before it, and values
 * that a block uses several times are computed once. Emitters of every target run it first.
 */
import { hoist } from './hoist.js'
import { indexKey } from './index-expression.js'
import {
  type Expr,
  ExprBuilder,
  isAtom,
  isWork,
  type Kernel,
  operandsOf,
  type Register,
  register,
  type Stmt,
} from './loop-ir.js'
import { LoadTable, rebuild } from './rebuild.js'
import { bodiesOf, type Effects, effectsOf, effectsOfNest, withBodies, withExprs } from './walk.js'

/** The optimised kernel. Where it has a `parallel` statement, that is the last one; values it shares stand before. */
export function optimise(kernel: Kernel): Kernel {
  const pass = new Pass()
  const hoisted = hoist(pass.openGuards(kernel.body), pass.build, pass.loads)
  return { ...kernel, body: pass.share(hoisted, new Map()) }
}

class Pass {
  readonly build = new ExprBuilder()
  readonly loads = new LoadTable()
  private fresh = 0
  private readonly openedIfs = new Set<Stmt>()
  /** Ids of expressions without conditional ones in them. */
  private readonly unconditional = new Set<number>()

  private freshRegister(prefix: string, expr: Expr): Register {
    return register(`${prefix}${this.fresh++}`, expr.type, expr.lanes)
  }

  private remake(expr: Expr, replace: (operand: Expr) => Expr): Expr {
    return rebuild(this.build, expr, replace)
  }

  /** Conditional expressions become `if` statements that set a register before the statement that needs them. */
  openGuards(stmts: readonly Stmt[]): Stmt[] {
    const out: Stmt[] = []
    const clock = new Clock(this.loads)
    const opened = new Map<number, Register>()
    // Of the statement at hand.
    const made = new Map<number, Expr>()
    const pending: Stmt[] = []
    const open = (expr: Expr): Expr => {
      if (isAtom(expr) || this.unconditional.has(expr.id)) return expr
      const known = made.get(expr.id)
      if (known !== undefined) return known
      let result: Expr
      if (expr.kind === 'guard') {
        const key = clock.key(expr)
        let target = opened.get(key)
        if (target === undefined) {
          target = this.freshRegister('g', expr)
          opened.set(key, target)
          const made: Stmt = {
            kind: 'if',
            ranges: expr.ranges,
            then: this.openGuards([{ kind: 'set', register: target, value: expr.then }]),
            otherwise: this.openGuards([{ kind: 'set', register: target, value: expr.otherwise }]),
          }
          this.openedIfs.add(made)
          pending.push(made)
        }
        result = this.build.register(target)
      } else result = this.remake(expr, open)
      made.set(expr.id, result)
      if (result === expr) this.unconditional.add(expr.id)
      return result
    }
    for (const stmt of stmts) {
      made.clear()
      if (stmt.kind === 'loop' && stmt.condition.kind !== 'register') {
        // Evaluated before each round: once before the loop, and again at the end of its body.
        const condition = this.freshRegister('c', stmt.condition)
        const evaluate = (): Stmt[] =>
          this.openGuards([{ kind: 'set', register: condition, value: stmt.condition }])
        out.push(...evaluate(), {
          ...stmt,
          condition: this.build.register(condition),
          body: [...this.openGuards(stmt.body), ...evaluate()],
        })
        clock.advance(stmt)
        continue
      }
      const rewritten = withBodies(withExprs(stmt, open), (body) => this.openGuards(body))
      this.mergeIfs(out, pending.splice(0))
      out.push(rewritten)
      clock.advance(stmt)
    }
    return out
  }

  /** Adds opened guards to a list; one that asks the same as the list's last statement joins it. */
  private mergeIfs(out: Stmt[], added: readonly Stmt[]): void {
    for (const stmt of added) {
      const last = out[out.length - 1]
      if (last?.kind === 'if' && stmt.kind === 'if' && this.openedIfs.has(last) && sameRanges(last, stmt)) {
        const then = [...last.then, ...stmt.then]
        const otherwise = [...last.otherwise, ...stmt.otherwise]
        const merged: Stmt = { ...last, then, otherwise }
        this.openedIfs.add(merged)
        out[out.length - 1] = merged
      } else out.push(stmt)
    }
  }

  /** Computes what a block uses more than once into a register. `outer`: values that enclosing blocks hold. */
  share(stmts: readonly Stmt[], outer: ReadonlyMap<number, Expr>): Stmt[] {
    const uses = new Map<number, number>()
    const counting = new Clock(this.loads)
    const count = (expr: Expr): Expr => {
      if (isAtom(expr) || outer.has(expr.id)) return expr
      const key = counting.key(expr)
      const n = uses.get(key) ?? 0
      uses.set(key, n + 1)
      if (n === 0) for (const operand of operandsOf(expr)) count(operand)
      return expr
    }
    for (const stmt of stmts) {
      withExprs(stmt, count)
      counting.advance(stmt)
    }

    const clock = new Clock(this.loads)
    const held = new Map<number, { readonly expr: Expr; readonly value: Expr }>()
    const inherited = new Map(outer)
    const out: Stmt[] = []
    // Of the statement at hand.
    const pending: Stmt[] = []
    const made = new Map<number, Expr>()
    const rewrite = (expr: Expr): Expr => {
      if (isAtom(expr)) return expr
      const from = inherited.get(expr.id) ?? made.get(expr.id)
      if (from !== undefined) return from
      const key = clock.key(expr)
      const known = held.get(key)
      if (known !== undefined) return known.value
      let result = this.remake(expr, rewrite)
      if ((uses.get(key) ?? 0) > 1 && isWork(expr)) {
        const target = this.freshRegister('t', expr)
        pending.push({ kind: 'set', register: target, value: result })
        result = this.build.register(target)
        held.set(key, { expr, value: result })
        this.origin.set(expr.id, expr)
      } else made.set(expr.id, result)
      return result
    }
    for (const stmt of stmts) {
      made.clear()
      const renewed = withExprs(stmt, rewrite)
      const below = new Map<number, Expr>()
      if (bodiesOf(stmt).length > 0) {
        const effects = effectsOfNest(stmt)
        for (const [id, value] of inherited) below.set(id, value)
        for (const [key, { expr, value }] of held) {
          if (clock.key(expr) === key && !this.changes(effects, expr)) below.set(expr.id, value)
        }
      }
      out.push(
        ...pending.splice(0),
        withBodies(renewed, (body) => this.share(body, below)),
      )
      clock.advance(stmt)
      if (inherited.size === 0) continue
      const effects = effectsOf([stmt])
      for (const id of [...inherited.keys()]) {
        const expr = this.origin.get(id)
        if (expr !== undefined && this.changes(effects, expr)) inherited.delete(id)
      }
    }
    return out
  }

  /** Expressions that a register holds, by id. */
  private readonly origin = new Map<number, Expr>()

  private changes(effects: Effects, expr: Expr): boolean {
    for (const d of expr.deps) if (effects.registers.has(d)) return true
    for (const b of this.loads.of(expr)) if (effects.buffers.has(b)) return true
    return false
  }
}

type If = Extract<Stmt, { kind: 'if' }>

const sameRanges = (a: If, b: If): boolean =>
  a.ranges.length === b.ranges.length &&
  a.ranges.every((r, i) => {
    const other = b.ranges[i]
    return r.low === other.low && r.high === other.high && indexKey(r.index) === indexKey(other.index)
  })

/** More statements than a block has; ids times this are exact in a double. */
const maximumTime = 2 ** 22

/** Tells values of an expression apart by when what it reads last changed within a block. */
class Clock {
  private now = 0
  private readonly registers = new Map<number, number>()
  private readonly buffers = new Map<number, number>()
  private readonly loads: LoadTable

  constructor(loads: LoadTable) {
    this.loads = loads
  }

  key(expr: Expr): number {
    let time = 0
    if (this.registers.size > 0) {
      for (const d of expr.deps) time = Math.max(time, this.registers.get(d) ?? 0)
    }
    if (this.buffers.size > 0) {
      for (const b of this.loads.of(expr)) time = Math.max(time, this.buffers.get(b) ?? 0)
    }
    return expr.id * maximumTime + time
  }

  advance(stmt: Stmt): void {
    this.now++
    if (stmt.kind === 'set' || stmt.kind === 'check') {
      this.registers.set(stmt.register.id, this.now)
      return
    }
    if (stmt.kind === 'store') {
      this.buffers.set(stmt.buffer, this.now)
      return
    }
    const { registers, buffers } = effectsOfNest(stmt)
    for (const r of registers) this.registers.set(r, this.now)
    for (const b of buffers) this.buffers.set(b, this.now)
  }
}
