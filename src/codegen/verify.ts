/**
 * Proves every memory access of a kernel in bounds before anything is emitted; there is no other bounds check. The
 * proof is interval arithmetic over index expressions: loop variables lie in their range, `bounded` atoms in what an
 * enclosing guard tests, `dynamic` atoms in what a `check` before them tests.
 */
import { InternalError } from '../core/errors.js'
import { type Atom, atomRange, type Index, indexDeps, indexKey, indexRange } from './index-expression.js'
import {
  computeTypeOf,
  type Expr,
  type IndexRange,
  type Kernel,
  operandsOf,
  type Register,
  type Stmt,
} from './loop-ir.js'
import { startsAtVector } from './stream-stores.js'
import { effectsOf } from './walk.js'

/** What is known at one point of the kernel. */
interface Facts {
  /** Ids of the loop variables in scope. */
  readonly loops: ReadonlySet<number>
  /** By indexKey: what enclosing guards have tested. */
  readonly guards: ReadonlyMap<string, IndexRange>
  /** By register id: what checks have tested, as long as the register keeps its value. */
  readonly checked: Map<number, readonly [number, number]>
}

/** Throws an InternalError that names the kernel, the access, its range and the buffer's size. */
export function verify(kernel: Kernel): void {
  new Verifier(kernel).run()
}

class Verifier {
  private readonly kernel: Kernel

  constructor(kernel: Kernel) {
    this.kernel = kernel
  }

  run(): void {
    const facts: Facts = { loops: new Set(), guards: new Map(), checked: new Map() }
    const shared = this.kernel.body.findIndex((s) => s.kind === 'parallel')
    if (shared >= 0 && shared !== this.kernel.body.length - 1) {
      this.fail('the parallel loop must be the last statement')
    }
    this.block(this.kernel.body, facts, true)
  }

  private fail(what: string): never {
    throw new InternalError(`Kernel ${this.kernel.name}: ${what}.`)
  }

  private block(stmts: readonly Stmt[], facts: Facts, top = false): void {
    for (const stmt of stmts) this.statement(stmt, facts, top)
  }

  private statement(stmt: Stmt, facts: Facts, top: boolean): void {
    switch (stmt.kind) {
      case 'parallel':
        if (!top) this.fail(`parallel loop ${stmt.variable.name} inside another statement`)
        this.loop(stmt.variable, 1, stmt.body, facts)
        return
      case 'for':
        this.loop(stmt.variable, stmt.step, stmt.body, facts)
        return
      case 'loop': {
        // The condition and the body also run after the body: what it assigns is not known.
        const inner = without(facts, stmt.body)
        this.value(stmt.condition, inner)
        this.bool(stmt.condition, 'loop')
        this.block(stmt.body, fork(inner))
        this.forget(facts, stmt.body)
        return
      }
      case 'set':
        this.value(stmt.value, facts)
        this.fits(stmt.register, stmt.value)
        facts.checked.delete(stmt.register.id)
        return
      case 'check':
        this.value(stmt.value, facts)
        this.fits(stmt.register, stmt.value)
        if (stmt.register.type !== 'i32' || stmt.register.lanes !== 1) {
          this.fail(
            `check of ${stmt.register.name}: expected one i32 lane, got ${stmt.register.type}x${stmt.register.lanes}`,
          )
        }
        facts.checked.set(stmt.register.id, [stmt.low, stmt.high])
        return
      case 'store':
        this.value(stmt.value, facts)
        this.store(stmt, facts)
        return
      case 'prefetch':
        // May ask for memory beyond the buffer: it touches none.
        this.buffer(stmt.buffer)
        return
      case 'if':
        this.ranges(stmt.ranges, facts)
        this.block(stmt.then, guarded(facts, stmt.ranges, stmt.then))
        this.block(stmt.otherwise, fork(facts))
        this.forget(facts, stmt.then)
        this.forget(facts, stmt.otherwise)
        return
      case 'when':
        this.value(stmt.condition, facts)
        this.bool(stmt.condition, 'when')
        this.block(stmt.then, fork(facts))
        this.block(stmt.otherwise, fork(facts))
        this.forget(facts, stmt.then)
        this.forget(facts, stmt.otherwise)
    }
  }

