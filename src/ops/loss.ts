/**
 * Losses. All take `reduction` 'mean' (default), 'sum' or 'none', compute half types in f32, and are written so that
 * neither value nor gradient overflows.
 */
import { isFloat } from '../core/dtype.js'
import { DTypeError, ShapeError, ValueError } from '../core/errors.js'
import { formatShape, range, sameShape } from '../core/shape.js'
import * as b from '../ir/build.js'
import type { Node } from '../ir/node.js'
import { logSigmoid } from './activation.js'
import { checkedIndex, take } from './indexing.js'
import {
  accumulationType,
  addLiteral,
  broadcastTogether,
  divLiteral,
  like,
  mulLiteral,
  requireFloat,
  resultType,
  stretch,
} from './operand.js'
import { keptShape, mean, sum } from './reductions.js'
import { logSoftmax, shifted } from './softmax.js'

export type Reduction = 'mean' | 'sum' | 'none'

/** The losses of elements, summed up as asked. */
function reduced(operation: string, losses: Node, reduction: Reduction): Node {
  switch (reduction) {
    case 'none':
      return losses
    case 'sum':
      return sum(losses)
    case 'mean':
      return mean(losses)
    default:
      throw new ValueError(
        `${operation}: expected reduction 'mean', 'sum' or 'none', got '${reduction as string}'.`,
      )
  }
}

/** Input and target in one float dtype and shape; `fn` gives the loss of each element. */
function elementwise(
  operation: string,
  input: Node,
  target: Node,
  reduction: Reduction,
  fn: (x: Node, t: Node) => Node,
): Node {
  requireFloat(operation, input)
  const dtype = resultType(input, target)
  const wide = accumulationType(dtype)
  const [x, t] = broadcastTogether(operation, b.cast(input, wide), b.cast(target, wide))
  return b.cast(reduced(operation, fn(x, t), reduction), dtype)
}

/** (x − t)². */
export const mseLoss = (
  input: Node,
  target: Node,
  { reduction = 'mean' }: { reduction?: Reduction } = {},
): Node =>
  elementwise('mseLoss', input, target, reduction, (x, t) => {
    const d = b.sub(x, t)
    return b.mul(d, d)
  })

/** |x − t|. */
export const l1Loss = (
  input: Node,
  target: Node,
  { reduction = 'mean' }: { reduction?: Reduction } = {},
): Node => elementwise('l1Loss', input, target, reduction, (x, t) => b.abs(b.sub(x, t)))

/** d²/2β where |d| < β, else |d| − β/2 with d = x − t; β = 0 gives |d| (Girshick 2015). */
export function smoothL1Loss(
  input: Node,
  target: Node,
  { reduction = 'mean', beta = 1 }: { reduction?: Reduction; beta?: number } = {},
): Node {
  if (!(beta >= 0)) throw new ValueError(`smoothL1Loss: expected beta ≥ 0, got ${beta}.`)
  if (beta === 0) return l1Loss(input, target, { reduction })
  return elementwise('smoothL1Loss', input, target, reduction, (x, t) => {
    const d = b.sub(x, t)
    const distance = b.abs(d)
    return b.where(
      b.lt(distance, like(d, beta)),
      mulLiteral(b.mul(d, d), 0.5 / beta),
      addLiteral(distance, -0.5 * beta),
    )
  })
}

/** d²/2 where |d| < δ, else δ(|d| − δ/2) with d = x − t (Huber 1964). */
export function huberLoss(
  input: Node,
  target: Node,
  { reduction = 'mean', delta = 1 }: { reduction?: Reduction; delta?: number } = {},
): Node {
  if (!(delta > 0)) throw new ValueError(`huberLoss: expected delta > 0, got ${delta}.`)
  return elementwise('huberLoss', input, target, reduction, (x, t) => {
    const d = b.sub(x, t)
    const distance = b.abs(d)
    const outside = mulLiteral(addLiteral(distance, -0.5 * delta), delta)
    return b.where(b.lt(distance, like(d, delta)), mulLiteral(b.mul(d, d), 0.5), outside)
  })
}

