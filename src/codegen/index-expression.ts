/**
 * Index arithmetic: integer expressions kept as a sum of coefficient × atom plus an offset, so that strides, ranges and
 * vector steps can be read off. Atoms are loop variables, or quotients, remainders and range-checked forms of other
 * index expressions.
 */
import { InternalError } from '../core/errors.js'
import type { Expr } from './loop-ir.js'

/** A loop variable; its values run over low…high (inclusive). */
export interface LoopVar {
  readonly kind: 'loop'
  readonly id: number
  readonly name: string
  readonly low: number
  readonly high: number
}

/** floor(of / by), with of ≥ 0. */
export interface Quotient {
  readonly kind: 'quotient'
  readonly of: Index
  readonly by: number
}

/** of mod by, with of ≥ 0. */
export interface Remainder {
  readonly kind: 'remainder'
  readonly of: Index
  readonly by: number
}

/** `of`, which an enclosing guard has shown to lie in low…high (inclusive). */
export interface Bounded {
  readonly kind: 'bounded'
  readonly of: Index
  readonly low: number
  readonly high: number
}

/** A value computed at run time (i32, one lane) that a `check` statement before it has shown to lie in low…high. */
export interface Dynamic {
  readonly kind: 'dynamic'
  readonly value: Expr
  readonly low: number
  readonly high: number
}

export type Atom = LoopVar | Quotient | Remainder | Bounded | Dynamic

export interface Term {
  readonly atom: Atom
  readonly coefficient: number
}

/** Σ coefficient·atom + offset. Terms are distinct (by key) and have coefficients ≠ 0. */
export interface Index {
  readonly terms: readonly Term[]
  readonly offset: number
}

let nextLoop = 0

/** A fresh loop variable for `for (v = low; v <= high; …)`. */
export const loopVar = (name: string, low: number, high: number): LoopVar => ({
  kind: 'loop',
  id: nextLoop++,
  name,
  low,
  high,
})

/** What is known of a sum of terms. Indices that differ by their offset only share it. */
interface Facts {
  /** Equal exactly for equal sums. */
  readonly key: string
  readonly deps: ReadonlySet<number>
  readonly low: number
  readonly high: number
}

/** Facts stay on the list they are of: a WeakMap of so many short-lived lists would keep the collector busy. */
const known = Symbol('facts')
type Terms = readonly Term[] & { [known]?: Facts }

function factsOf(terms: Terms): Facts {
  let facts = terms[known]
  if (facts === undefined) {
    let key = ''
    let low = 0
    let high = 0
    const deps = new Set<number>()
    for (const { atom, coefficient } of terms) {
      key += `${coefficient}*${atomKey(atom)}+`
      const [a, b] = atomRange(atom)
      low += coefficient > 0 ? coefficient * a : coefficient * b
      high += coefficient > 0 ? coefficient * b : coefficient * a
      if (atom.kind === 'loop') deps.add(atom.id)
      else
        for (const d of atom.kind === 'dynamic' ? atom.value.deps : factsOf(atom.of.terms).deps) deps.add(d)
    }
    facts = { key, deps, low, high }
    terms[known] = facts
  }
  return facts
}

/** A text that is equal exactly for equal atoms. */
export function atomKey(atom: Atom): string {
  switch (atom.kind) {
    case 'loop':
      return `v${atom.id}`
    case 'quotient':
      return `(${indexKey(atom.of)}/${atom.by})`
    case 'remainder':
      return `(${indexKey(atom.of)}%${atom.by})`
    case 'bounded':
      return `[${indexKey(atom.of)}:${atom.low}:${atom.high}]`
    case 'dynamic':
      return `e${atom.value.id}:${atom.low}:${atom.high}`
  }
}

/** A text that is equal exactly for equal expressions (terms stand in a fixed order). */
export const indexKey = (index: Index): string => factsOf(index.terms).key + index.offset

/** The same without the offset. */
export const sumKey = (index: Index): string => factsOf(index.terms).key

const noTerms: readonly Term[] = []

export const constantIndex = (offset: number): Index => ({ terms: noTerms, offset })

export const atomIndex = (atom: Atom, coefficient = 1): Index => ({
  terms: [{ atom, coefficient }],
  offset: 0,
})

/** The order in which terms stand: loop variables by age, then the rest by key. 0 for equal atoms. */
function compareAtoms(a: Atom, b: Atom): number {
  if (a === b) return 0
  if (a.kind === 'loop') return b.kind === 'loop' ? a.id - b.id : -1
  if (b.kind === 'loop') return 1
  const [x, y] = [atomKey(a), atomKey(b)]
  return x < y ? -1 : x > y ? 1 : 0
}

