/** Sparse matrices as compressed rows (CSR). */
import { DTypeError, ShapeError, ValueError } from '../core/errors.js'
import { checkShape, formatShape, type Shape } from '../core/shape.js'
import { indexSelect } from '../ops/indexing.js'
import * as ops from '../ops/sparse.js'
import { isSymbolic, tracing } from '../runtime/state.js'
import { nodeOf, type TensorBase, wrap } from './base.js'
import { SparseCoo, toSparseCoo } from './sparse-coo.js'
import { requireDense, SparseTensor } from './sparse-tensor.js'
import type { Tensor } from './tensor.js'
import { stack } from './tensor-functions.js'

/** Where each row starts (rows + 1), the column of each element (nnz), the values (nnz). */
export class SparseCsr extends SparseTensor {
  readonly crowIndices: Tensor
  readonly colIndices: Tensor

  constructor(crowIndices: Tensor, colIndices: Tensor, values: Tensor, shape: Shape) {
    super(values, shape)
    this.crowIndices = crowIndices
    this.colIndices = colIndices
  }

  override get isCoalesced(): boolean {
    return true
  }

  override get indices(): Tensor {
    return stack([this.rowIndices, this.colIndices.to('i64')] as Tensor[]) as Tensor
  }

  /** The row of each element, i64. */
  get rowIndices(): Tensor {
    return wrap(ops.rowsOfCrow(nodeOf(this.crowIndices), this.nnz))
  }

  protected override matrixIndices(): { rows: Tensor; columns: Tensor } {
    return { rows: this.rowIndices, columns: this.colIndices }
  }

  override matmul(dense: TensorBase): Tensor {
    const [crow, columns, values] = [this.crowIndices, this.colIndices, this.values].map(nodeOf)
    return wrap(ops.csrProduct(crow, columns, values, nodeOf(dense), this.shape))
  }

  override withValues(values: TensorBase): SparseCsr {
    if (nodeOf(values).shape.length !== 1 || values.shape[0] !== this.nnz) {
      throw new ShapeError(
        `sparse withValues: expected shape [${this.nnz}], got ${formatShape(values.shape)}.`,
      )
    }
    return new SparseCsr(this.crowIndices, this.colIndices, wrap(nodeOf(values)), this.shape)
  }

  /** The same elements as a list of coordinates. */
  toCoo(): SparseCoo {
    return new SparseCoo(this.indices, this.values, this.shape, true)
  }

  /** The transposed matrix, in compressed rows again. */
  t(): SparseCsr {
    const { rows, columns } = this.matrixIndices()
    return compress(columns.to('i64'), rows, this.values, [this.shape[1], this.shape[0]])
  }

  /** The sum with a sparse matrix (sparse, not coalesced) or a dense one (dense). */
  add(other: SparseCsr | SparseCoo): SparseCoo
  add(other: TensorBase): Tensor
  add(other: SparseCsr | SparseCoo | TensorBase): SparseCoo | Tensor {
    if (other instanceof SparseCsr) return this.toCoo().add(other.toCoo())
    if (other instanceof SparseCoo) return this.toCoo().add(other)
    return this.addTo(other)
  }

  override toString(): string {
    return `SparseCsr(shape=${formatShape(this.shape)}, nnz=${this.nnz}, crowIndices=${this.crowIndices}, colIndices=${this.colIndices}, values=${this.values})`
  }

  [Symbol.for('nodejs.util.inspect.custom')](): string {
    return this.toString()
  }
}

/** Elements in any order as compressed rows. */
function compress(rows: Tensor, columns: Tensor, values: Tensor, shape: Shape): SparseCsr {
  const order = ops.rowMajorOrder(nodeOf(rows), nodeOf(columns), shape[1])
  return new SparseCsr(
    wrap(ops.crowOfRows(nodeOf(rows), shape[0])),
    wrap(indexSelect(nodeOf(columns), 0, order)),
    wrap(indexSelect(nodeOf(values), 0, order)),
    shape,
  )
}

/**
 * A coalesced COO matrix as compressed rows. Works inside `compile`, where the sizes are known.
 */
