/** Losses that ask for a margin: ranking, embedding, multi-class and triplet losses. */
import { isFloat } from '../core/dtype.js'
import { DTypeError, ShapeError, ValueError } from '../core/errors.js'
import { formatShape, sameShape } from '../core/shape.js'
import * as b from '../ir/build.js'
import type { Node } from '../ir/node.js'
import { logSigmoid } from './activation.js'
import { fullPrecision } from './autocast.js'
import { pairwiseDistance } from './distances.js'
import { checkedIndex, take } from './indexing.js'
import { elementwiseLoss, notNegative, type Reduction, reduced } from './loss-reduction.js'
import {
  accumulationType,
  addLiteral,
  broadcastTogether,
  divLiteral,
  like,
  requireFloat,
  resultType,
  stretch,
} from './operand.js'

/** max(0, −t(x − y) + margin) for t = ±1. */
export function marginRankingLoss(
  x: Node,
  y: Node,
  target: Node,
  { margin = 0, reduction = 'mean' }: { margin?: number; reduction?: Reduction } = {},
): Node {
  return elementwiseLoss(
    'marginRankingLoss',
    b.sub(...(broadcastTogether('marginRankingLoss', fullPrecision(x), fullPrecision(y)) as [Node, Node])),
    target,
    reduction,
    (d, t) => {
      const loss = addLiteral(b.neg(b.mul(t, d)), margin)
      return b.where(b.lt(loss, like(loss, 0)), like(loss, 0), loss)
    },
  )
}

/** x where t = 1 and max(0, margin − x) where t = −1. */
export const hingeEmbeddingLoss = (
  input: Node,
  target: Node,
  { margin = 1, reduction = 'mean' }: { margin?: number; reduction?: Reduction } = {},
): Node =>
  elementwiseLoss('hingeEmbeddingLoss', input, target, reduction, (x, t) => {
    const far = b.sub(like(x, margin), x)
    return b.where(b.eq(t, like(t, 1)), x, b.where(b.lt(far, like(far, 0)), like(far, 0), far))
  })

/** log(1 + exp(−t·x)) for t = ±1. */
export const softMarginLoss = (
  input: Node,
  target: Node,
  { reduction = 'mean' }: { reduction?: Reduction } = {},
): Node =>
  elementwiseLoss('softMarginLoss', input, target, reduction, (x, t) => b.neg(logSigmoid(b.mul(t, x))))

/**
 * 1 − cos(x, y) where t = 1 and max(0, cos(x, y) − margin) where t = −1, for x and y (N, D) and t (N), or (D), (D)
 * and a 0-d t.
 */
export function cosineEmbeddingLoss(
  x1: Node,
  x2: Node,
  target: Node,
  { margin = 0, reduction = 'mean' }: { margin?: number; reduction?: Reduction } = {},
): Node {
  const [x, y] = [fullPrecision(x1), fullPrecision(x2)]
  requireFloat('cosineEmbeddingLoss', x)
  const rank = x.shape.length
  if (rank < 1 || rank > 2 || target.shape.length !== rank - 1 || y.shape.length !== rank) {
    throw new ShapeError(
      `cosineEmbeddingLoss: expected x and y (N, D) with a target (N), or (D) with a 0-d target, got ${formatShape(x.shape)}, ` +
        `${formatShape(y.shape)} and ${formatShape(target.shape)}.`,
    )
  }
  const dtype = resultType(x, y)
  const wide = accumulationType(dtype)
  const [p, q] = broadcastTogether('cosineEmbeddingLoss', b.cast(x, wide), b.cast(y, wide))
  const dot = (u: Node, v: Node): Node => b.reduceSum(b.mul(u, v), [rank - 1])
  const squares = (u: Node): Node => addLiteral(dot(u, u), 1e-12)
  const cosine = b.div(dot(p, q), b.sqrt(b.mul(squares(p), squares(q))))
  const t = stretch(b.cast(target, wide), cosine.shape)
  const near = b.sub(like(cosine, 1), cosine)
  const far = notNegative(addLiteral(cosine, -margin))
  const zero = like(cosine, 0)
  const losses = b.where(b.eq(t, like(t, 1)), near, b.where(b.eq(t, like(t, -1)), far, zero))
  return b.cast(reduced('cosineEmbeddingLoss', losses, reduction), dtype)
}

