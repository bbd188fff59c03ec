/** Moves what loops compute and do not change before the outermost of them. */
import { type Expr, type ExprBuilder, isAtom, isWork, type Register, register, type Stmt } from './loop-ir.js'
import { type LoadTable, rebuild } from './rebuild.js'
import { type Effects, effectsOf, effectsOfNest, withBodies, withExprs } from './walk.js'

/** A loop that is being written. */
interface Loop {
  /** What its rounds change, the loop's own variable apart. */
  readonly effects: Effects
  readonly variable: number
  /** Assignments that move before it. */
  readonly before: Stmt[]
  /** What they assign, by the id of the expression. */
  readonly moved: Map<number, Expr>
}

/** Where an expression stands: within these loops, outermost first. */
interface Place {
  readonly loops: readonly Loop[]
  /** Loops from this one on are inside of the condition that guards the place; what loads stays inside, too. */
  readonly unconditional: number
}

export function hoist(stmts: readonly Stmt[], build: ExprBuilder, loads: LoadTable): readonly Stmt[] {
  const written = effectsOf(stmts).buffers
  let fresh = 0

  /** How many loops have to stay around an expression: those up to the innermost one that changes it. */
  const depthOf = (expr: Expr, { loops, unconditional }: Place): number => {
    const from = loads.of(expr)
    for (const b of from) if (written.has(b)) return loops.length
    let depth = from.size > 0 ? unconditional : 0
    for (const id of expr.deps) {
      let d = loops.length
      while (d > depth && !changes(loops[d - 1], id)) d--
      depth = d
    }
    return depth
  }

  const move = (expr: Expr, value: Expr, to: Loop): Expr => {
    const target: Register = register(`h${fresh++}`, expr.type, expr.lanes)
    to.before.push({ kind: 'set', register: target, value })
    const result = build.register(target)
    to.moved.set(expr.id, result)
    return result
  }

  /** Replaces what moves out of the first `depth` of the loops by registers. */
  const rewriter = (place: Place, depth = place.loops.length): ((expr: Expr) => Expr) => {
    const made = new Map<number, Expr>()
    const rewrite = (expr: Expr): Expr => {
      if (isAtom(expr)) return expr
      let result = made.get(expr.id) ?? movedBefore(expr, place.loops, depth)
      if (result !== undefined) return result
      const to = isWork(expr) ? depthOf(expr, place) : depth
      if (to >= depth) result = rebuild(build, expr, rewrite)
      else {
        result = move(expr, rebuild(build, expr, rewriter(place, to)), place.loops[to])
      }
      made.set(expr.id, result)
      return result
    }
    return rewrite
  }

  const body = (stmts: readonly Stmt[], place: Place): Stmt[] => {
    const rewrite = rewriter(place)
    const { loops } = place
    return stmts.flatMap((stmt): Stmt[] => {
      if (stmt.kind === 'for' || stmt.kind === 'parallel' || stmt.kind === 'loop') {
        const loop: Loop = {
          effects: effectsOfNest(stmt),
          variable: stmt.kind === 'loop' ? -1 : stmt.variable.id,
          before: [],
          moved: new Map(),
        }
        const inside = { ...place, loops: [...loops, loop] }
        // A `loop` may have no round: what it loads stays in it.
        const within = stmt.kind === 'loop' ? { ...inside, unconditional: loops.length + 1 } : inside
        const renewed = stmt.kind === 'loop' ? withExprs(stmt, rewriter(inside)) : stmt
        const rounds = withBodies(renewed, (list) => body(list, within))
        return [...loop.before, rounds]
      }
      const renewed = withExprs(stmt, rewrite)
      return [withBodies(renewed, (list) => body(list, { loops, unconditional: loops.length }))]
    })
  }
  return body(stmts, { loops: [], unconditional: 0 })
}

/** What already stands before one of the first `depth` loops: under a condition, too, it may be read. */
function movedBefore(expr: Expr, loops: readonly Loop[], depth: number): Expr | undefined {
  for (let l = 0; l < depth; l++) {
    const found = loops[l].moved.get(expr.id)
    if (found !== undefined) return found
  }
  return undefined
}

const changes = ({ effects, variable }: Loop, id: number): boolean =>
  id === variable || effects.registers.has(id) || effects.variables.has(id)
