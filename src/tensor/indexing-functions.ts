/** Functions that search, and that reduce groups of rows: wrappers over `ops/searching` and `ops/segments`. */
import * as searching from '../ops/searching.js'
import * as segments from '../ops/segments.js'
import { nodeOf, type Operand, operand, type TensorBase, wrap } from './base.js'
import type { Tensor } from './tensor.js'

export interface SearchSortedOptions extends searching.SearchOptions {
  /** 'left' (default) or 'right': another way to say `right`. */
  readonly side?: 'left' | 'right'
  /** The positions that sort an unsorted sequence, as `argsort` gives them. */
  readonly sorter?: TensorBase
}

/**
 * For each value the index (i64) at which it would be inserted to keep the sequence (…, n) sorted: how many elements
 * are < value, or ≤ value with `right`. A 1-d sequence serves values of any shape; otherwise they are (…, m) with the
 * same leading sizes. A NaN belongs behind everything.
 */
export const searchsorted = (
  sequence: TensorBase,
  values: Operand,
  { sorter, ...options }: SearchSortedOptions = {},
): Tensor =>
  wrap(
    searching.searchsorted(nodeOf(sequence), operand(values), {
      ...options,
      ...(sorter && { sorter: nodeOf(sorter) }),
    }),
  )

/**
 * The number of the bucket of each value between sorted boundaries: i with boundaries[i-1] < x ≤ boundaries[i], or with
 * `right` boundaries[i-1] ≤ x < boundaries[i].
 */
export const bucketize = (x: Operand, boundaries: TensorBase, options?: searching.SearchOptions): Tensor =>
  wrap(searching.bucketize(operand(x), nodeOf(boundaries), options))

/** Row s is the sum of the rows of segment s, for (n, …) data and n segment numbers in any order; 0 without rows. */
export const segmentSum = (data: TensorBase, segmentIds: TensorBase, numSegments: number): Tensor =>
  wrap(segments.segmentSum(nodeOf(data), nodeOf(segmentIds), numSegments))

/** Row s is the mean of the rows of segment s; 0 for a segment without rows. */
export const segmentMean = (data: TensorBase, segmentIds: TensorBase, numSegments: number): Tensor =>
  wrap(segments.segmentMean(nodeOf(data), nodeOf(segmentIds), numSegments))

/** Row s has the largest elements of the rows of segment s, ties sharing the gradient; 0 for a segment without rows. */
export const segmentMax = (data: TensorBase, segmentIds: TensorBase, numSegments: number): Tensor =>
  wrap(segments.segmentMax(nodeOf(data), nodeOf(segmentIds), numSegments))

/** Row s has the smallest elements of the rows of segment s, ties sharing the gradient; 0 for a segment without rows. */
export const segmentMin = (data: TensorBase, segmentIds: TensorBase, numSegments: number): Tensor =>
  wrap(segments.segmentMin(nodeOf(data), nodeOf(segmentIds), numSegments))

/** e^x / Σ e^x over the rows of the same segment, for (n, …) data and n segment numbers in any order: (n, …). */
export const segmentSoftmax = (data: TensorBase, segmentIds: TensorBase, numSegments: number): Tensor =>
  wrap(segments.segmentSoftmax(nodeOf(data), nodeOf(segmentIds), numSegments))