export interface MultiMarginOptions {
  /** Exponent: 1 (default) or 2. */
  readonly p?: 1 | 2
  /** Default 1. */
  readonly margin?: number
  /** Factor of each class, [C]. */
  readonly weight?: Node | null
  readonly reduction?: Reduction
}

/** Scores as (N, C), with the example axis added where there is none; the caller drops it again. */
function examples(operation: string, input: Node): { x: Node; single: boolean } {
  requireFloat(operation, input)
  const { shape } = input
  if (shape.length !== 1 && shape.length !== 2) {
    throw new ShapeError(`${operation}: expected an input (N, C) or (C), got shape ${formatShape(shape)}.`)
  }
  const x = b.cast(input, accumulationType(input.dtype))
  return shape.length === 1 ? { x: b.reshape(x, [1, ...shape]), single: true } : { x, single: false }
}

function requireIndices(operation: string, target: Node): void {
  if (isFloat(target.dtype) || target.dtype === 'bool') {
    throw new DTypeError(`${operation}: expected class indices as i64, i32 or u8, got ${target.dtype}.`)
  }
}

/** Σ over classes j ≠ t of w[t]·max(0, margin − x[t] + x[j])ᵖ/C, for scores (N, C) or (C) and class indices (N) or 0-d. */
export function multiMarginLoss(
  scores: Node,
  target: Node,
  { p = 1, margin = 1, weight = null, reduction = 'mean' }: MultiMarginOptions = {},
): Node {
  const operation = 'multiMarginLoss'
  const input = fullPrecision(scores)
  if (p !== 1 && p !== 2) throw new ValueError(`${operation}: expected p 1 or 2, got ${p as number}.`)
  requireIndices(operation, target)
  const { x, single } = examples(operation, input)
  const [n, c] = x.shape
  if (!sameShape(target.shape, input.shape.slice(0, -1))) {
    throw new ShapeError(
      `${operation}: an input ${formatShape(input.shape)} needs class indices of shape ${formatShape(input.shape.slice(0, -1))}, got ${formatShape(target.shape)}.`,
    )
  }
  if (weight !== null && !sameShape(weight.shape, [c])) {
    throw new ShapeError(
      `${operation}: expected class weights of shape [${c}], got ${formatShape(weight.shape)}.`,
    )
  }
  const index = checkedIndex(b.reshape(target, [n]), c)
  const chosen = b.eq(b.iota([n, c], 1, index.dtype), b.expand(b.reshape(index, [n, 1]), [n, c]))
  const own = b.reduceSum(b.where(chosen, x, like(x, 0)), [1])
  const gap = notNegative(addLiteral(b.sub(x, b.expand(b.reshape(own, [n, 1]), [n, c])), margin))
  const powers = b.where(chosen, like(x, 0), p === 1 ? gap : b.mul(gap, gap))
  let losses = divLiteral(b.reduceSum(powers, [1]), c)
  if (weight !== null) losses = b.mul(losses, take(b.cast(weight, x.dtype), index))
  const shaped = single ? b.reshape(losses, []) : losses
  return b.cast(reduced(operation, shaped, reduction), input.dtype)
}

/**
 * Σ over target classes j and other classes i of max(0, 1 − x[j] + x[i])/C. Targets (N, C) or (C) list class indices;
 * the first −1 ends the list.
 */