  private loop(
    variable: { id: number; name: string; low: number; high: number },
    step: number,
    body: readonly Stmt[],
    facts: Facts,
  ): void {
    if (facts.loops.has(variable.id)) this.fail(`loop ${variable.name} stands inside itself`)
    if (!Number.isInteger(step) || step < 1)
      this.fail(`loop ${variable.name}: expected a step of at least 1, got ${step}`)
    if (variable.low > variable.high) return // never runs
    const inner = without(facts, body)
    this.block(body, { ...inner, loops: new Set([...facts.loops, variable.id]) })
    this.forget(facts, body)
  }

  /** Registers that `body` may have assigned are no longer known to be checked. */
  private forget(facts: Facts, body: readonly Stmt[]): void {
    for (const id of effectsOf(body).registers) facts.checked.delete(id)
  }

  private bool(condition: Expr, where: string): void {
    if (condition.type !== 'bool' || condition.lanes !== 1) {
      this.fail(`condition of ${where}: expected one bool lane, got ${condition.type}x${condition.lanes}`)
    }
  }

  private fits(register: Register, value: Expr): void {
    if (register.type !== value.type || register.lanes !== value.lanes) {
      this.fail(
        `register ${register.name} is ${register.type}x${register.lanes}, its value is ${value.type}x${value.lanes}`,
      )
    }
  }

  private store(stmt: Extract<Stmt, { kind: 'store' }>, facts: Facts): void {
    const buffer = this.buffer(stmt.buffer)
    if (buffer.access === 'read') this.fail(`store to ${buffer.name}, which is read only`)
    const type = computeTypeOf(buffer.dtype)
    if (type !== stmt.value.type)
      this.fail(`store of ${stmt.value.type} to ${buffer.name}, which holds ${buffer.dtype}`)
    if (stmt.value.lanes > 1 && stmt.stride === 0)
      this.fail(`store to ${buffer.name}: lanes with stride 0 overwrite each other`)
    const { lanes } = stmt.value
    const active = this.active(stmt.active ?? lanes, lanes, `store to ${buffer.name}`)
    if (stmt.streams === true && !startsAtVector(this.kernel, stmt))
      this.fail(`store past the caches to ${buffer.name}: it may begin within a vector`)
    this.access(`store to ${buffer.name}`, buffer.size, stmt.index, stmt.stride, active, facts)
  }

  private buffer(number: number): Kernel['buffers'][number] {
    return this.kernel.buffers[number] ?? this.fail(`buffer ${number} does not exist`)
  }

  private active(active: number, lanes: number, what: string): number {
    if (!Number.isInteger(active) || active < 1 || active > lanes)
      this.fail(`${what}: ${active} of ${lanes} lanes are active`)
    return active
  }

  private access(
    what: string,
    size: number,
    index: Index,
    stride: number,
    lanes: number,
    facts: Facts,
  ): void {
    this.index(index, facts)
    const reach = stride * (lanes - 1)
    let [low, high] = indexRange(index)
    low += Math.min(0, reach)
    high += Math.max(0, reach)
    if (!(low >= 0 && high < size)) {
      const lanesText = lanes === 1 ? '' : ` (${lanes} lanes, stride ${stride})`
      this.fail(
        `${what} at ${indexKey(index)}${lanesText} covers ${low}…${high}, the buffer has ${size} elements`,
      )
    }
  }

  /** Atoms must be in scope, tested, and non-negative below quotients and remainders. */
  private index(index: Index, facts: Facts): void {
    for (const { atom } of index.terms) this.atom(atom, facts)
  }