/** The sum of two ordered lists of terms. */
function mergeTerms(a: readonly Term[], b: readonly Term[]): readonly Term[] {
  if (a.length === 0) return b
  if (b.length === 0) return a
  const out: Term[] = []
  let i = 0
  let j = 0
  while (i < a.length && j < b.length) {
    const order = compareAtoms(a[i].atom, b[j].atom)
    if (order < 0) out.push(a[i++])
    else if (order > 0) out.push(b[j++])
    else {
      const coefficient = a[i].coefficient + b[j].coefficient
      if (coefficient !== 0) out.push({ atom: a[i].atom, coefficient })
      i++
      j++
    }
  }
  while (i < a.length) out.push(a[i++])
  while (j < b.length) out.push(b[j++])
  return out
}

/** Joins (x / d)·d·c + (x mod d)·c to x·c. */
function joinDivisions(index: Index): Index {
  for (const part of index.terms) {
    const { atom, coefficient } = part
    if (atom.kind !== 'remainder') continue
    const whole = index.terms.find(
      ({ atom: q, coefficient: c }) =>
        q.kind === 'quotient' &&
        q.by === atom.by &&
        c === coefficient * atom.by &&
        indexKey(q.of) === indexKey(atom.of),
    )
    if (whole === undefined) continue
    const rest = { terms: index.terms.filter((t) => t !== part && t !== whole), offset: index.offset }
    return addIndex(rest, scaleIndex(atom.of, coefficient))
  }
  return index
}

export function addIndex(...list: readonly Index[]): Index {
  let offset = 0
  let terms = noTerms
  for (const index of list) {
    offset += index.offset
    terms = mergeTerms(terms, index.terms)
  }
  return joinDivisions({ terms, offset })
}

export function scaleIndex(index: Index, factor: number): Index {
  if (factor === 1) return index
  if (factor === 0) return constantIndex(0)
  return {
    terms: index.terms.map((t) => ({ atom: t.atom, coefficient: t.coefficient * factor })),
    offset: index.offset * factor,
  }
}

export const shiftIndex = (index: Index, by: number): Index => ({
  terms: index.terms,
  offset: index.offset + by,
})

/** Smallest and largest value of an atom. */
export function atomRange(atom: Atom): [number, number] {
  switch (atom.kind) {
    case 'loop':
    case 'bounded':
    case 'dynamic':
      return [atom.low, atom.high]
    case 'quotient': {
      const [low, high] = indexRange(atom.of)
      return [Math.floor(low / atom.by), Math.floor(high / atom.by)]
    }
    case 'remainder': {
      const [low, high] = indexRange(atom.of)
      return low >= 0 && high < atom.by ? [low, high] : [0, atom.by - 1]
    }
  }
}

/** Smallest and largest value an index can take, as far as its atoms are independent. */
export function indexRange(index: Index): [number, number] {
  const { low, high } = factsOf(index.terms)
  return [low + index.offset, high + index.offset]
}

/** Splits an index into the part whose coefficients `by` divides and the rest. */
function splitMultiples(index: Index, by: number): [Index, Index] {
  const multiples = index.terms.filter((t) => t.coefficient % by === 0)
  const all = multiples.length === index.terms.length
  const rest = all
    ? noTerms
    : multiples.length === 0
      ? index.terms
      : index.terms.filter((t) => t.coefficient % by !== 0)
  const offset = ((index.offset % by) + by) % by
  return [
    { terms: multiples, offset: index.offset - offset },
    { terms: rest, offset },
  ]
}

/** floor(index / by). */
export function divideIndex(index: Index, by: number): Index {
  if (by === 1) return index
  const [multiple, rest] = splitMultiples(index, by)
  const whole: Index = {
    terms: multiple.terms.map((t) => ({ atom: t.atom, coefficient: t.coefficient / by })),
    offset: multiple.offset / by,
  }
  const [low, high] = indexRange(rest)
  if (low >= 0 && high < by) return whole
  if (rest.terms.length === 0) return shiftIndex(whole, Math.floor(rest.offset / by))
  if (low >= 0) return addIndex(whole, atomIndex({ kind: 'quotient', of: rest, by }))
  return atomIndex({ kind: 'quotient', of: index, by })
}

