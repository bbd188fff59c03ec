/** Makes an expression again with other operands. */
import { type Expr, type ExprBuilder, operandsOf } from './loop-ir.js'

/** `expr` with each operand replaced by `replace(operand)`: itself where none changes, else one of `build`'s. */
export function rebuild(build: ExprBuilder, expr: Expr, replace: (operand: Expr) => Expr): Expr {
  switch (expr.kind) {
    case 'const':
    case 'index':
    case 'ramp':
    case 'load':
    case 'register':
      return expr
    case 'binary':
    case 'shuffle': {
      const left = replace(expr.left)
      const right = replace(expr.right)
      if (left === expr.left && right === expr.right) return expr
      return expr.kind === 'binary'
        ? build.binary(expr.op, left, right)
        : build.shuffle(left, right, expr.pattern)
    }
    case 'pair': {
      const low = replace(expr.low)
      const high = replace(expr.high)
      return low === expr.low && high === expr.high ? expr : build.pair(low, high)
    }
    case 'mulAdd':
    case 'dotPairs': {
      const a = replace(expr.a)
      const b = replace(expr.b)
      const c = replace(expr.c)
      return a === expr.a && b === expr.b && c === expr.c ? expr : build[expr.kind](a, b, c)
    }
    case 'select': {
      const condition = replace(expr.condition)
      const then = replace(expr.then)
      const otherwise = replace(expr.else)
      return condition === expr.condition && then === expr.then && otherwise === expr.else
        ? expr
        : build.select(condition, then, otherwise)
    }
    case 'vector': {
      const values = expr.values.map((value) => replace(value))
      return values.every((value, i) => value === expr.values[i]) ? expr : build.vector(values)
    }
    case 'guard': {
      const then = replace(expr.then)
      const otherwise = replace(expr.otherwise)
      return then === expr.then && otherwise === expr.otherwise
        ? expr
        : build.guard(expr.ranges, then, otherwise)
    }
  }
  const value = replace(expr.value)
  if (value === expr.value) return expr
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
