/**
 * The loop IR: what every kernel is before it becomes code for a machine. A small typed language of counted loops,
 * registers, loads, stores and vector arithmetic. The lowering writes it, `verify` proves its accesses in bounds,
 * `optimise` hoists and shares, and one emitter a target prints it as code.
 *
 * Values have a compute type and a number of lanes: 1 (scalar), or the vector width that the lowering chose from the
 * target. Storage dtypes exist only at loads and stores, which convert: f16 and bf16 to f32, u8 to i32, bool bytes to
 * bool.
 */
import type { DType } from '../core/dtype.js'
import { InternalError } from '../core/errors.js'
import { type Index, indexDeps, indexKey, type LoopVar } from './index-expression.js'

/** What registers hold. `bool` is 0/1 with one lane and an all-ones mask a lane with more. */
export type ComputeType = 'f32' | 'f64' | 'i32' | 'i64' | 'bool'

export const computeTypeOf = (dtype: DType): ComputeType =>
  dtype === 'f16' || dtype === 'bf16' ? 'f32' : dtype === 'u8' ? 'i32' : dtype

export type UnaryOp =
  | 'neg'
  | 'abs'
  | 'sqrt'
  | 'floor'
  | 'ceil'
  | 'trunc'
  | 'nearest' // IEEE, exact
  | 'not' // bool: logical; integers: bitwise
  /** f64 functions of the host (`Math.*`), one lane only: f32 ones are expanded to arithmetic by `math.ts`. */
  | 'hostExp'
  | 'hostLog'
  | 'hostExpm1'
  | 'hostLog1p'
  | 'hostSin'
  | 'hostCos'
  | 'hostTan'
  | 'hostAtan'
  | 'hostTanh'
  | 'hostErf'

export type BinaryOp =
  | 'add'
  | 'sub'
  | 'mul'
  /** Floats: IEEE. Integers: truncating, x/0 = 0, min/-1 wraps; one lane only. */
  | 'div'
  /** Integers: remainder of the truncating division, 0 for x/0; one lane only. */
  | 'rem'
  /** Plain `a < b ? a : b` and `a < b ? b : a` (a when unordered): the fast forms, not NaN-propagating. */
  | 'min'
  | 'max'
  | 'and'
  | 'or'
  | 'xor' // bool and integers
  | 'shl'
  | 'shrU'
  | 'shrS' // integers; shift counts are taken modulo the width; vectors: the count is a `splat`
  | 'eq'
  | 'ne'
  | 'lt'
  | 'le' // result bool; unordered is false, except `ne`
  | 'hostPow'
  | 'hostAtan2'
  | 'hostMod' // f64, one lane; hostMod is C's fmod (the sign of the dividend)

interface ExprBase {
  /** Equal expressions are the same object with the same id (see `ExprBuilder`). */
  readonly id: number
  readonly type: ComputeType
  readonly lanes: number
  /** Ids of loop variables and registers that the value depends on (a load also depends on what is stored). */
  readonly deps: ReadonlySet<number>
}

