/** Losses of scores against classes: log-likelihood and cross entropy. */
import { isFloat } from '../core/dtype.js'
import { DTypeError, ShapeError, ValueError } from '../core/errors.js'
import { formatShape, range, sameShape } from '../core/shape.js'
import * as b from '../ir/build.js'
import type { Node } from '../ir/node.js'
import { fullPrecision } from './autocast.js'
import { checkedIndex, take } from './indexing.js'
import { type Reduction, reduced } from './loss-reduction.js'
import { accumulationType, addLiteral, divLiteral, like, mulLiteral, requireFloat } from './operand.js'
import { keptShape, sum } from './reductions.js'
import { logSoftmax, shifted } from './softmax.js'

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
export function nllLoss(logProbabilities: Node, target: Node, options: NllLossOptions = {}): Node {
  const input = fullPrecision(logProbabilities)
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
export function crossEntropy(scores: Node, target: Node, options: CrossEntropyOptions = {}): Node {
  const logits = fullPrecision(scores)
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
