/**
 * The order of a map kernel's loops: that of its outputs, unless short rows of an input lie far apart along one axis and
 * side by side along the one around it (a left side that is packed into tiles of rows). Then the former is taken in
 * blocks, and within a block the latter: a row of the input is read in one piece, and not once a tile.
 */
import { byteSize } from '../../core/dtype.js'
import { stridesOf } from '../../core/shape.js'
import type { Node } from '../../ir/node.js'
import { type LoopVar, stepOf } from '../index-expression.js'
import { type Expr, operandsOf } from '../loop-ir.js'
import { exprsOf, walkStmts } from '../walk.js'
import type { Draft } from './map-draft.js'

/** One loop: rounds, and elements of the outputs from one to the next. */
export interface LoopAxis {
  readonly size: number
  readonly stride: number
}

/** Bytes from which rows are far apart: a page holds few of them. */
const farApart = 1024
/** Rows of more bytes are pieces enough. */
const longRow = 128
/** Rows of a block, at most and at least: their beginnings stay in the L1 cache. */
const [mostRows, fewestRows] = [32, 8]

/** The loops over all extents but the last one, outermost first. `draft` has a variable an extent; null: none is made. */
export function loopOrder(
  draft: Draft | null,
  extents: readonly number[],
  inputs: readonly Node[],
): readonly LoopAxis[] {
  const strides = stridesOf(extents)
  const plain = extents.slice(0, -1).map((size, a) => ({ size, stride: strides[a] }))
  if (draft === null || extents.length < 3) return plain
  const [beside, far, row] = draft.vars.slice(-3)
  const [tiles, rows] = [plain[plain.length - 2], plain[plain.length - 1]]
  const block = blockOf(rows.size)
  if (block === null || !readsAcross(draft, inputs, beside, far, row)) return plain
  return [
    ...plain.slice(0, -2),
    { size: rows.size / block, stride: rows.stride * block },
    tiles,
    { size: block, stride: rows.stride },
  ]
}

/** The largest block that divides so many rows into several. */
function blockOf(rows: number): number | null {
  for (let block = Math.min(mostRows, Math.floor(rows / 2)); block >= fewestRows; block--)
    if (rows % block === 0) return block
  return null
}

function readsAcross(
  { body }: Draft,
  inputs: readonly Node[],
  beside: LoopVar,
  far: LoopVar,
  row: LoopVar,
): boolean {
  let found = false
  const seen = new Set<Expr>()
  const visit = (e: Expr): void => {
    if (seen.has(e)) return
    seen.add(e)
    if (e.kind === 'load' && inputs[e.buffer] !== undefined) {
      const { index } = e
      const bytes = byteSize(inputs[e.buffer].dtype)
      const length = row.high + 1
      const [near, apart] = [stepOf(index, beside), stepOf(index, far)]
      const isRow = stepOf(index, row) === 1 && length * bytes <= longRow
      if (isRow && near === length && apart !== null && apart * bytes >= farApart) found = true
    }
    for (const x of operandsOf(e)) visit(x)
  }
  walkStmts(body, (s) => {
    for (const e of exprsOf(s)) visit(e)
  })
  return found
}
