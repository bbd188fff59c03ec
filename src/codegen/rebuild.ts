/** Makes an expression again with other operands. */
import { type Expr, type ExprBuilder, operandsOf } from './loop-ir.js'

/** `expr` with each operand replaced by `replace(operand)`: itself where none changes, else one of `build`'s. */
export function rebuild(build: ExprBuilder, expr: Expr, replace: (operand: Expr) => Expr): Expr {
  let changed = false
  const replaced = (operand: Expr): Expr => {
    const next = replace(operand)
    if (next !== operand) changed = true
    return next
  }
  switch (expr.kind) {
    case 'const':
    case 'index':
    case 'ramp':
    case 'load':
    case 'register':
      return expr
    case 'binary': {
      const left = replaced(expr.left)
      const right = replaced(expr.right)
      return changed ? build.binary(expr.op, left, right) : expr
    }
    case 'shuffle': {
      const left = replaced(expr.left)
      const right = replaced(expr.right)
      return changed ? build.shuffle(left, right, expr.pattern) : expr
    }
    case 'pair': {
      const low = replaced(expr.low)
      const high = replaced(expr.high)
      return changed ? build.pair(low, high) : expr
    }
    case 'mulAdd':
    case 'dotPairs': {
      const a = replaced(expr.a)
      const b = replaced(expr.b)
      const c = replaced(expr.c)
      return changed ? build[expr.kind](a, b, c) : expr
    }
    case 'select': {
      const condition = replaced(expr.condition)
      const then = replaced(expr.then)
      const otherwise = replaced(expr.else)
      return changed ? build.select(condition, then, otherwise) : expr
    }
    case 'vector': {
      const values = expr.values.map(replaced)
      return changed ? build.vector(values) : expr
    }
    case 'guard': {
      const then = replaced(expr.then)
      const otherwise = replaced(expr.otherwise)
      return changed ? build.guard(expr.ranges, then, otherwise) : expr
    }
  }
  const value = replaced(expr.value)
  if (!changed) return expr
  switch (expr.kind) {
    case 'splat':
      return build.splat(value, expr.lanes)
    case 'unary':
      return build.unary(expr.op, value)
    case 'convert':
      return build.convert(value, expr.type)
    case 'bitcast':
      return build.bitcast(value, expr.type)
    case 'combine':
      return build.combine(expr.op, value)
    case 'lane':
      return build.lane(value, expr.lane)
    case 'permute':
      return build.permute(value, expr.pattern)
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
