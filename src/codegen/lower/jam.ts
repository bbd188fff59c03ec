/**
 * Several copies of the same statements as one: loops over the same variable become one loop with the bodies of all.
 * Neighbouring columns that are summed together read memory row by row.
 */
import type { Stmt } from '../loop-ir.js'
import { effectsOf, registersOf, withBodies } from '../walk.js'

/** The copies position by position, or one after the other where they are not alike or read of each other. */
export function jam(copies: readonly (readonly Stmt[])[]): Stmt[] {
  if (copies.length < 2 || !apart(copies)) return copies.flat()
  // Neighbours read memory that lies together: the first one asks for it.
  const [first, ...rest] = copies
  const silent = rest.map(withoutPrefetches)
  return alike([withoutPrefetches(first), ...silent]) ? zip(first, silent) : copies.flat()
}

const withoutPrefetches = (stmts: readonly Stmt[]): readonly Stmt[] =>
  stmts.filter((s) => s.kind !== 'prefetch').map((s) => withBodies(s, withoutPrefetches))

/** No copy names what another one sets. */
function apart(copies: readonly (readonly Stmt[])[]): boolean {
  const set = copies.map((c) => effectsOf(c).registers)
  return copies.every((c, i) => {
    for (const id of registersOf(c).keys()) if (set.some((s, j) => j !== i && s.has(id))) return false
    return true
  })
}

/** The same kinds of statements in the same places, over the same variables. */
function alike(copies: readonly (readonly Stmt[])[]): boolean {
  const [first, ...rest] = copies
  if (rest.some((c) => c.length !== first.length)) return false
  return first.every((stmt, i) => {
    const row = copies.map((c) => c[i])
    if (stmt.kind === 'for') {
      const bodies = row.flatMap((s) => (s.kind === 'for' && s.variable === stmt.variable ? [s.body] : []))
      return bodies.length === copies.length && alike(bodies)
    }
    return (stmt.kind === 'set' || stmt.kind === 'store') && row.every((s) => s.kind === stmt.kind)
  })
}

/** What asks ahead stands in the first copy only. */
function zip(first: readonly Stmt[], rest: readonly (readonly Stmt[])[]): Stmt[] {
  let at = 0
  return first.flatMap((stmt): Stmt[] => {
    if (stmt.kind === 'prefetch') return [stmt]
    const others = rest.map((c) => c[at])
    at++
    if (stmt.kind !== 'for') return [stmt, ...others]
    const bodies = others.map((s) => (s.kind === 'for' ? s.body : []))
    return [{ ...stmt, body: zip(stmt.body, bodies) }]
  })
}

/** Loop variables by the order in which they are asked for: each copy gets those of the first. */
export class SameVariables<T> {
  private readonly known: T[] = []
  private next = 0

  again(): void {
    this.next = 0
  }

  take(make: () => T): T {
    if (this.next === this.known.length) this.known.push(make())
    return this.known[this.next++]
  }
}
