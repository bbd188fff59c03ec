/** Functions that join tensors, or lay several out against each other: wrappers over `ops/joining`, `grids`, `shape`. */
import type { DType } from '../core/dtype.js'
import { ShapeError } from '../core/errors.js'
import type { Shape } from '../core/shape.js'
import * as build from '../ir/build.js'
import type { Node } from '../ir/node.js'
import * as diagonals from '../ops/diagonal.js'
import * as grids from '../ops/grids.js'
import * as joining from '../ops/joining.js'
import * as shapes from '../ops/shape.js'
import { nodeOf, type TensorBase, wrap } from './base.js'
import type { CatResult, ShapesOf } from './join-shapes.js'
import type { Fits, ShapeOr } from './shape-types.js'
import type { Tensor } from './tensor.js'

function nodesOf(operation: string, tensors: readonly TensorBase[]): Node[] {
  if (Array.isArray(tensors)) return tensors.map(nodeOf)
  throw new ShapeError(`${operation}: expected a list of tensors, such as [x, y], got ${String(tensors)}.`)
}

/** The same as `cat`. */
export const concat = <const L extends readonly TensorBase[], const X extends number = 0>(
  tensors: L & Fits<CatResult<ShapesOf<L>, X>>,
  axis?: X,
): Tensor<ShapeOr<CatResult<ShapesOf<L>, X>>> =>
  wrap(joining.concat(nodesOf('concat', tensors), axis)) as Tensor<ShapeOr<CatResult<ShapesOf<L>, X>>>

/** Joins tensors along axis 1, vectors along axis 0. */
export const hstack = (tensors: readonly TensorBase[]): Tensor =>
  wrap(joining.hstack(nodesOf('hstack', tensors)))

/** Joins tensors along axis 0; vectors are rows. */
export const vstack = (tensors: readonly TensorBase[]): Tensor =>
  wrap(joining.vstack(nodesOf('vstack', tensors)))

/** Joins tensors along axis 2; vectors [n] count as [1, n, 1], matrices as [m, n, 1]. */
export const dstack = (tensors: readonly TensorBase[]): Tensor =>
  wrap(joining.dstack(nodesOf('dstack', tensors)))

/** Joins tensors along axis 1; vectors and 0-d tensors are columns. */
export const columnStack = (tensors: readonly TensorBase[]): Tensor =>
  wrap(joining.columnStack(nodesOf('columnStack', tensors)))

/** A matrix with the given ones on its diagonal, one after the other, and 0 elsewhere; vectors are rows. */
export const blockDiag = (...tensors: readonly TensorBase[]): Tensor =>
  wrap(joining.blockDiag(...tensors.map(nodeOf)))

/** The tensors stretched to their common shape. */
export const broadcastTensors = (...tensors: readonly TensorBase[]): Tensor[] =>
  shapes.broadcastTensors(...tensors.map(nodeOf)).map(wrap)

/** x with at least 1 axis: 0-d becomes [1]. */
export const atleast1d = (x: TensorBase): Tensor => wrap(shapes.atleast1d(nodeOf(x)))

/** x with at least 2 axes: 0-d becomes [1, 1], [n] becomes [1, n]. */
export const atleast2d = (x: TensorBase): Tensor => wrap(shapes.atleast2d(nodeOf(x)))

/** x with at least 3 axes: 0-d becomes [1, 1, 1], [n] becomes [1, n, 1], [m, n] becomes [m, n, 1]. */
export const atleast3d = (x: TensorBase): Tensor => wrap(shapes.atleast3d(nodeOf(x)))

/**
 * For vectors of n₀, n₁, … elements as many tensors (n₀, n₁, …), the k-th of which varies along axis k only. With
 * `indexing: 'xy'` (default 'ij') the first two axes change places, as in a picture.
 */
export const meshgrid = (tensors: readonly TensorBase[], options?: grids.MeshgridOptions): Tensor[] =>
  grids.meshgrid(nodesOf('meshgrid', tensors), options).map(wrap)

/** Every choice of one element of each vector, as rows. */
export const cartesianProd = (...tensors: readonly TensorBase[]): Tensor =>
  wrap(grids.cartesianProd(...tensors.map(nodeOf)))

/** All subsets of `r` (default 2) elements of a vector, as rows; an element may repeat with `withReplacement`. */
export const combinations = (x: TensorBase, r = 2, withReplacement = false): Tensor =>
  wrap(grids.combinations(nodeOf(x), r, withReplacement))

/** Matrices with the last axis on their diagonal; rows and columns become the given axes, by default the last two. */
export const diagEmbed = (x: TensorBase, offset = 0, axisA = -2, axisB = -1): Tensor =>
  wrap(diagonals.diagEmbed(nodeOf(x), offset, axisA, axisB))

export interface TriangleOptions {
  /** Default i64. */
  readonly dtype?: DType
}

/** Rows and columns (2, n) of the elements on and below a diagonal of a rows × columns matrix, row by row. */
export const trilIndices = (
  rows: number,
  columns: number,
  offset = 0,
  { dtype = 'i64' }: TriangleOptions = {},
): Tensor<readonly [2, number]> =>
  wrap(build.cast(diagonals.trilIndices(rows, columns, offset), dtype)) as Tensor<readonly [2, number]>

/** Rows and columns (2, n) of the elements on and above a diagonal of a rows × columns matrix, row by row. */
export const triuIndices = (
  rows: number,
  columns: number,
  offset = 0,
  { dtype = 'i64' }: TriangleOptions = {},
): Tensor<readonly [2, number]> =>
  wrap(build.cast(diagonals.triuIndices(rows, columns, offset), dtype)) as Tensor<readonly [2, number]>

/** The shape to which shapes broadcast. */
export const broadcastShapes = (...list: readonly Shape[]): number[] =>
  shapes.broadcastTensors(...list.map((s) => build.full(s, 0, 'bool')))[0]?.shape.slice() ?? []
