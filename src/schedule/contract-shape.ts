/** The matrix view of a contraction: which axes make up its batch, rows, columns and inner dimension. */
import { otherAxes, sizeOf } from '../core/shape.js'
import type { Node } from '../ir/node.js'

export interface ContractShape {
  readonly batch: readonly number[]
  /** Sizes of the left side's free axes. */
  readonly rows: readonly number[]
  /** Sizes of the right side's free axes. */
  readonly columns: readonly number[]
  /** Sizes of the contracting axes, in the order of the right side's axes. */
  readonly inner: readonly number[]
  /** Axis order that brings each side to (batch, rows, inner) and (batch, inner, columns). */
  readonly leftOrder: readonly number[]
  readonly rightOrder: readonly number[]
}

export function contractShape(node: Node<'contract'>): ContractShape {
  const { batch, contracting } = node.attrs
  const [x, y] = node.inputs
  const freeX = otherAxes([...batch[0], ...contracting[0]], x.shape.length)
  const freeY = otherAxes([...batch[1], ...contracting[1]], y.shape.length)
  const sorted = contracting[1].map((_, i) => i).sort((i, j) => contracting[1][i] - contracting[1][j])
  const kx = sorted.map((i) => contracting[0][i])
  const ky = sorted.map((i) => contracting[1][i])
  return {
    batch: batch[0].map((a) => x.shape[a]),
    rows: freeX.map((a) => x.shape[a]),
    columns: freeY.map((a) => y.shape[a]),
    inner: ky.map((a) => y.shape[a]),
    leftOrder: [...batch[0], ...freeX, ...kx],
    rightOrder: [...batch[1], ...ky, ...freeY],
  }
}

/** M, N, K of the matrix view. */
export const matrixSizes = (s: ContractShape): [number, number, number] => [
  sizeOf(s.rows),
  sizeOf(s.columns),
  sizeOf(s.inner),
]

/** Columns up to which a result with many more rows is tall. */
const narrow = 64
const timesTaller = 8

/** Whether a contraction without batch has many rows and few columns. */
export function isTall(s: ContractShape): boolean {
  const [m, n] = matrixSizes(s)
  return s.batch.length === 0 && n <= narrow && m >= timesTaller * n
}

/** Whether the left side's axes stand in the order of rows and inner steps. */
export const rowsFirst = ({ rows, leftOrder }: ContractShape): boolean =>
  rows.length > 0 && leftOrder.every((axis, i) => axis === i)
