/**
 * Several copies of the same statements as one: loops over the same variable become one loop with the bodies of all.
 * Neighbouring columns that are summed together read memory row by row.
 */
import type { Stmt } from '../loop-ir.js'
import { effectsOf, registersOf } from '../walk.js'

/** The copies position by position, or one after the other where they are not alike or read of each other. */
export function jam(copies: readonly (readonly Stmt[])[]): Stmt[] {
  const [first, ...rest] = copies
  if (rest.length === 0 || rest.some((c) => c.length !== first.length) || !apart(copies)) return copies.flat()
  return alike(copies) ? zip(copies) : copies.flat()
}

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
  const [first] = copies
  return first.every((stmt, i) => {
    const row = copies.map((c) => c[i])
    if (stmt.kind === 'for') {
      const bodies = row.flatMap((s) => (s.kind === 'for' && s.variable === stmt.variable ? [s.body] : []))
      return (
        bodies.length === copies.length &&
        bodies.every((body) => body.length === bodies[0].length) &&
        alike(bodies)
      )
    }
    return (stmt.kind === 'set' || stmt.kind === 'store') && row.every((s) => s.kind === stmt.kind)
  })
}

const zip = (copies: readonly (readonly Stmt[])[]): Stmt[] =>
  copies[0].flatMap((stmt, i): Stmt[] => {
    const row = copies.map((c) => c[i])
    if (stmt.kind !== 'for') return row
    return [{ ...stmt, body: zip(row.map((s) => (s.kind === 'for' ? s.body : []))) }]
  })

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
