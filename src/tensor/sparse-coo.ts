/** Sparse tensors as lists of coordinates and values (COO). */
import { DTypeError, ShapeError, ValueError } from '../core/errors.js'
import { checkShape, formatShape, range, type Shape, sameShape, sizeOf, stridesOf } from '../core/shape.js'
import { nonzeroCount, nonzeroStatic } from '../ops/masking.js'
import * as ops from '../ops/sparse.js'
import { nodeOf, TensorBase, wrap } from './base.js'
import { tensor } from './creation.js'
import { lookAt, lookNow } from './data-dependent.js'
import { requireDense, SparseTensor } from './sparse-tensor.js'
import type { Tensor } from './tensor.js'
import { cat } from './tensor-functions.js'

const insteadOfCoalesce =
  'Coalesce outside and capture the result, or keep duplicates: products and sums add them up anyway.'
const insteadOfSearch = 'Make the sparse tensor outside and capture it.'

/** Coordinates (sparse axes, nnz) and values (nnz, …dense). Values at one coordinate add up. */
export class SparseCoo extends SparseTensor {
  readonly indices: Tensor
  readonly isCoalesced: boolean

  constructor(indices: Tensor, values: Tensor, shape: Shape, isCoalesced: boolean) {
    super(values, shape)
    this.indices = indices
    this.isCoalesced = isCoalesced
  }

  override withValues(values: TensorBase): SparseCoo {
    if (nodeOf(values).shape[0] !== this.nnz) {
      throw new ShapeError(
        `sparse withValues: expected ${this.nnz} values, got shape ${formatShape(values.shape)}.`,
      )
    }
    const dense = this.shape.slice(0, this.indices.shape[0])
    return new SparseCoo(
      this.indices,
      wrap(nodeOf(values)),
      [...dense, ...values.shape.slice(1)],
      this.isCoalesced,
    )
  }

  /** The tensor with two of its sparse axes exchanged. */
  transpose(axisA: number, axisB: number): SparseCoo {
    const d = this.indices.shape[0]
    const order = range(d)
    const [p, q] = [axisA, axisB].map((a) => (a < 0 ? a + d : a))
    if (order[p] === undefined || order[q] === undefined) {
      throw new ValueError(`sparse transpose: expected axes below ${d}, got ${axisA} and ${axisB}.`)
    }
    order[p] = q
    order[q] = p
    const indices = cat(order.map((a) => this.indices.narrow(0, a, 1)) as Tensor[]) as Tensor
    const shape = this.shape.map((n, i) => (i < d ? this.shape[order[i]] : n))
    return new SparseCoo(indices, this.values, shape, false)
  }

  /** The transposed matrix. */
  t(): SparseCoo {
    if (this.indices.shape[0] !== 2) {
      throw new ShapeError(
        `sparse t: expected a matrix, got shape ${formatShape(this.shape)}. Use transpose.`,
      )
    }
    return this.transpose(0, 1)
  }

  /** The sum with a sparse tensor (sparse, not coalesced) or a dense one (dense). */
  add(other: SparseCoo): SparseCoo
  add(other: TensorBase): Tensor
  add(other: SparseCoo | TensorBase): SparseCoo | Tensor {
    if (other instanceof TensorBase) return this.addTo(other)
    if (!(other instanceof SparseCoo)) {
      throw new ValueError('sparse add: expected a COO or a dense tensor. Convert with toCoo().')
    }
    if (!sameShape(other.shape, this.shape) || other.indices.shape[0] !== this.indices.shape[0]) {
      throw new ShapeError(
        `sparse add: expected shape ${formatShape(this.shape)} with ${this.indices.shape[0]} sparse axes, got ${formatShape(other.shape)} with ${other.indices.shape[0]}.`,
      )
    }
    const indices = cat([this.indices, other.indices] as Tensor[], 1) as Tensor
    return new SparseCoo(indices, cat([this.values, other.values] as Tensor[]) as Tensor, this.shape, false)
  }