export function multilabelMarginLoss(
  prediction: Node,
  target: Node,
  { reduction = 'mean' }: { reduction?: Reduction } = {},
): Node {
  const operation = 'multilabelMarginLoss'
  const input = fullPrecision(prediction)
  requireIndices(operation, target)
  if (!sameShape(target.shape, input.shape)) {
    throw new ShapeError(
      `${operation}: expected targets of the input's shape ${formatShape(input.shape)}, got ${formatShape(target.shape)}.`,
    )
  }
  const { x, single } = examples(operation, input)
  const [n, c] = x.shape
  const t = b.reshape(target.dtype === 'u8' ? b.cast(target, 'i32') : target, [n, c])
  const negative = b.cast(b.lt(t, like(t, 0)), 'i32')
  const ended = b.cumMax(negative, 1, false)
  const listed = b.eq(ended, like(ended, 0))
  const index = checkedIndex(b.where(listed, t, like(t, 0)), c)
  const cube = [n, c, c]
  const alongTargets = (y: Node): Node => b.expand(b.reshape(y, [n, c, 1]), cube)
  const alongClasses = (y: Node): Node => b.expand(b.reshape(y, [n, 1, c]), cube)
  const hits = b.and(alongTargets(listed), b.eq(alongTargets(index), b.iota(cube, 2, index.dtype)))
  const isTarget = b.lt(b.full([n, c], 0, 'i32'), b.reduceSum(b.cast(hits, 'i32'), [1]))
  const scores = b.gather(x, index, 1)
  const gap = notNegative(addLiteral(b.sub(alongClasses(x), alongTargets(scores)), 1))
  const counted = b.and(alongTargets(listed), b.logicalNot(alongClasses(isTarget)))
  const losses = divLiteral(b.reduceSum(b.where(counted, gap, like(gap, 0)), [1, 2]), c)
  const shaped = single ? b.reshape(losses, []) : losses
  return b.cast(reduced(operation, shaped, reduction), input.dtype)
}

/** −Σ over classes of w·(t·log σ(x) + (1 − t)·log σ(−x))/C for logits and targets (…, C). */
export function multilabelSoftMarginLoss(
  input: Node,
  target: Node,
  { weight = null, reduction = 'mean' }: { weight?: Node | null; reduction?: Reduction } = {},
): Node {
  const operation = 'multilabelSoftMarginLoss'
  if (input.shape.length === 0)
    throw new ShapeError(`${operation}: expected an input (…, C), got a 0-d tensor.`)
  const losses = elementwiseLoss(operation, input, target, 'none', (x, t) => {
    const hit = b.mul(t, logSigmoid(x))
    const miss = b.mul(b.sub(like(t, 1), t), logSigmoid(b.neg(x)))
    const each = b.neg(b.add(hit, miss))
    const weighted = weight === null ? each : b.mul(each, stretch(b.cast(weight, each.dtype), each.shape))
    const axis = each.shape.length - 1
    return divLiteral(b.reduceSum(weighted, [axis]), each.shape[axis])
  })
  return reduced(operation, losses, reduction)
}

export interface TripletMarginOptions {
  /** Default 1. */
  readonly margin?: number
  /** Take the smaller of the negative's distances to the anchor and to the positive. Default false. */
  readonly swap?: boolean
  readonly reduction?: Reduction
}

/** max(0, margin + d(a, p) − d(a, n)) with the p-norm distance of `pairwiseDistance`. */
export const tripletMarginLoss = (
  anchor: Node,
  positive: Node,
  negative: Node,
  { p = 2, eps = 1e-6, ...options }: TripletMarginOptions & { p?: number; eps?: number } = {},
): Node =>
  tripletMarginWithDistanceLoss(anchor, positive, negative, {
    ...options,
    distanceFunction: (x, y) => pairwiseDistance(x, y, { p, eps }),
  })

/** max(0, margin + d(a, p) − d(a, n)) with a distance of your own. */
export function tripletMarginWithDistanceLoss(
  first: Node,
  near: Node,
  far: Node,
  {
    distanceFunction = pairwiseDistance,
    margin = 1,
    swap = false,
    reduction = 'mean',
  }: TripletMarginOptions & { distanceFunction?: (x: Node, y: Node) => Node } = {},
): Node {
  const operation = 'tripletMarginLoss'
  const [anchor, positive, negative] = [first, near, far].map(fullPrecision)
  requireFloat(operation, anchor)
  const toPositive = distanceFunction(anchor, positive)
  let toNegative = distanceFunction(anchor, negative)
  if (swap) toNegative = b.minimum(toNegative, distanceFunction(positive, negative))
  return reduced(operation, notNegative(addLiteral(b.sub(toPositive, toNegative), margin)), reduction)
}
