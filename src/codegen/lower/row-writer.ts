/**
 * How a scatter combines updates into rows of its result. Narrow rows are kept in registers as long as the index stays
 * the same (a graph's edges by target, a batch's repeated words); wide ones are read and written where they lie.
 */
import { type Index, shiftIndex } from '../index-expression.js'
import type { Expr, Register } from '../loop-ir.js'
import type { Target } from '../target.js'
import type { KernelBuilder } from './kernel-builder.js'
import { checkedIndex, vectorLoop } from './operand.js'

/** One element, or some neighbours, of a row: where they begin in it, and how many of the lanes there are. */
export interface Piece {
  readonly from: Index
  readonly lanes: number
  readonly active: number
}

export interface RowAccess {
  /** The update that is element `j` of row `i` of the updates, and the lanes behind it. */
  update(i: Index, piece: Piece): Expr
  /** The result's elements in row `place`. */
  load(place: Index, piece: Piece): Expr
  store(place: Index, piece: Piece, value: Expr): void
  /** The new value; null where the old one does not count. */
  readonly combine: ((old: Expr, update: Expr) => Expr) | null
  /** Rows of the result. */
  readonly rows: number
  /** One that no other thread writes to. */
  readonly own: Index
}

export interface RowWriter {
  /** Combines row `i` of the updates into row `place`. */
  apply(i: Index, place: Index): void
  /** Writes what is still in registers. */
  finish(): void
}

/** So many registers may hold a row. */
const mostRegisters = 8

/** Combines elements `from` … `from + length - 1` of rows, by vectors of `width` lanes. */
export function rowWriter(
  k: KernelBuilder,
  target: Target,
  access: RowAccess,
  from: Index,
  length: number,
  width: number,
): RowWriter {
  if (access.combine !== null && width > 1 && access.rows > 0) {
    const pieces = piecesOf(from, length, width, target.tail === 'mask')
    if (pieces.length <= mostRegisters) return new HeldRow(k, access, pieces)
  }
  return {
    apply: (i, place) => {
      // Narrower vectors, not masked ones, for the rest: what is stored may be read at once.
      let done = 0
      for (const lanes of [16, 8, 4, 1]) {
        if (lanes > width) continue
        const whole = Math.floor((length - done) / lanes) * lanes
        if (whole > 0) {
          vectorLoop(k, shiftIndex(from, done), whole, lanes, (at, n) => {
            const piece = { from: at, lanes: n, active: n }
            const update = access.update(i, piece)
            access.store(
              place,
              piece,
              access.combine === null ? update : access.combine(access.load(place, piece), update),
            )
          })
        }
        done += whole
      }
    },
    finish: () => {},
  }
}

/** A row as vectors, the last one masked where that is possible, else followed by narrower ones. */
export function piecesOf(from: Index, length: number, width: number, masks: boolean): Piece[] {
  const pieces: Piece[] = []
  for (let done = 0; done < length; ) {
    const rest = length - done
    const lanes = [16, 8, 4, 1].find((n) => n <= width && (n <= rest || (masks && rest > n / 2)))!
    const active = Math.min(lanes, rest)
    pieces.push({ from: shiftIndex(from, done), lanes, active })
    done += active
  }
  return pieces
}

/** A row in registers until another one is asked for. */
class HeldRow implements RowWriter {
  private readonly k: KernelBuilder
  private readonly access: RowAccess
  private readonly pieces: readonly Piece[]
  /** Which row it is. */
  private readonly current: Register
  private readonly held: readonly Register[]

  constructor(k: KernelBuilder, access: RowAccess, pieces: readonly Piece[]) {
    this.k = k
    this.access = access
    this.pieces = pieces
    this.current = k.define('row', k.e.index(access.own))
    this.held = pieces.map((piece) => k.define('held', access.load(access.own, piece)))
  }

  apply(i: Index, place: Index): void {
    const { k, access } = this
    const { e } = k
    const updates = this.pieces.map((piece) => access.update(i, piece))
    const asked = e.index(place)
    const change = k.block(() => {
      this.finish()
      k.set(this.current, asked)
      this.pieces.forEach((piece, v) => {
        k.set(this.held[v], access.load(place, piece))
      })
    })
    k.emit({
      kind: 'when',
      condition: e.binary('ne', asked, e.register(this.current)),
      then: change,
      otherwise: [],
    })
    updates.forEach((update, v) => {
      k.set(this.held[v], access.combine!(e.register(this.held[v]), update))
    })
  }

  finish(): void {
    const { k, access } = this
    const place = checkedIndex(k, 'row', k.e.register(this.current), 0, access.rows - 1)
    this.pieces.forEach((piece, v) => {
      access.store(place, piece, k.e.register(this.held[v]))
    })
  }
}
