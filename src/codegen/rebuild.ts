/** Makes an expression again with other operands. */
import { InternalError } from '../core/errors.js'
import type { DType } from '../core/dtype.js'
import { type Expr, type ExprBuilder, operandsOf } from './loop-ir.js'

/** `expr` in `build`'s own expressions, each operand replaced by `replace(operand)`. */
export function rebuild(
  build: ExprBuilder,
  expr: Expr,
  dtypes: readonly DType[],
  replace: (operand: Expr) => Expr,
): Expr {
  switch (expr.kind) {
    case 'const':
      return build.const(expr.value, expr.type)
    case 'index':
      return build.index(expr.index)
    case 'ramp':
      return build.ramp(expr.index, expr.step, expr.lanes)
    case 'load':
      return build.load(expr.buffer, dtypes[expr.buffer], expr.index, expr.lanes, expr.stride)
    case 'register':
      return build.register(expr.register)
    case 'splat':
      return build.splat(replace(expr.value), expr.lanes)
    case 'vector':
      return build.vector(expr.values.map(replace))
    case 'unary':
      return build.unary(expr.op, replace(expr.value))
    case 'binary':
      return build.binary(expr.op, replace(expr.left), replace(expr.right))
    case 'mulAdd':
      return build.mulAdd(replace(expr.a), replace(expr.b), replace(expr.c))
    case 'select':
      return build.select(replace(expr.condition), replace(expr.then), replace(expr.else))
    case 'convert':
      return build.convert(replace(expr.value), expr.type)
    case 'bitcast':
      return build.bitcast(replace(expr.value), expr.type)
    case 'combine':
      return build.combine(expr.op, replace(expr.value))
    case 'lane':
      return build.lane(replace(expr.value), expr.lane)
    case 'guard':
      return build.guard(expr.ranges, replace(expr.then), replace(expr.otherwise))
    default:
      throw new InternalError(`Loop IR: unknown expression ${(expr as Expr).kind}.`)
  }
}

/** Buffers that an expression loads from, remembered by expression id. */
export class LoadTable {
  private readonly known = new Map<number, ReadonlySet<number>>()
  private static readonly none: ReadonlySet<number> = new Set()

  of(expr: Expr): ReadonlySet<number> {
    let found = this.known.get(expr.id)
    if (found !== undefined) return found
    if (expr.kind === 'load') found = new Set([expr.buffer])
    else {
      let first: ReadonlySet<number> = LoadTable.none
      let all: Set<number> | null = null
      for (const operand of operandsOf(expr)) {
        const below = this.of(operand)
        if (below.size === 0 || below === first) continue
        if (first.size === 0) first = below
        else {
          all ??= new Set(first)
          for (const b of below) all.add(b)
        }
      }
      found = all ?? first
    }
    this.known.set(expr.id, found)
    return found
  }
}