/** index mod by. */
export function remainderIndex(index: Index, by: number): Index {
  if (by === 1) return constantIndex(0)
  const [, rest] = splitMultiples(index, by)
  const [low, high] = indexRange(rest)
  if (low >= 0 && high < by) return rest
  if (rest.terms.length === 0) return constantIndex(rest.offset % by)
  if (low >= 0) return atomIndex({ kind: 'remainder', of: rest, by })
  return atomIndex({ kind: 'remainder', of: index, by })
}

/**
 * By how much the index grows when `v` grows by one: a number where that is constant, null where it is not (the
 * variable stands under a quotient or remainder, or in a run-time value).
 */
export function stepOf(index: Index, v: LoopVar): number | null {
  let step = 0
  for (const { atom, coefficient } of index.terms) {
    if (atom.kind === 'loop') {
      if (atom.id === v.id) step += coefficient
    } else if (atom.kind === 'dynamic') {
      if (atom.value.deps.has(v.id)) return null
    } else {
      const inner = stepOf(atom.of, v)
      if (inner === null || (inner !== 0 && atom.kind !== 'bounded')) return null
      step += coefficient * inner
    }
  }
  return step
}

/** The loop variables and registers an index depends on (through run-time values too), added to `into` where given. */
export function indexDeps(index: Index): ReadonlySet<number>
export function indexDeps(index: Index, into: Set<number>): Set<number>
export function indexDeps(index: Index, into?: Set<number>): ReadonlySet<number> {
  const { deps } = factsOf(index.terms)
  if (into === undefined) return deps
  for (const d of deps) into.add(d)
  return into
}

/** Whether part of an index is only known to lie in a range because a condition around it was tested. */
export const holdsBounded = ({ terms }: Index): boolean =>
  terms.some(
    ({ atom }) =>
      atom.kind === 'bounded' ||
      ((atom.kind === 'quotient' || atom.kind === 'remainder') && holdsBounded(atom.of)),
  )

/**
 * The index with a lane variable replaced by lane number `l`. A bounded part was tested for lane 0 and for all lanes
 * at once, so its lane l is the tested index shifted, in a range that leaves room for the lanes.
 */
export function laneIndex(index: Index, lane: LoopVar, l: number): Index {
  if (!indexDeps(index).has(lane.id)) return index
  const parts: Index[] = [constantIndex(index.offset)]
  for (const { atom, coefficient } of index.terms) {
    let next: Index
    if (atom.kind === 'loop') next = atom.id === lane.id ? constantIndex(l) : atomIndex(atom)
    else if (atom.kind === 'quotient') next = divideIndex(laneIndex(atom.of, lane, l), atom.by)
    else if (atom.kind === 'remainder') next = remainderIndex(laneIndex(atom.of, lane, l), atom.by)
    else if (atom.kind === 'bounded') {
      const step = stepOf(atom.of, lane)
      if (step === null) throw new InternalError('A bounded index must move evenly with its lanes.')
      const reach = step * lane.high
      const low = atom.low - Math.min(0, reach)
      const high = atom.high - Math.max(0, reach)
      next = shiftIndex(atomIndex({ kind: 'bounded', of: laneIndex(atom.of, lane, 0), low, high }), step * l)
    } else next = atomIndex(atom)
    parts.push(scaleIndex(next, coefficient))
  }
  return addIndex(...parts)
}

/** The index with `v` replaced. */
export function substituteIndex(index: Index, v: LoopVar, by: Index): Index {
  const parts: Index[] = [constantIndex(index.offset)]
  for (const { atom, coefficient } of index.terms) {
    let next: Index
    if (atom.kind === 'loop') next = atom.id === v.id ? by : atomIndex(atom)
    else if (atom.kind === 'quotient') next = divideIndex(substituteIndex(atom.of, v, by), atom.by)
    else if (atom.kind === 'remainder') next = remainderIndex(substituteIndex(atom.of, v, by), atom.by)
    else if (atom.kind === 'bounded') next = atomIndex({ ...atom, of: substituteIndex(atom.of, v, by) })
    else next = atomIndex(atom)
    parts.push(scaleIndex(next, coefficient))
  }
  return addIndex(...parts)
}

/** The position of a multi-index in a row-major array: Σ index·stride. */
export const linearize = (index: readonly Index[], strides: readonly number[]): Index =>
  addIndex(...index.map((i, axis) => scaleIndex(i, strides[axis])))

/** The multi-index of a position in a row-major array of `shape`. */
export function delinearize(position: Index, shape: readonly number[]): Index[] {
  const out = new Array<Index>(shape.length)
  let rest = position
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    out[axis] = axis === 0 ? rest : remainderIndex(rest, shape[axis])
    rest = axis === 0 ? rest : divideIndex(rest, shape[axis])
  }
  return out
}