/** −w(t·log x + (1 − t)·log(1 − x)) for probabilities x, logarithms not below −100 (as PyTorch). */
export function binaryCrossEntropy(
  input: Node,
  target: Node,
  { weight = null, reduction = 'mean' }: { weight?: Node | null; reduction?: Reduction } = {},
): Node {
  return elementwise('binaryCrossEntropy', input, target, reduction, (x, t) => {
    const atLeast = (y: Node): Node => b.where(b.lt(y, like(y, -100)), like(y, -100), y)
    const one = like(x, 1)
    const hit = b.mul(t, atLeast(b.log(x)))
    const miss = b.mul(b.sub(one, t), atLeast(b.log1p(b.neg(x))))
    const losses = b.neg(b.add(hit, miss))
    return weight ? b.mul(losses, stretch(b.cast(weight, losses.dtype), losses.shape)) : losses
  })
}

export interface BceWithLogitsOptions {
  /** Factor of each element's loss; broadcasts. */
  readonly weight?: Node | null
  /** Factor of the positive part, one a class; broadcasts. */
  readonly posWeight?: Node | null
  readonly reduction?: Reduction
}

/** −w(p·t·log σ(x) + (1 − t)·log(1 − σ(x))) for logits x, through log σ so that nothing overflows. */
export function bceWithLogits(
  logits: Node,
  target: Node,
  { weight = null, posWeight = null, reduction = 'mean' }: BceWithLogitsOptions = {},
): Node {
  return elementwise('bceWithLogits', logits, target, reduction, (x, t) => {
    // (1 − t)x − (1 + (p − 1)t)·log σ(x)
    const rest = b.mul(b.sub(like(t, 1), t), x)
    const log = logSigmoid(x)
    const positive =
      posWeight === null
        ? log
        : b.mul(addLiteral(b.mul(addLiteral(stretch(b.cast(posWeight, t.dtype), t.shape), -1), t), 1), log)
    const losses = b.sub(rest, positive)
    return weight ? b.mul(losses, stretch(b.cast(weight, losses.dtype), losses.shape)) : losses
  })
}

/**
 * Kullback–Leibler divergence t·(log t − x) where x are log-probabilities (0 where t = 0); with `logTarget`, t is
 * given as log t. 'batchmean' divides the sum by the size of axis 0.
 */
export function klDiv(
  input: Node,
  target: Node,
  {
    reduction = 'mean',
    logTarget = false,
  }: { reduction?: Reduction | 'batchmean'; logTarget?: boolean } = {},
): Node {
  const total = elementwise('klDiv', input, target, reduction === 'batchmean' ? 'sum' : reduction, (x, t) => {
    if (logTarget) return b.mul(b.exp(t), b.sub(t, x))
    const isZero = b.eq(t, like(t, 0))
    const entropy = b.where(isZero, like(t, 0), b.mul(t, b.log(b.where(isZero, like(t, 1), t))))
    return b.sub(entropy, b.mul(t, x))
  })
  return reduction === 'batchmean' ? divLiteral(total, input.shape[0]) : total
}

/** Poisson likelihood: exp(x) − t·x for log rates x, or x − t·log(x + 1e-8) with logInput false. */
export const poissonNllLoss = (
  input: Node,
  target: Node,
  { logInput = true, reduction = 'mean' }: { logInput?: boolean; reduction?: Reduction } = {},
): Node =>
  elementwise('poissonNllLoss', input, target, reduction, (x, t) =>
    logInput ? b.sub(b.exp(x), b.mul(t, x)) : b.sub(x, b.mul(t, b.log(addLiteral(x, 1e-8)))),
  )

