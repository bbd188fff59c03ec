/**
 * Address strength reduction: turns each access (buffer, index) into a pointer plus a constant offset. A pointer is the
 * buffer's start plus a partial sum of the index; partial sums are shared, computed at the outermost place where their
 * parts are known, and moved by an addition where a loop advances them. Emitters keep a pointer in a register or local.
 */
import { byteSize } from '../core/dtype.js'
import {
  type Atom,
  atomIndex,
  atomKey,
  type Index,
  indexDeps,
  indexKey,
  indexRange,
  sumKey,
  type Term,
} from './index-expression.js'
import type { Kernel, Stmt } from './loop-ir.js'
import { accessesOf, bodiesOf, effectsOf } from './walk.js'

/** parent (or the buffer's start) + atom·bytes + offset, all modulo the machine's address size. */
export interface Pointer {
  readonly id: number
  readonly buffer: number
  readonly parent: Pointer | null
  readonly atom: Atom | null
  readonly bytes: number
  readonly offset: number
  /** Loop variables and registers that the value depends on. */
  readonly deps: ReadonlySet<number>
}

export interface Address {
  /** null: the buffer's start. */
  readonly pointer: Pointer | null
  /** Bytes beyond the pointer. */
  readonly offset: number
}

export interface AddressPlan {
  /** Pointers to compute before a statement runs, in order. */
  readonly before: ReadonlyMap<Stmt, readonly Pointer[]>
  /** Pointers that a loop carries: `atom` is its variable; they start at the first value and advance each round. */
  readonly carried: ReadonlyMap<Stmt, readonly Pointer[]>
  /** The address of an access that `stmt` itself makes; `shift` elements further. */
  address(stmt: Stmt, buffer: number, index: Index): Address
}

/**
 * How an emitter may fold constants. Offsets in 0…`reach` that do not fit the pointer's own range still give a
 * pointer at or above zero, because no buffer begins below `reach`.
 */
export interface AddressRules {
  /** True: an offset may be negative or reach beyond what the index proves (signed displacements). */
  readonly signed: boolean
  readonly reach: number
}

interface Scope {
  readonly owner: Stmt | null
  readonly variable: number | null
  readonly assigned: ReadonlySet<number>
  readonly pointers: Map<string, Pointer>
  current: Stmt | null
  /** Some of the pointers depend on registers. */
  onRegisters: boolean
  /** Pointers by buffer and sum of terms, as they were resolved in this scope: indices often differ by their offset only. */
  readonly sums: Map<string, Pointer | null>
}

/** Terms of the index with range-checked parts opened, so that only what cannot be linear stays an atom. */
function linearTerms(index: Index): Term[] {
  const sums = new Map<string, { atom: Atom; coefficient: number }>()
  const add = (terms: readonly Term[], factor: number): void => {
    for (const { atom, coefficient } of terms) {
      if (atom.kind === 'bounded') add(atom.of.terms, factor * coefficient)
      else {
        const key = atomKey(atom)
        const known = sums.get(key)
        if (known) known.coefficient += factor * coefficient
        else sums.set(key, { atom, coefficient: factor * coefficient })
      }
    }
  }
  add(index.terms, 1)
  return [...sums.values()].filter((t) => t.coefficient !== 0)
}

/** Constant part of the index with range-checked parts opened. */
const linearOffset = (index: Index): number =>
  index.terms.reduce(
    (sum, { atom, coefficient }) =>
      atom.kind === 'bounded' ? sum + coefficient * linearOffset(atom.of) : sum,
    index.offset,
  )

const depsOfAtom = (atom: Atom): ReadonlySet<number> => indexDeps(atomIndex(atom))

