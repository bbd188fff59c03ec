/**
 * Reductions over groups of rows: element i of a 1-d integer node says to which segment row i belongs, in any order.
 * The number of segments is given, since it must not depend on data.
 */
import { ShapeError } from '../core/errors.js'
import { checkShape, formatShape } from '../core/shape.js'
import * as b from '../ir/build.js'
import type { Node } from '../ir/node.js'
import { indexSelect } from './indexing.js'
import { inAccumulationType, requireFloat, requireRank } from './operand.js'
import { indexReduce, type ScatterReduction } from './scattering.js'

function segmentReduce(
  operation: string,
  data: Node,
  segmentIds: Node,
  numSegments: number,
  reduce: ScatterReduction,
): Node {
  requireRank(operation, data, 1, Number.POSITIVE_INFINITY)
  checkShape([numSegments], operation)
  if (segmentIds.shape.length !== 1 || segmentIds.shape[0] !== data.shape[0]) {
    throw new ShapeError(
      `${operation}: expected one segment number for each of the ${data.shape[0]} rows of ${formatShape(data.shape)}, got shape ${formatShape(segmentIds.shape)}.`,
    )
  }
  const empty = b.full([numSegments, ...data.shape.slice(1)], 0, data.dtype)
  return indexReduce(empty, 0, segmentIds, data, reduce, { includeSelf: reduce === 'sum' })
}

/** Row s is the sum of the rows of segment s: (n, …) → (numSegments, …); 0 for a segment without rows. */
export const segmentSum = (data: Node, segmentIds: Node, numSegments: number): Node =>
  segmentReduce('segmentSum', data, segmentIds, numSegments, 'sum')

/** Row s is the mean of the rows of segment s; 0 for a segment without rows. */
export const segmentMean = (data: Node, segmentIds: Node, numSegments: number): Node =>
  segmentReduce('segmentMean', data, segmentIds, numSegments, 'mean')

/** Row s has the largest elements of the rows of segment s, ties sharing the gradient; 0 for a segment without rows. */
export const segmentMax = (data: Node, segmentIds: Node, numSegments: number): Node =>
  segmentReduce('segmentMax', data, segmentIds, numSegments, 'amax')

/** Row s has the smallest elements of the rows of segment s, ties sharing the gradient; 0 for a segment without rows. */
export const segmentMin = (data: Node, segmentIds: Node, numSegments: number): Node =>
  segmentReduce('segmentMin', data, segmentIds, numSegments, 'amin')

/**
 * e^x / Σ e^x over the rows of the same segment, for each column: (n, …) → (n, …). The largest of the segment is taken
 * off first, so that nothing overflows.
 */
export function segmentSoftmax(data: Node, segmentIds: Node, numSegments: number): Node {
  requireFloat('segmentSoftmax', data)
  return inAccumulationType(data, (x) => {
    const ofSegment = (segments: Node): Node => indexSelect(segments, 0, segmentIds)
    const largest = b.stopGradient(segmentMax(x, segmentIds, numSegments))
    const e = b.exp(b.sub(x, ofSegment(largest)))
    return b.div(e, ofSegment(segmentSum(e, segmentIds, numSegments)))
  })
}
