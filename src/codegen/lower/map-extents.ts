/**
 * The loop nest of a map kernel: one flat loop, split only where index arithmetic asks for it (a broadcast, a transpose),
 * so that inner loops are as long as they can be and addresses need no division.
 */
import { sizeOf, stridesOf } from '../../core/shape.js'
import { domainOf } from '../../schedule/parts.js'
import type { Index, LoopVar } from '../index-expression.js'
import { type Expr, operandsOf, type Stmt } from '../loop-ir.js'
import type { Target } from '../target.js'
import { type Draft, draft, type MapKernelSpec } from './map-draft.js'

/**
 * The extents of the loop nest. Each round builds the kernel's index expressions and splits the flat domain at the
 * divisors that quotients and remainders still ask for.
 */
export function mapExtents(spec: MapKernelSpec, width: number, target: Target): number[] {
  const total = sizeOf(domainOf(spec.outputs[0]))
  let dims = [total]
  for (let round = 0; round < 6; round++) {
    // Short splits that lanes can follow within one vector are left to them: they would only shorten the inner loop.
    const masks = target.tail === 'mask'
    const short = masks ? Math.min(4, width) : width
    const pays = (n: number): boolean => n >= short || width % n !== 0 || (total % width !== 0 && !masks)
    const { plain, nested } = divisorsIn(draft(spec, dims, target), dims, width)
    // What a quotient of a quotient asks for is known where the inner one is gone.
    const next = [plain, nested].map((found) => split(dims, [...found].filter(pays)))
    const better = next.find(({ length }) => length > dims.length)
    if (better === undefined) break
    dims = better
  }
  return dims
}

interface Step {
  /** Number of the variable. */
  readonly at: number
  /** The index moves by so much each time the variable has moved by `size`. */
  readonly by: number
  readonly size: number
  /** And begins again when it has moved by so much. */
  readonly period: number
}

/** How an index moves with the variables, through quotients and remainders. */
function stepsIn(index: Index, vars: readonly LoopVar[]): Step[] {
  return index.terms.flatMap(({ atom, coefficient }): Step[] => {
    const c = Math.abs(coefficient)
    if (atom.kind === 'loop') {
      const at = vars.indexOf(atom)
      return at < 0 ? [] : [{ at, by: c, size: 1, period: Number.POSITIVE_INFINITY }]
    }
    if (atom.kind !== 'quotient' && atom.kind !== 'remainder') return []
    return stepsIn(atom.of, vars).map(({ at, by, size, period }) => {
      if (atom.kind === 'remainder')
        return { at, by: by * c, size, period: Math.min(period, (atom.by / by) * size) }
      const shared = gcd(atom.by, by)
      return { at, by: (by / shared) * c, size: (atom.by / shared) * size, period }
    })
  })
}

/** Sizes at which the position is still divided: strides (in the flat domain) of wanted split points. */
interface Divisors {
  /** Of the position itself. */
  readonly plain: Set<number>
  /** Of quotients of it. */
  readonly nested: Set<number>
}

function divisorsIn({ body, vars }: Draft, dims: readonly number[], width: number): Divisors {
  const strides = stridesOf(dims)
  const found: Divisors = { plain: new Set(), nested: new Set() }
  const visit = (index: Index): void => {
    for (const { atom } of index.terms) {
      if (atom.kind === 'quotient' || atom.kind === 'remainder') {
        for (const { at, by, size, period } of stepsIn(atom.of, vars)) {
          // (c·v + …) / by changes when v passes a multiple of by/c.
          const inner = (atom.by / gcd(atom.by, by)) * size
          if (inner > period) continue
          // Quotients of quotients that come round within a vector are left to its lanes.
          if (size > 1 && width % (strides[at] * inner) === 0) continue
          if (inner > 1 && inner < dims[at] && dims[at] % inner === 0)
            (size === 1 ? found.plain : found.nested).add(strides[at] * inner)
        }
        visit(atom.of)
      } else if (atom.kind === 'bounded') visit(atom.of)
      else if (atom.kind === 'dynamic') visitExpr(atom.value)
    }
  }
  const seen = new Set<Expr>()
  const visitExpr = (expr: Expr): void => {
    if (seen.has(expr)) return
    seen.add(expr)
    if (expr.kind === 'load' || expr.kind === 'index' || expr.kind === 'ramp') visit(expr.index)
    if (expr.kind === 'guard') for (const r of expr.ranges) visit(r.index)
    for (const x of operandsOf(expr)) visitExpr(x)
  }
  const visitStmt = (s: Stmt): void => {
    switch (s.kind) {
      case 'for':
      case 'parallel':
      case 'loop':
        s.body.forEach(visitStmt)
        return
      case 'set':
      case 'check':
        visitExpr(s.value)
        return
      case 'store':
        visit(s.index)
        visitExpr(s.value)
        return
      case 'if':
      case 'when':
        s.then.forEach(visitStmt)
        s.otherwise.forEach(visitStmt)
    }
  }
  body.forEach(visitStmt)
  return found
}

const gcd = (a: number, b: number): number => (b === 0 ? a : gcd(b, a % b))

/** The extents with further split points (strides of the flat domain), as far as they form a chain of divisors. */
function split(dims: readonly number[], wanted: readonly number[]): number[] {
  const total = sizeOf(dims)
  const points = new Set(stridesOf(dims))
  for (const w of [...wanted].sort((a, b) => a - b)) {
    const chain = [...points, w].sort((a, b) => a - b)
    if (chain.every((p, i) => i === 0 || p % chain[i - 1] === 0) && total % w === 0) points.add(w)
  }
  const chain = [...points].sort((a, b) => b - a)
  return chain
    .map((p, i) => (i === 0 ? total : chain[i - 1]) / p)
    .filter((n, i) => n !== 1 || i === chain.length - 1)
}