export type Expr = ExprBase &
  (
    | { readonly kind: 'const'; readonly value: number | bigint }
    /** The value of an index expression (i32, one lane). */
    | { readonly kind: 'index'; readonly index: Index }
    /** `index`, `index + step`, `index + 2·step`, … over the lanes (i32). */
    | { readonly kind: 'ramp'; readonly index: Index; readonly step: number }
    /**
     * Elements index, index + stride, …; one lane: stride is 1 by convention. stride 0 is written as `splat(load)`. Only
     * the first `active` lanes are read, the others are 0; fewer than all where the target's tails are masks.
     */
    | {
        readonly kind: 'load'
        readonly buffer: number
        readonly index: Index
        readonly stride: number
        readonly active: number
      }
    | { readonly kind: 'splat'; readonly value: Expr }
    /** A vector of `lanes` scalar expressions. */
    | { readonly kind: 'vector'; readonly values: readonly Expr[] }
    | { readonly kind: 'unary'; readonly op: UnaryOp; readonly value: Expr }
    | { readonly kind: 'binary'; readonly op: BinaryOp; readonly left: Expr; readonly right: Expr }
    /** a·b + c; the target may round once or twice, but always the same way. For contractions and inside f32 functions. */
    | { readonly kind: 'mulAdd'; readonly a: Expr; readonly b: Expr; readonly c: Expr }
    /**
     * Lane i holds two bf16 (i32): lane i of `low` rounded in its low half, of `high` in its upper half; to nearest even,
     * denormals as 0. Vectors only, and only of targets with `bf16Products`, like `dotPairs`.
     */
    | { readonly kind: 'pair'; readonly low: Expr; readonly high: Expr }
    /** c + a.high·b.high + a.low·b.low of pairs of bf16, in f32 and in this order; denormals count as 0. */
    | { readonly kind: 'dotPairs'; readonly a: Expr; readonly b: Expr; readonly c: Expr }
    | { readonly kind: 'select'; readonly condition: Expr; readonly then: Expr; readonly else: Expr }
    /**
     * Numeric conversion. float→int truncates and saturates (NaN → 0); int→float rounds; i64→i32 wraps; bool→number
     * is 0/1; number→bool is ≠ 0.
     */
    | { readonly kind: 'convert'; readonly value: Expr }
    /** The same bits as another type of the same size. */
    | { readonly kind: 'bitcast'; readonly value: Expr }
    /** The current value of a register. */
    | { readonly kind: 'register'; readonly register: Register }
    /** All lanes combined to one: add, mul, min or max of halves, then of quarters, … (lane i with lane i + n/2). */
    | { readonly kind: 'combine'; readonly op: 'add' | 'mul' | 'min' | 'max'; readonly value: Expr }
    | { readonly kind: 'lane'; readonly value: Expr; readonly lane: number }
    /** Lane i is lane `pattern[i]` of the value (f32 and i32). */
    | { readonly kind: 'permute'; readonly value: Expr; readonly pattern: readonly number[] }
    /** Lane i is lane `pattern[i]` of the left value, or of the right one beyond its lanes (f32 and i32). */
    | {
        readonly kind: 'shuffle'
        readonly left: Expr
        readonly right: Expr
        readonly pattern: readonly number[]
      }
    /**
     * `then` where every range holds, else `otherwise`; only the chosen side is evaluated. `bounded` atoms in `then`
     * rest on these ranges.
     */
    | {
        readonly kind: 'guard'
        readonly ranges: readonly IndexRange[]
        readonly then: Expr
        readonly otherwise: Expr
      }
  )

/** low ≤ index ≤ high */
export interface IndexRange {
  readonly index: Index
  readonly low: number
  readonly high: number
}

/** A mutable variable of a kernel: an accumulator. */
export interface Register {
  readonly id: number
  readonly name: string
  readonly type: ComputeType
  readonly lanes: number
}

export type Stmt =
  /** for (v = low; v <= high; v += step) body. */
  | {
      readonly kind: 'for'
      readonly variable: LoopVar
      readonly step: number
      readonly body: readonly Stmt[]
    }
  /**
   * The loop that threads share: each takes one contiguous piece of low…high. Only as the one top-level statement of a
   * kernel.
   */
  | { readonly kind: 'parallel'; readonly variable: LoopVar; readonly body: readonly Stmt[] }
  /** register = value */
  | { readonly kind: 'set'; readonly register: Register; readonly value: Expr }
  | {
      readonly kind: 'store'
      readonly buffer: number
      readonly index: Index
      readonly stride: number
      readonly value: Expr
      /** Only the first lanes are stored; all where it is absent. */
      readonly active?: number
      /** Past the caches: the address is a multiple of the vector's bytes. */
      readonly streams?: boolean
    }
  /** Memory that may be used soon, to be stored to or only read. Means nothing but time, wherever the index lies. */
  | {
      readonly kind: 'prefetch'
      readonly buffer: number
      readonly index: Index
      readonly write: boolean
    }
  | {
      readonly kind: 'if'
      readonly ranges: readonly IndexRange[]
      readonly then: readonly Stmt[]
      readonly otherwise: readonly Stmt[]
    }
  /** if (condition) then (condition is a bool with one lane) */
  | {
      readonly kind: 'when'
      readonly condition: Expr
      readonly then: readonly Stmt[]
      readonly otherwise: readonly Stmt[]
    }
  /** A loop that ends when `condition` (evaluated before each round) is false, after about `rounds` for estimates. */
  | {
      readonly kind: 'loop'
      readonly condition: Expr
      readonly rounds: number
      readonly body: readonly Stmt[]
    }
  /**
   * Index data must lie in low…high: otherwise the status word is set and the register gets `low` (the run throws
   * after it ends). `Dynamic` atoms refer to the register.
   */
  | {
      readonly kind: 'check'
      readonly register: Register
      readonly value: Expr
      readonly low: number
      readonly high: number
    }

export type Access = 'read' | 'write' | 'readwrite'

/** A buffer the kernel addresses, by elements of its dtype. */
export interface BufferParam {
  readonly name: string
  readonly dtype: DType
  /** Elements. */
  readonly size: number
  readonly access: Access
  /**
   * `argument`: given by the program at each call. `scratch`: private to a thread, content undefined at the start.
   */
  readonly kind: 'argument' | 'scratch'
}

export interface Kernel {
  readonly name: string
  readonly buffers: readonly BufferParam[]
  /** A `parallel` statement alone, or statements for one thread. */
  readonly body: readonly Stmt[]
}