  private atom(atom: Atom, facts: Facts): void {
    switch (atom.kind) {
      case 'loop':
        if (!facts.loops.has(atom.id))
          this.fail(`loop variable ${atom.name} (v${atom.id}) is used outside its loop`)
        return
      case 'quotient':
      case 'remainder': {
        this.index(atom.of, facts)
        const [low] = indexRange(atom.of)
        if (low < 0)
          this.fail(
            `the ${atom.kind} of ${indexKey(atom.of)}, which can be ${low}: only non-negative values have one`,
          )
        return
      }
      case 'bounded': {
        this.index(atom.of, facts)
        const tested = facts.guards.get(indexKey(atom.of))
        const [low, high] = indexRange(atom.of)
        const least = Math.max(low, tested?.low ?? low)
        const most = Math.min(high, tested?.high ?? high)
        if (least < atom.low || most > atom.high) {
          const guard = tested
            ? `the guard around it tests ${tested.low}…${tested.high}`
            : 'no guard around it tests that'
          this.fail(`${indexKey(atom.of)} is taken to lie in ${atom.low}…${atom.high}, but ${guard}`)
        }
        return
      }
      case 'dynamic': {
        this.value(atom.value, facts)
        if (atom.value.kind !== 'register')
          this.fail(`an index from data (${atom.value.kind}) must be a checked register`)
        const { id, name } = atom.value.register
        const tested = facts.checked.get(id)
        if (tested === undefined) this.fail(`register ${name} is used as an index without a check before it`)
        const [low, high] = atomRange(atom)
        if (tested[0] < low || tested[1] > high) {
          this.fail(
            `register ${name} is taken to lie in ${low}…${high}, its check tests ${tested[0]}…${tested[1]}`,
          )
        }
      }
    }
  }

  private ranges(ranges: readonly IndexRange[], facts: Facts): void {
    for (const { index } of ranges) this.index(index, facts)
  }

  private value(expr: Expr, facts: Facts, seen = new Set<number>()): void {
    if (seen.has(expr.id)) return
    seen.add(expr.id)
    switch (expr.kind) {
      case 'index':
      case 'ramp':
        this.index(expr.index, facts)
        return
      case 'load': {
        const buffer = this.buffer(expr.buffer)
        if (buffer.access === 'write' && buffer.kind !== 'scratch')
          this.fail(`load from ${buffer.name}, which is write only`)
        if (computeTypeOf(buffer.dtype) !== expr.type) {
          this.fail(`load of ${expr.type} from ${buffer.name}, which holds ${buffer.dtype}`)
        }
        const active = this.active(expr.active, expr.lanes, `load from ${buffer.name}`)
        this.access(`load from ${buffer.name}`, buffer.size, expr.index, expr.stride, active, facts)
        return
      }
      case 'guard':
        this.ranges(expr.ranges, facts)
        this.value(expr.then, guarded(facts, expr.ranges, []), new Set()) // its own facts, so seen anew
        this.value(expr.otherwise, facts, new Set())
        return
      default:
        for (const operand of operandsOf(expr)) this.value(operand, facts, seen)
    }
  }
}

/** The same knowledge, apart from what later checks and sets do to it. */
const fork = (facts: Facts): Facts => ({ ...facts, checked: new Map(facts.checked) })

/** What still holds when `body` may have run: nothing about the registers it assigns. */
function without(facts: Facts, body: readonly Stmt[]): Facts {
  const { registers } = effectsOf(body)
  const guards = new Map([...facts.guards].filter(([, r]) => !dependsOnAny(r.index, registers)))
  const checked = new Map([...facts.checked].filter(([id]) => !registers.has(id)))
  return { loops: facts.loops, guards, checked }
}

/** With the tested ranges, those left out that rest on a register which `body` assigns. */
function guarded(facts: Facts, ranges: readonly IndexRange[], body: readonly Stmt[]): Facts {
  const { registers } = effectsOf(body)
  const guards = new Map(facts.guards)
  for (const range of ranges) {
    if (dependsOnAny(range.index, registers)) continue
    const key = indexKey(range.index)
    const before = guards.get(key)
    guards.set(key, {
      index: range.index,
      low: Math.max(range.low, before?.low ?? range.low),
      high: Math.min(range.high, before?.high ?? range.high),
    })
  }
  return { loops: facts.loops, guards, checked: new Map(facts.checked) }
}

function dependsOnAny(index: Index, ids: ReadonlySet<number>): boolean {
  for (const id of indexDeps(index)) if (ids.has(id)) return true
  return false
}