export function toSparseCsr(x: SparseCoo): SparseCsr {
  if (!(x instanceof SparseCoo)) throw new ValueError('toSparseCsr: expected a COO tensor.')
  if (x.shape.length !== 2 || x.values.rank !== 1) {
    throw new ShapeError(
      `toSparseCsr: expected a matrix with single values, got shape ${formatShape(x.shape)} and values ${formatShape(x.values.shape)}.`,
    )
  }
  const [rows, columns] = [0, 1].map((a) => wrap(ops.flatCoordinates(nodeOf(x.indices), x.shape, [a])))
  return compress(rows, columns, x.values, x.shape)
}

/** The elements of a dense matrix that are not 0, as compressed rows. Not inside `compile` or `vmap`. */
export const denseToSparseCsr = (x: TensorBase): Promise<SparseCsr> => toSparseCoo(x).then(toSparseCsr)

/**
 * A sparse matrix (rows, columns) of where each row starts (rows + 1), the column of each element (nnz) and the values
 * (nnz), as `torch.sparse_csr_tensor`. Outside of compiled steps the indices are looked at and checked.
 */
export function csrTensor(
  crowIndices: TensorBase,
  colIndices: TensorBase,
  values: TensorBase,
  shape: Shape,
): SparseCsr {
  requireDense('csrTensor', crowIndices)
  requireDense('csrTensor', colIndices)
  requireDense('csrTensor', values)
  for (const x of [crowIndices, colIndices]) {
    if (x.dtype === 'i64' || x.dtype === 'i32') continue
    throw new DTypeError(`csrTensor: expected i64 or i32 indices, got ${x.dtype}.`)
  }
  if (!Array.isArray(shape) || shape.length !== 2) {
    throw new ShapeError(`csrTensor: expected the shape [rows, columns], got ${String(shape)}.`)
  }
  checkShape(shape, 'csrTensor')
  const [rows, columns] = shape
  if (crowIndices.rank !== 1 || crowIndices.shape[0] !== rows + 1) {
    throw new ShapeError(
      `csrTensor: expected ${rows + 1} starts of rows for shape ${formatShape(shape)}, got ${formatShape(crowIndices.shape)}.`,
    )
  }
  if (values.rank !== 1 || colIndices.rank !== 1 || colIndices.shape[0] !== values.shape[0]) {
    throw new ShapeError(
      `csrTensor: expected columns and values of one length, got ${formatShape(colIndices.shape)} and ${formatShape(values.shape)}.`,
    )
  }
  if (tracing === null && !isSymbolic()) checkInvariants(crowIndices, colIndices, columns)
  const [crow, col, stored] = [crowIndices, colIndices, values].map((x) => wrap(nodeOf(x)))
  return new SparseCsr(crow, col, stored, shape)
}

function checkInvariants(crowIndices: TensorBase, colIndices: TensorBase, columns: number): void {
  const crow = Array.from(crowIndices.dataSync(), Number)
  const col = Array.from(colIndices.dataSync(), Number)
  if (crow[0] !== 0 || crow[crow.length - 1] !== col.length) {
    throw new ValueError(
      `csrTensor: expected starts of rows from 0 to ${col.length}, the number of elements, got ${crow[0]} to ${crow[crow.length - 1]}.`,
    )
  }
  const falls = crow.findIndex((start, r) => r > 0 && start < crow[r - 1])
  if (falls > 0) {
    throw new ValueError(
      `csrTensor: expected starts of rows that never fall, got ${crow[falls - 1]} before ${crow[falls]}.`,
    )
  }
  for (let r = 0; r + 1 < crow.length; r++) {
    for (let k = crow[r]; k < crow[r + 1]; k++) {
      if (col[k] < 0 || col[k] >= columns) {
        throw new ValueError(
          `csrTensor: expected columns from 0 to ${columns - 1}, got ${col[k]} in row ${r}.`,
        )
      }
      if (k > crow[r] && col[k] <= col[k - 1]) {
        throw new ValueError(
          `csrTensor: expected rising columns in each row, got ${col[k - 1]} before ${col[k]} in row ${r}.`,
        )
      }
    }
  }
}