export function planAddresses(kernel: Kernel, rules: AddressRules): AddressPlan {
  const before = new Map<Stmt, Pointer[]>()
  const carried = new Map<Stmt, Pointer[]>()
  const resolved = new Map<Stmt, Map<string, Address>>()
  const scopes: Scope[] = []
  let nextPointer = 0

  const append = (to: Map<Stmt, Pointer[]>, stmt: Stmt, pointer: Pointer): void => {
    const list = to.get(stmt)
    if (list) list.push(pointer)
    else to.set(stmt, [pointer])
  }

  /** The innermost scope in which the atom varies. */
  const levelOf = (atom: Atom | null): number => {
    if (atom === null) return 0
    if (atom.kind === 'loop') {
      for (let level = scopes.length - 1; level > 0; level--)
        if (scopes[level].variable === atom.id) return level
      return 0
    }
    const deps = depsOfAtom(atom)
    for (let level = scopes.length - 1; level > 0; level--) {
      const { variable, assigned } = scopes[level]
      for (const d of deps) if (d === variable || assigned.has(d)) return level
    }
    return 0
  }

  const child = (
    buffer: number,
    parent: Pointer | null,
    atom: Atom | null,
    bytes: number,
    offset: number,
  ): Pointer => {
    const level = levelOf(atom)
    const scope = scopes[level]
    const key = `${buffer} ${parent?.id ?? ''} ${atom === null ? '' : atomKey(atom)} ${bytes} ${offset}`
    let pointer = scope.pointers.get(key)
    if (pointer === undefined) {
      const own = atom === null ? new Set<number>() : depsOfAtom(atom)
      const deps = parent === null ? own : new Set([...own, ...parent.deps])
      pointer = { id: nextPointer++, buffer, parent, atom, bytes, offset, deps }
      scope.pointers.set(key, pointer)
      for (const d of deps) if (scope.assigned.has(d)) scope.onRegisters = true
      if (atom?.kind === 'loop' && atom.id === scope.variable) append(carried, scope.owner!, pointer)
      else append(before, scope.current!, pointer)
    }
    return pointer
  }

  const resolve = (buffer: number, index: Index): Address => {
    const size = byteSize(kernel.buffers[buffer].dtype)
    const { sums } = scopes[scopes.length - 1]
    const sum = `${buffer} ${sumKey(index)}`
    const same = rules.signed ? sums.get(sum) : undefined
    if (same !== undefined) return { pointer: same, offset: linearOffset(index) * size }
    const terms = linearTerms(index)
      .map((t) => {
        const level = levelOf(t.atom)
        const direct = t.atom.kind === 'loop' && t.atom.id === scopes[level].variable
        return { ...t, level, order: direct ? 0 : 1, key: atomKey(t.atom) }
      })
      .sort((a, b) => a.level - b.level || a.order - b.order || (a.key < b.key ? -1 : 1))
    const offset = linearOffset(index) * size
    let folded = offset
    if (!rules.signed) {
      const low = indexRange({ terms: index.terms, offset: 0 })[0]
      const opened = index.terms.some((t) => t.atom.kind === 'bounded')
      if (offset < 0 || ((low < 0 || opened) && offset > rules.reach)) {
        folded = offset - Math.floor(offset / rules.reach) * rules.reach
      }
    }
    let pointer: Pointer | null = null
    if (folded !== offset) pointer = child(buffer, null, null, 0, offset - folded)
    for (const { atom, coefficient } of terms) pointer = child(buffer, pointer, atom, coefficient * size, 0)
    sums.set(sum, pointer)
    return { pointer, offset: folded }
  }

  const visit = (stmts: readonly Stmt[]): void => {
    const scope = scopes[scopes.length - 1]
    for (const stmt of stmts) {
      scope.current = stmt
      const table = new Map<string, Address>()
      for (const { buffer, index, stride, lanes } of accessesOf(stmt)) {
        // Lanes that run backwards are addressed from the lowest one.
        const first = stride < 0 ? { terms: index.terms, offset: index.offset + stride * (lanes - 1) } : index
        table.set(accessKey(buffer, first), resolve(buffer, first))
      }
      if (table.size > 0) resolved.set(stmt, table)
      for (const body of bodiesOf(stmt)) {
        const isLoop = stmt.kind === 'for' || stmt.kind === 'parallel'
        scopes.push({
          owner: stmt,
          variable: isLoop ? stmt.variable.id : null,
          assigned: effectsOf(body).registers,
          pointers: new Map(),
          current: null,
          onRegisters: false,
          sums: new Map(),
        })
        visit(body)
        scopes.pop()
      }
      if (!scope.onRegisters) continue
      const changed = effectsOf([stmt]).registers
      if (changed.size === 0) continue
      for (const [key, pointer] of scope.pointers) {
        for (const d of pointer.deps) {
          if (changed.has(d)) {
            scope.pointers.delete(key)
            scope.sums.clear()
            break
          }
        }
      }
    }
  }

  scopes.push({
    owner: null,
    variable: null,
    assigned: effectsOf(kernel.body).registers,
    pointers: new Map(),
    current: null,
    onRegisters: false,
    sums: new Map(),
  })
  visit(kernel.body)
  return {
    before,
    carried,
    address(stmt, buffer, index) {
      const found = resolved.get(stmt)?.get(accessKey(buffer, index))
      if (found === undefined)
        throw new Error(`No address was planned for buffer ${buffer} of ${kernel.name}.`)
      return found
    },
  }
}

const accessKey = (buffer: number, index: Index): string => `${buffer} ${indexKey(index)}`