/** Iterations of the shared loop; 1 where one thread runs the kernel. */
export function parallelExtent(kernel: Kernel): number {
  const [first] = kernel.body
  return kernel.body.length === 1 && first.kind === 'parallel'
    ? first.variable.high - first.variable.low + 1
    : 1
}

type ExprShape = Expr extends infer E ? (E extends Expr ? Omit<E, 'id' | 'deps'> : never) : never

let nextRegister = 1_000_000_000 // apart from the ids of loop variables, which deps share

export const register = (name: string, type: ComputeType, lanes: number): Register => ({
  id: nextRegister++,
  name,
  type,
  lanes,
})

const noDeps: ReadonlySet<number> = new Set()

/** Makes expressions, each distinct one once, so that sharing is visible as identity. One a kernel. */
export class ExprBuilder {
  private readonly known = new Map<string, Expr>()
  private static nextId = 0

  /** The one expression of this key, made with the union of all `deps` where it is new. */
  private intern(key: string, shape: ExprShape, ...deps: readonly ReadonlySet<number>[]): Expr {
    let expr = this.known.get(key)
    if (expr === undefined) {
      expr = { ...shape, id: ExprBuilder.nextId++, deps: unionOf(deps) } as Expr
      this.known.set(key, expr)
    }
    return expr
  }

  const(value: number | bigint, type: ComputeType, lanes = 1): Expr {
    const text = Object.is(value, -0) ? '-0' : String(value)
    const scalar = this.intern(`const ${type} ${text}`, { kind: 'const', value, type, lanes: 1 })
    return this.splat(scalar, lanes)
  }
  index(index: Index): Expr {
    return this.intern(
      `index ${indexKey(index)}`,
      { kind: 'index', index, type: 'i32', lanes: 1 },
      indexDeps(index),
    )
  }
  ramp(index: Index, step: number, lanes: number): Expr {
    if (lanes === 1) return this.index(index)
    return this.intern(
      `ramp ${lanes} ${step} ${indexKey(index)}`,
      { kind: 'ramp', index, step, type: 'i32', lanes },
      indexDeps(index),
    )
  }
  load(buffer: number, dtype: DType, index: Index, lanes = 1, stride = 1, active = lanes): Expr {
    const type = computeTypeOf(dtype)
    if (lanes > 1 && stride === 0) return this.splat(this.load(buffer, dtype, index), lanes)
    return this.intern(
      `load ${buffer} ${type} ${lanes}/${active} ${stride} ${indexKey(index)}`,
      { kind: 'load', buffer, index, stride, active, type, lanes },
      indexDeps(index),
    )
  }
  splat(value: Expr, lanes: number): Expr {
    if (value.lanes === lanes) return value
    return this.intern(
      `splat ${lanes} ${value.id}`,
      { kind: 'splat', value, type: value.type, lanes },
      value.deps,
    )
  }
  vector(values: readonly Expr[]): Expr {
    return this.intern(
      `vector ${values.map((v) => v.id).join()}`,
      { kind: 'vector', values, type: values[0].type, lanes: values.length },
      ...values.map((v) => v.deps),
    )
  }
  unary(op: UnaryOp, value: Expr): Expr {
    return this.intern(
      `${op} ${value.id}`,
      { kind: 'unary', op, value, type: value.type, lanes: value.lanes },
      value.deps,
    )
  }
  binary(op: BinaryOp, left: Expr, right: Expr): Expr {
    if (left.type !== right.type || left.lanes !== right.lanes) {
      throw new InternalError(
        `Loop IR: ${op} of ${left.type}x${left.lanes} and ${right.type}x${right.lanes}.`,
      )
    }
    const type = op === 'eq' || op === 'ne' || op === 'lt' || op === 'le' ? 'bool' : left.type
    return this.intern(
      `${op} ${left.id} ${right.id}`,
      { kind: 'binary', op, left, right, type, lanes: left.lanes },
      left.deps,
      right.deps,
    )
  }
  mulAdd(a: Expr, b: Expr, c: Expr): Expr {
    return this.intern(
      `mulAdd ${a.id} ${b.id} ${c.id}`,
      { kind: 'mulAdd', a, b, c, type: a.type, lanes: a.lanes },
      a.deps,
      b.deps,
      c.deps,
    )
  }
  pair(low: Expr, high: Expr): Expr {
    return this.intern(
      `pair ${low.id} ${high.id}`,
      { kind: 'pair', low, high, type: 'i32', lanes: low.lanes },
      low.deps,
      high.deps,
    )
  }
  dotPairs(a: Expr, b: Expr, c: Expr): Expr {
    return this.intern(
      `dotPairs ${a.id} ${b.id} ${c.id}`,
      { kind: 'dotPairs', a, b, c, type: 'f32', lanes: c.lanes },
      a.deps,
      b.deps,
      c.deps,
    )
  }
  select(condition: Expr, then: Expr, otherwise: Expr): Expr {
    if (then === otherwise) return then
    return this.intern(
      `select ${condition.id} ${then.id} ${otherwise.id}`,
      { kind: 'select', condition, then, else: otherwise, type: then.type, lanes: then.lanes },
      condition.deps,
      then.deps,
      otherwise.deps,
    )
  }
  convert(value: Expr, type: ComputeType): Expr {
    if (value.type === type) return value
    return this.intern(
      `convert ${type} ${value.id}`,
      { kind: 'convert', value, type, lanes: value.lanes },
      value.deps,
    )
  }
  bitcast(value: Expr, type: ComputeType): Expr {
    if (value.type === type) return value
    return this.intern(
      `bitcast ${type} ${value.id}`,
      { kind: 'bitcast', value, type, lanes: value.lanes },
      value.deps,
    )
  }
  register(register: Register): Expr {
    return this.intern(
      `register ${register.id}`,
      { kind: 'register', register, type: register.type, lanes: register.lanes },
      new Set([register.id]),
    )
  }
  combine(op: 'add' | 'mul' | 'min' | 'max', value: Expr): Expr {
    if (value.lanes === 1) return value
    return this.intern(
      `combine ${op} ${value.id}`,
      { kind: 'combine', op, value, type: value.type, lanes: 1 },
      value.deps,
    )
  }
  lane(value: Expr, lane: number): Expr {
    return this.intern(
      `lane ${value.id} ${lane}`,
      { kind: 'lane', value, lane, type: value.type, lanes: 1 },
      value.deps,
    )
  }
  permute(value: Expr, pattern: readonly number[]): Expr {
    if (pattern.every((from, to) => from === to)) return value
    return this.intern(
      `permute ${value.id} ${pattern.join()}`,
      { kind: 'permute', value, pattern, type: value.type, lanes: value.lanes },
      value.deps,
    )
  }
  shuffle(left: Expr, right: Expr, pattern: readonly number[]): Expr {
    return this.intern(
      `shuffle ${left.id} ${right.id} ${pattern.join()}`,
      { kind: 'shuffle', left, right, pattern, type: left.type, lanes: left.lanes },
      left.deps,
      right.deps,
    )
  }
  guard(ranges: readonly IndexRange[], then: Expr, otherwise: Expr): Expr {
    if (ranges.length === 0) return then
    return this.intern(
      `guard ${ranges.map((r) => `${indexKey(r.index)}:${r.low}:${r.high}`).join()} ${then.id} ${otherwise.id}`,
      { kind: 'guard', ranges, then, otherwise, type: then.type, lanes: then.lanes },
      then.deps,
      otherwise.deps,
      ...ranges.map((r) => indexDeps(r.index)),
    )
  }
}