/** max(0, −t(x − y) + margin) for t = ±1. */
export function marginRankingLoss(
  x: Node,
  y: Node,
  target: Node,
  { margin = 0, reduction = 'mean' }: { margin?: number; reduction?: Reduction } = {},
): Node {
  return elementwise(
    'marginRankingLoss',
    b.sub(...(broadcastTogether('marginRankingLoss', x, y) as [Node, Node])),
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
  elementwise('hingeEmbeddingLoss', input, target, reduction, (x, t) => {
    const far = b.sub(like(x, margin), x)
    return b.where(b.eq(t, like(t, 1)), x, b.where(b.lt(far, like(far, 0)), like(far, 0), far))
  })

// ---------------------------------------------------------------- classification

export interface NllLossOptions {
  /** Weight of each class, shape [C]. */
  readonly weight?: Node | null
  /** Targets with this value count for nothing. Default −100. */
  readonly ignoreIndex?: number
  readonly reduction?: Reduction
}

export interface CrossEntropyOptions extends NllLossOptions {
  /** Share of every class in the target, from 0 to 1 (Szegedy et al. 2016). Default 0. */
  readonly labelSmoothing?: number
}

/** Where the classes are: axis 1, or axis 0 of a single example. */
const classAxisOf = (x: Node): number => (x.shape.length === 1 ? 0 : 1)

interface ClassTargets {
  /** bool of the scores' shape: true at the target class. */
  readonly chosen: Node
  /** Weight of each example: its class weight, 0 where ignored. Shape of the target. */
  readonly weights: Node
}

/**
 * Class indices as a mask over the scores. The mask fuses with the reduction that picks (and its gradient), where a
 * gather would stand alone; the indices pass through a small gather first, so that a bad one is an error at run time.
 */
function classTargets(
  operation: string,
  scores: Node,
  target: Node,
  { weight, ignoreIndex = -100 }: NllLossOptions,
): ClassTargets {
  const axis = classAxisOf(scores)
  const classes = scores.shape[axis]
  const expected = scores.shape.filter((_, i) => i !== axis)
  if (scores.shape.length === 0 || !sameShape(target.shape, expected)) {
    throw new ShapeError(
      `${operation}: input ${formatShape(scores.shape)} needs class indices of shape ${formatShape(expected)}, got ${formatShape(target.shape)}. ` +
        'Probabilities as target need the shape of the input and a float dtype.',
    )
  }
  if (isFloat(target.dtype) || target.dtype === 'bool') {
    throw new DTypeError(
      `${operation}: expected class indices as i64, i32 or u8, got ${target.dtype}. Cast with .to('i64').`,
    )
  }
  if (weight && !sameShape(weight.shape, [classes])) {
    throw new ShapeError(
      `${operation}: expected class weights of shape [${classes}], got ${formatShape(weight.shape)}.`,
    )
  }
  const index = target.dtype === 'u8' ? b.cast(target, 'i32') : target
  const ignored = b.eq(index, like(index, ignoreIndex))
  const safe = checkedIndex(b.where(ignored, like(index, 0), index), classes)
  const kept = keptShape(scores.shape, [axis])
  const chosen = b.eq(b.iota(scores.shape, axis, safe.dtype), b.expand(b.reshape(safe, kept), scores.shape))
  const perClass = weight ? take(b.cast(weight, scores.dtype), safe) : b.literal(index, 1, scores.dtype)
  return { chosen, weights: b.where(ignored, b.literal(index, 0, scores.dtype), perClass) }
}

/** The element of each example at its target class, without the class axis. */
const pick = (chosen: Node, x: Node, axis: number): Node =>
  b.reduceSum(b.where(chosen, x, like(x, 0)), [axis])

const stretchClasses = (weight: Node, scores: Node, axis: number): Node =>
  b.expand(
    b.reshape(
      weight,
      scores.shape.map((n, i) => (i === axis ? n : 1)),
    ),
    scores.shape,
  )

/** Sum or weighted mean of the losses of examples. */
function reducedByWeight(operation: string, losses: Node, weights: Node, reduction: Reduction): Node {
  if (reduction === 'mean') return b.div(sum(losses), sum(weights))
  return reduced(operation, losses, reduction)
}

/** −w·x[target] for log-probabilities x (N, C, …); the mean divides by the sum of the weights. */
export function nllLoss(input: Node, target: Node, options: NllLossOptions = {}): Node {
  requireFloat('nllLoss', input)
  const x = b.cast(input, accumulationType(input.dtype))
  const { chosen, weights } = classTargets('nllLoss', x, target, options)
  const losses = b.neg(b.mul(pick(chosen, x, classAxisOf(x)), weights))
  return b.cast(reducedByWeight('nllLoss', losses, weights, options.reduction ?? 'mean'), input.dtype)
}

/**
 * Cross entropy −w·log softmax(logits)[target] over classes on axis 1 (axis 0 of a 1-d input). Targets are class
 * indices (N, …) or probabilities of the logits' shape. `labelSmoothing` ε mixes the target with the uniform
 * distribution: (1 − ε)·t + ε/C. The mean divides by the sum of the examples' weights (index targets) or the number of
 * examples (probabilities).
 */
export function crossEntropy(logits: Node, target: Node, options: CrossEntropyOptions = {}): Node {
  requireFloat('crossEntropy', logits)
  const { weight = null, reduction = 'mean', labelSmoothing = 0 } = options
  if (!(labelSmoothing >= 0 && labelSmoothing <= 1)) {
    throw new ValueError(`crossEntropy: expected labelSmoothing from 0 to 1, got ${labelSmoothing}.`)
  }
  const x = b.cast(logits, accumulationType(logits.dtype))
  const axis = classAxisOf(x)
  if (isFloat(target.dtype))
    return b.cast(crossEntropyOfProbabilities(x, target, axis, options), logits.dtype)

  const classes = x.shape[axis]
  const { chosen, weights } = classTargets('crossEntropy', x, target, options)
  const s = shifted(x, axis)
  const logTotal = b.log(b.reduceSum(b.exp(s), [axis]))
  // −log softmax at the target: picked before the logarithm is subtracted, so that one pass over the classes serves both.
  const hard = b.mul(b.sub(logTotal, pick(chosen, s, axis)), weights)
  if (labelSmoothing === 0)
    return b.cast(reducedByWeight('crossEntropy', hard, weights, reduction), logits.dtype)

  const classWeights = weight === null ? null : stretchClasses(b.cast(weight, x.dtype), x, axis)
  const negativeLog = b.sub(b.expand(b.reshape(logTotal, keptShape(x.shape, [axis])), x.shape), s)
  const everyClass = b.reduceSum(classWeights === null ? negativeLog : b.mul(negativeLog, classWeights), [
    axis,
  ])
  // An ignored example has weight 0; a class of weight 0 still takes its share of the smoothing.
  const ignored = b.eq(target, like(target, options.ignoreIndex ?? -100))
  const soft = b.where(ignored, like(everyClass, 0), everyClass)
  const losses = b.add(mulLiteral(hard, 1 - labelSmoothing), mulLiteral(soft, labelSmoothing / classes))
  return b.cast(reducedByWeight('crossEntropy', losses, weights, reduction), logits.dtype)
}

function crossEntropyOfProbabilities(
  x: Node,
  target: Node,
  axis: number,
  options: CrossEntropyOptions,
): Node {
  const { weight = null, reduction = 'mean', labelSmoothing = 0 } = options
  if (!sameShape(x.shape, target.shape)) {
    throw new ShapeError(
      `crossEntropy: probabilities as target need the input's shape ${formatShape(x.shape)}, got ${formatShape(target.shape)}. ` +
        "Class indices need an integer dtype: cast with .to('i64').",
    )
  }
  const classes = x.shape[axis]
  let t = b.cast(target, x.dtype)
  if (labelSmoothing > 0) t = addLiteral(mulLiteral(t, 1 - labelSmoothing), labelSmoothing / classes)
  if (weight !== null) t = b.mul(t, stretchClasses(b.cast(weight, x.dtype), x, axis))
  const losses = b.neg(b.reduceSum(b.mul(logSoftmax(x, axis), t), [axis]))
  if (reduction === 'mean')
    return divLiteral(
      sum(losses),
      range(losses.shape.length).reduce((n, i) => n * losses.shape[i], 1),
    )
  return reduced('crossEntropy', losses, reduction)
}
