/**
 * How threads share a scatter: by places along the axis where one index serves a row, each thread owning blocks of rows
 * in turn, so that places which come often are spread, and passing over the other updates; else by what is behind it.
 */
import {
  addIndex,
  atomIndex,
  constantIndex,
  divideIndex,
  type Index,
  loopVar,
  remainderIndex,
  scaleIndex,
} from '../index-expression.js'
import type { Target } from '../target.js'
import { type KernelBuilder, whereInside } from './kernel-builder.js'
import { checkedIndex } from './operand.js'

export interface ScatterSizes {
  /** Before the axis, of it, behind it. */
  readonly outer: number
  readonly n: number
  readonly inner: number
  /** One index serves all that is behind the axis. */
  readonly oneIndex: boolean
  readonly shared: boolean
  /** Bytes of the updates, where they are stored. */
  readonly stored: number
}

export type Division =
  /** Each task has this many elements behind the axis. */
  | { readonly kind: 'columns'; readonly block: number }
  /** Each of `parts` tasks has every `parts`-th block of so many rows. */
  | { readonly kind: 'rows'; readonly parts: number; readonly block: number }

/** Rows narrower than this cost no more than telling whose they are: the more threads, the less that weighs. */
const narrowRow = (parts: number): number => (parts < 4 ? 32 : 16)
/** Updates of more L2 caches come from memory, where passing over a row reads ahead into it, */
const streamed = 8
/** unless it is as wide as this. */
const widePassed = 256
/** Elements of a block of rows, at most about: threads clear and fill memory of many lines on end. */
const blockElements = 16_384
/** So many blocks a part spread what is often asked for. */
const blocksPerPart = 8

export function divide(sizes: ScatterSizes, target: Target): Division {
  const { outer, n, inner, oneIndex, shared, stored } = sizes
  const whole: Division = { kind: 'columns', block: inner }
  if (!shared || outer >= 4 * target.threads) return whole
  const parts = target.threads / greatestCommonDivisor(outer, target.threads)
  if (parts === 1) return whole
  if (!oneIndex) {
    // Each element has an index of its own, so that pieces of whole cache lines have no work in common.
    if (inner < 16 * parts) return whole
    return { kind: 'columns', block: Math.ceil(Math.ceil(inner / parts) / 16) * 16 }
  }
  if (inner < narrowRow(parts) || n < parts) return whole
  if (stored > streamed * target.l2 && inner < widePassed) return whole
  const most = Math.min(blockElements / inner, n / (parts * blocksPerPart))
  return { kind: 'rows', parts, block: 2 ** Math.max(0, Math.floor(Math.log2(most))) }
}

function greatestCommonDivisor(a: number, b: number): number {
  return b === 0 ? a : greatestCommonDivisor(b, a % b)
}

export interface OwnRows {
  /** Pieces of whole rows: where one begins, and how many rows it has. */
  eachBlock(write: (row: Index, rows: number) => void): void
  /** The updates that fall to the part, in order; `placeOf` gives the checked place of any. */
  eachUpdate(placeOf: (i: Index) => Index, write: (i: Index, place: Index) => void): void
}

/** The rows of `part`: blocks part, part + parts, …. */
export function ownRows(
  k: KernelBuilder,
  { n, count, parts, block, part }: { n: number; count: number; parts: number; block: number; part: Index },
): OwnRows {
  const { e } = k
  const eachBlock: OwnRows['eachBlock'] = (write) => {
    const full = Math.floor(n / block)
    const round = loopVar('block', 0, Math.ceil(Math.ceil(n / block) / parts) - 1)
    k.loop(round, 1, () => {
      const number = addIndex(atomIndex(round, parts), part)
      whereInside(k, number, 0, full - 1, (inside, isFull) => {
        if (isFull) write(scaleIndex(inside, block), block)
        else if (n > full * block) {
          whereInside(k, number, full, full, (_, isRest) => {
            if (isRest) write(constantIndex(full * block), n - full * block)
          })
        }
      })
    })
  }

  const eachUpdate: OwnRows['eachUpdate'] = (placeOf, write) => {
    const i = loopVar('i', 0, count - 1)
    k.loop(i, 1, () => {
      const place = placeOf(atomIndex(i))
      const owner = e.index(remainderIndex(divideIndex(place, block), parts))
      const then = k.block(() => {
        // A value of this block: what is read for the update stays in it.
        write(checkedIndex(k, 'update', e.index(atomIndex(i)), 0, count - 1), place)
      })
      k.emit({ kind: 'when', condition: e.binary('eq', owner, e.index(part)), then, otherwise: [] })
    })
  }
  return { eachBlock, eachUpdate }
}
