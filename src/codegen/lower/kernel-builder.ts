/**
 * Writes one kernel: buffers, nested loops, registers. Statements whose operands do not depend on the inner loops are
 * placed at the outermost level at which they are defined (`place`), so that a row's maximum is computed once a row.
 */
import type { DType } from '../../core/dtype.js'
import { InternalError } from '../../core/errors.js'
import {
  atomIndex,
  constantIndex,
  type Index,
  indexRange,
  type LoopVar,
  loopVar,
} from '../index-expression.js'
import {
  type Access,
  type BufferParam,
  type ComputeType,
  type Expr,
  ExprBuilder,
  type Kernel,
  type Register,
  register,
  type Stmt,
} from '../loop-ir.js'
import { jam } from './jam.js'

/** One open level: the kernel itself, or the body of a loop. */
interface Scope {
  readonly variable: LoopVar | null
  readonly statements: Stmt[]
  readonly memo: Map<string, Expr>
  /** What runs under a condition only. */
  readonly guarded?: boolean
}

export class KernelBuilder {
  readonly e = new ExprBuilder()
  private readonly buffers: BufferParam[] = []
  private readonly scopes: Scope[] = [{ variable: null, statements: [], memo: new Map() }]
  /** Level at which a register is set. */
  private readonly levels = new Map<number, number>()

  buffer(
    name: string,
    dtype: DType,
    size: number,
    access: Access,
    kind: BufferParam['kind'] = 'argument',
  ): number {
    this.buffers.push({ name, dtype, size, access, kind })
    return this.buffers.length - 1
  }

  /** Elements of a buffer. */
  sizeOf(buffer: number): number {
    return this.buffers[buffer].size
  }

  get level(): number {
    return this.scopes.length - 1
  }

  private get scope(): Scope {
    return this.scopes[this.level]
  }

  /** for (v = low; v <= high; v += step) write(). A loop of one round becomes its body with the value filled in. */
  loop(variable: LoopVar, step: number, write: () => void, kind: 'for' | 'parallel' = 'for'): void {
    this.scopes.push({ variable, statements: [], memo: new Map() })
    write()
    const { statements } = this.scopes.pop()!
    if (statements.length === 0) return
    if (kind === 'parallel') this.scope.statements.push({ kind, variable, body: statements })
    else this.scope.statements.push({ kind, variable, step, body: statements })
  }

  /** What the writers emit at this level, jammed where that is possible. */
  together(writers: readonly (() => void)[]): void {
    const { statements } = this.scope
    const ends = [statements.length]
    for (const write of writers) {
      write()
      ends.push(statements.length)
    }
    const copies = writers.map((_, i) => statements.slice(ends[i], ends[i + 1]))
    statements.splice(ends[0], statements.length, ...jam(copies))
  }

  /** Collects what `write` emits, without a loop. */
  block(write: () => void): Stmt[] {
    this.scopes.push({ variable: null, statements: [], memo: new Map(), guarded: true })
    write()
    return this.scopes.pop()!.statements
  }

  emit(statement: Stmt): void {
    this.scope.statements.push(statement)
  }

  store(buffer: number, index: Index, value: Expr, stride = 1, active = value.lanes): void {
    if (active === value.lanes) this.emit({ kind: 'store', buffer, index, stride, value })
    else this.emit({ kind: 'store', buffer, index, stride, value, active })
  }

  /** A register set here. */
  set(target: Register, value: Expr): void {
    if (!this.levels.has(target.id)) this.levels.set(target.id, this.level)
    this.emit({ kind: 'set', register: target, value })
  }

  /** A new register with index data that is checked here to lie in low…high. */
  check(name: string, value: Expr, low: number, high: number): Register {
    const target = register(name, 'i32', 1)
    this.levels.set(target.id, this.level)
    this.emit({ kind: 'check', register: target, value, low, high })
    return target
  }

  /** A new register with a first value. */
  define(name: string, value: Expr): Register {
    const target = register(name, value.type, value.lanes)
    this.set(target, value)
    return target
  }

  /** A zeroed (or otherwise constant) accumulator. */
  accumulator(name: string, type: ComputeType, lanes: number, start: number | bigint): Register {
    return this.define(name, this.e.const(type === 'i64' ? BigInt(start) : start, type, lanes))
  }

  /** The level at which everything in `deps` is defined. */
  levelOf(deps: Iterable<number>): number {
    let level = 0
    for (const id of deps) {
      const set = this.levels.get(id)
      if (set !== undefined) {
        level = Math.max(level, set)
        continue
      }
      const at = this.scopes.findIndex((s) => s.variable?.id === id)
      if (at < 0) throw new InternalError(`Kernel builder: variable ${id} is not in scope.`)
      level = Math.max(level, at)
    }
    return level
  }

  /**
   * Runs `write` as if at the outermost level where `deps` are defined; what it emits goes there. `bounded`: it holds
   * indices that a condition around it has tested, and stays under that.
   */
  place<T>(deps: Iterable<number>, bounded: boolean, write: () => T): T {
    const guard = bounded ? this.scopes.findLastIndex((s) => s.guarded === true) : 0
    const level = Math.max(guard, this.levelOf(deps))
    const inner = this.scopes.splice(level + 1)
    try {
      return write()
    } finally {
      this.scopes.push(...inner)
    }
  }

  /** A value remembered as long as the level it was computed at is open. */
  remember(key: string, compute: () => Expr): Expr {
    for (const scope of this.scopes) {
      const known = scope.memo.get(key)
      if (known !== undefined) return known
    }
    const value = compute()
    this.scopes[this.levelOf(value.deps)].memo.set(key, value)
    return value
  }

  build(name: string): Kernel {
    if (this.scopes.length !== 1) throw new InternalError('Kernel builder: a loop was left open.')
    return { name, buffers: this.buffers, body: this.scope.statements }
  }
}

/**
 * `write` for an index in low…high, and for one that is not: with a test where both occur, alone where one does. Inside,
 * the index carries its range.
 */
export function whereInside(
  k: KernelBuilder,
  index: Index,
  low: number,
  high: number,
  write: (index: Index, inside: boolean) => void,
): void {
  const [least, most] = indexRange(index)
  if (least >= low && most <= high) write(index, true)
  else if (low > high || most < low || least > high) write(index, false)
  else {
    const bounded = low === high ? constantIndex(low) : atomIndex({ kind: 'bounded', of: index, low, high })
    const then = k.block(() => write(bounded, true))
    const otherwise = k.block(() => write(index, false))
    k.emit({ kind: 'if', ranges: [{ index, low, high }], then, otherwise })
  }
}

/** A loop 0…count-1; none where there is one round. */
export function times(k: KernelBuilder, name: string, count: number, write: (i: Index) => void): void {
  if (count <= 0) return
  if (count === 1) {
    write(constantIndex(0))
    return
  }
  const v = loopVar(name, 0, count - 1)
  k.loop(v, 1, () => write(atomIndex(v)))
}
