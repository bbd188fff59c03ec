/**
 * Diagonals and triangles of matrices: reading them, writing them into zeros, masking by them, listing their positions.
 */
import { ValueError } from '../core/errors.js'
import { checkShape, normalizeAxis, range } from '../core/shape.js'
import * as b from '../ir/build.js'
import type { Node } from '../ir/node.js'
import { nonzeroStatic } from './masking.js'
import { requireRank, stretch } from './operand.js'

/** The diagonal x[i, i + offset] of two axes, which move to the end as one. */
export function diagonal(x: Node, offset = 0, axisA = 0, axisB = 1): Node {
  checkOffset('diagonal', offset)
  const rank = x.shape.length
  const [p, q] = [normalizeAxis(axisA, rank, 'diagonal'), normalizeAxis(axisB, rank, 'diagonal')]
  if (p === q) throw new ValueError(`diagonal: expected two different axes, got ${axisA} and ${axisB}.`)
  const rest = range(rank).filter((a) => a !== p && a !== q)
  const moved = b.permute(x, [...rest, p, q])
  const lead = moved.shape.slice(0, -2)
  const [rows, columns] = moved.shape.slice(-2)
  const count = Math.max(0, offset >= 0 ? Math.min(rows, columns - offset) : Math.min(rows + offset, columns))
  if (count === 0) return b.full([...lead, 0], 0, x.dtype)
  // In row-major order, diagonal neighbours are columns + 1 apart.
  const flat = b.reshape(moved, [...lead, rows * columns])
  const start = offset >= 0 ? offset : -offset * columns
  return b.slice(
    flat,
    flat.shape.map((_, i) => (i === lead.length ? start : 0)),
    flat.shape.map((n, i) => (i === lead.length ? start + (count - 1) * (columns + 1) + 1 : n)),
    flat.shape.map((_, i) => (i === lead.length ? columns + 1 : 1)),
  )
}

/**
 * A matrix with x on diagonal `offset` and 0 elsewhere: (…, n) → (…, n + |offset|, n + |offset|). Rows and columns
 * become axes `axisA` and `axisB` of the result, by default the last two.
 */
export function diagEmbed(x: Node, offset = 0, axisA = -2, axisB = -1): Node {
  requireRank('diagEmbed', x, 1, Number.POSITIVE_INFINITY)
  checkOffset('diagEmbed', offset)
  const rank = x.shape.length + 1
  const [p, q] = [normalizeAxis(axisA, rank, 'diagEmbed'), normalizeAxis(axisB, rank, 'diagEmbed')]
  if (p === q) throw new ValueError(`diagEmbed: expected two different axes, got ${axisA} and ${axisB}.`)
  const n = x.shape[x.shape.length - 1]
  const lead = x.shape.slice(0, -1)
  const wide = n + Math.abs(offset)
  // Position i·(wide + 1) from the start of the flattened matrix: interior padding puts the rest between.
  const zeros = x.shape.map(() => 0)
  const last = (value: number): number[] => zeros.map((_, i) => (i === lead.length ? value : 0))
  const low = offset >= 0 ? offset : -offset * wide
  const used = n === 0 ? 0 : (n - 1) * (wide + 1) + 1
  const flat =
    n === 0
      ? b.full([...lead, wide * wide], 0, x.dtype)
      : b.pad(x, last(low), last(wide * wide - low - used), last(wide), 0)
  const matrices = b.reshape(flat, [...lead, wide, wide])
  const axes = range(lead.length)
  const order: number[] = []
  for (let i = 0; i < rank; i++) order.push(i === p ? rank - 2 : i === q ? rank - 1 : axes.shift()!)
  return b.permute(matrices, order)
}

const checkOffset = (operation: string, offset: number): void => {
  if (!Number.isInteger(offset)) {
    throw new ValueError(`${operation}: expected an integer as diagonal, got ${offset}.`)
  }
}

/** The diagonal of a matrix, or the matrix with a vector on its diagonal and 0 elsewhere. */
export function diag(x: Node, offset = 0): Node {
  requireRank('diag', x, 1, 2)
  return x.shape.length === 1 ? diagEmbed(x, offset) : diagonal(x, offset)
}

/** A matrix with the elements of x, in row-major order, on diagonal `offset` and 0 elsewhere. */
export function diagflat(x: Node, offset = 0): Node {
  return diagEmbed(b.reshape(x, [x.shape.reduce((m, n) => m * n, 1)]), offset)
}

/** column − row ≤ diagonal (or ≥), as a mask of the last two axes. */
function triangle(
  operation: string,
  x: Node,
  diagonal: number,
  keep: (row: Node, column: Node) => Node,
): Node {
  checkOffset(operation, diagonal)
  requireRank(operation, x, 2, Number.POSITIVE_INFINITY)
  const rank = x.shape.length
  const matrix = x.shape.slice(-2)
  const mask = keep(b.iota(matrix, 0, 'i32'), b.iota(matrix, 1, 'i32'))
  return b.where(stretch(mask, x.shape.slice(0, rank)), x, b.literal(x, 0))
}

/** The elements on and below diagonal `diagonal` of the last two axes; the rest is 0. */
export const tril = (x: Node, diagonal = 0): Node =>
  triangle('tril', x, diagonal, (row, column) => b.le(column, b.add(row, b.literal(row, diagonal))))

/** The elements on and above diagonal `diagonal` of the last two axes; the rest is 0. */
export const triu = (x: Node, diagonal = 0): Node =>
  triangle('triu', x, diagonal, (row, column) => b.le(b.add(row, b.literal(row, diagonal)), column))

/** The positions (2, n), i64, of the elements of a rows × columns matrix for which `inside` holds, row by row. */
function triangleIndices(
  operation: string,
  rows: number,
  columns: number,
  offset: number,
  countInRow: (row: number) => number,
  keep: (row: Node, column: Node) => Node,
): Node {
  checkShape([rows, columns], operation)
  checkOffset(operation, offset)
  let count = 0
  for (let i = 0; i < rows; i++) count += Math.min(columns, Math.max(0, countInRow(i)))
  const shape = [rows, columns]
  const mask = keep(b.iota(shape, 0, 'i32'), b.iota(shape, 1, 'i32'))
  return b.permute(nonzeroStatic(mask, count), [1, 0])
}

/** Rows and columns (2, n), i64, of the elements on and below diagonal `offset` of a matrix, row by row. */
export const trilIndices = (rows: number, columns: number, offset = 0): Node =>
  triangleIndices(
    'trilIndices',
    rows,
    columns,
    offset,
    (i) => i + offset + 1,
    (row, column) => b.le(column, b.add(row, b.literal(row, offset))),
  )

/** Rows and columns (2, n), i64, of the elements on and above diagonal `offset` of a matrix, row by row. */
export const triuIndices = (rows: number, columns: number, offset = 0): Node =>
  triangleIndices(
    'triuIndices',
    rows,
    columns,
    offset,
    (i) => columns - Math.max(0, i + offset),
    (row, column) => b.le(b.add(row, b.literal(row, offset)), column),
  )