/** The union, as one of the sets where it holds all others: most expressions share theirs. */
function unionOf(sets: readonly ReadonlySet<number>[]): ReadonlySet<number> {
  let widest = noDeps
  for (const set of sets) if (set.size > widest.size) widest = set
  let all: Set<number> | null = null
  for (const set of sets) {
    if (set === widest) continue
    for (const d of set) {
      if (widest.has(d)) continue
      all ??= new Set(widest)
      all.add(d)
    }
  }
  return all ?? widest
}

/** What no pass replaces. */
export const isAtom = (expr: Expr): boolean => expr.kind === 'const' || expr.kind === 'register'

/** Worth a register of its own: not what every use can name for free. */
export function isWork(expr: Expr): boolean {
  switch (expr.kind) {
    case 'const':
    case 'register':
      return false
    case 'splat':
      return expr.value.kind !== 'const'
    case 'index': {
      const { terms, offset } = expr.index
      if (terms.length === 0) return false
      return terms.length > 1 || offset !== 0 || terms[0].coefficient !== 1 || terms[0].atom.kind !== 'loop'
    }
    default:
      return true
  }
}

/** The expressions directly below one. */
export function operandsOf(expr: Expr): readonly Expr[] {
  switch (expr.kind) {
    case 'const':
    case 'register':
    case 'index':
    case 'ramp':
    case 'load':
      return []
    case 'splat':
    case 'unary':
    case 'convert':
    case 'bitcast':
    case 'combine':
    case 'lane':
    case 'permute':
      return [expr.value]
    case 'vector':
      return expr.values
    case 'binary':
    case 'shuffle':
      return [expr.left, expr.right]
    case 'pair':
      return [expr.low, expr.high]
    case 'mulAdd':
    case 'dotPairs':
      return [expr.a, expr.b, expr.c]
    case 'select':
      return [expr.condition, expr.then, expr.else]
    case 'guard':
      return [expr.then, expr.otherwise]
  }
}