  /**
   * The same tensor with each coordinate once and in row-major order. How many there are depends on data: not inside
   * `compile` or `vmap`. Gradients flow through.
   */
  coalesce(): Promise<SparseCoo> {
    return lookNow('sparse coalesce', insteadOfCoalesce, () => {
      if (this.isCoalesced) return this
      const d = this.indices.shape[0]
      const sizes = this.shape.slice(0, d)
      const strides = stridesOf(sizes)
      const flat = wrap(ops.flatCoordinates(nodeOf(this.indices), sizes)).dataSync()
      const keys = Array.from(flat, Number)
      const order = keys.map((_, i) => i).sort((i, j) => keys[i] - keys[j])
      const distinct: number[] = []
      const segment = new Array<number>(keys.length)
      for (const i of order) {
        if (distinct[distinct.length - 1] !== keys[i]) distinct.push(keys[i])
        segment[i] = distinct.length - 1
      }
      const indices = tensor(
        sizes.flatMap((n, a) => distinct.map((key) => Math.floor(key / strides[a]) % n)),
        { dtype: 'i64', shape: [d, distinct.length] },
      )
      const ids = tensor(segment, { dtype: 'i64', shape: [keys.length] })
      const values = wrap(ops.sumGroups(nodeOf(this.values), nodeOf(ids), distinct.length))
      return new SparseCoo(indices, values, this.shape, true)
    })
  }

  override toString(): string {
    return `SparseCoo(shape=${formatShape(this.shape)}, nnz=${this.nnz}, indices=${this.indices}, values=${this.values})`
  }

  [Symbol.for('nodejs.util.inspect.custom')](): string {
    return this.toString()
  }
}

/**
 * A sparse tensor of coordinates (sparse axes, nnz) of i64 or i32 and values (nnz, …dense), as
 * `torch.sparse_coo_tensor`. Without a shape, it is as large as the coordinates need, which looks at them. Coordinates
 * out of range are an error when it is computed.
 */
export function cooTensor(
  indices: TensorBase,
  values: TensorBase,
  shape?: Shape,
  { isCoalesced = false }: { isCoalesced?: boolean } = {},
): SparseCoo {
  requireDense('cooTensor', indices)
  requireDense('cooTensor', values)
  if (indices.dtype !== 'i64' && indices.dtype !== 'i32') {
    throw new DTypeError(`cooTensor: expected i64 or i32 coordinates, got ${indices.dtype}.`)
  }
  if (indices.rank !== 2 || values.rank < 1 || indices.shape[1] !== values.shape[0]) {
    throw new ShapeError(
      `cooTensor: expected coordinates (axes, nnz) and values (nnz, …), got ${formatShape(indices.shape)} and ${formatShape(values.shape)}.`,
    )
  }
  const at = wrap(nodeOf(indices))
  const whole = shape ?? [...sizesOf(at), ...values.shape.slice(1)]
  checkShape(whole, 'cooTensor')
  const [d] = indices.shape
  if (whole.length !== d + values.rank - 1 || !sameShape(whole.slice(d), values.shape.slice(1))) {
    throw new ShapeError(
      `cooTensor: shape ${formatShape(whole)} does not fit ${d} rows of coordinates and values ${formatShape(values.shape)}.`,
    )
  }
  return new SparseCoo(at, wrap(nodeOf(values)), whole, isCoalesced)
}

/** One more than the largest coordinate of each axis. */
function sizesOf(indices: Tensor): number[] {
  const [d, n] = indices.shape
  const instead = 'Pass the shape.'
  if (n === 0) throw new ValueError('cooTensor: expected a shape where there are no coordinates, got none.')
  return range(d).map((a) => lookAt('cooTensor', instead, nodeOf(indices.select(0, a).max().add(1))))
}

/**
 * The elements of a dense tensor that are not 0, over its first `sparseAxes` axes (default all; an element then is a
 * slice with anything but zeros). Their number depends on data: not inside `compile` or `vmap`. Gradients flow through.
 */
export function toSparseCoo(x: TensorBase, sparseAxes = x.rank): Promise<SparseCoo> {
  requireDense('toSparseCoo', x)
  if (!Number.isInteger(sparseAxes) || sparseAxes < 1 || sparseAxes > x.rank) {
    throw new ValueError(`toSparseCoo: expected 1 to ${x.rank} sparse axes, got ${sparseAxes}.`)
  }
  return lookNow('toSparseCoo', insteadOfSearch, () => {
    const dense = wrap(nodeOf(x))
    const sizes = x.shape.slice(0, sparseAxes)
    const rest = sizeOf(x.shape.slice(sparseAxes))
    const present =
      sparseAxes === x.rank
        ? dense.ne(0)
        : dense
            .ne(0)
            .reshape([...sizes, rest])
            .any(-1)
    const mask = nodeOf(present)
    const count = lookAt('toSparseCoo', insteadOfSearch, nonzeroCount(mask))
    const indices = wrap(nonzeroStatic(mask, count)).transpose(0, 1)
    return new SparseCoo(indices, wrap(ops.valuesAt(nodeOf(x), nodeOf(indices))), x.shape, true)
  })
}
