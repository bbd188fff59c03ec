/**
 * Losses of predictions against targets of the same shape. All take `reduction` 'mean' (default), 'sum' or 'none',
 * compute half types in f32, and are written so that neither value nor gradient overflows.
 */
import { ShapeError, ValueError } from '../core/errors.js'
import { formatShape, sameShape } from '../core/shape.js'
import * as b from '../ir/build.js'
import type { Node } from '../ir/node.js'
import { logSigmoid } from './activation.js'
import { autocastDType, fullPrecision } from './autocast.js'
import { elementwiseLoss, type Reduction, reduced } from './loss-reduction.js'
import {
  accumulationType,
  addLiteral,
  divLiteral,
  like,
  mulLiteral,
  requireFloat,
  stretch,
} from './operand.js'

/** (x − t)². */
export const mseLoss = (
  input: Node,
  target: Node,
  { reduction = 'mean' }: { reduction?: Reduction } = {},
): Node =>
  elementwiseLoss('mseLoss', input, target, reduction, (x, t) => {
    const d = b.sub(x, t)
    return b.mul(d, d)
  })

/** |x − t|. */
export const l1Loss = (
  input: Node,
  target: Node,
  { reduction = 'mean' }: { reduction?: Reduction } = {},
): Node => elementwiseLoss('l1Loss', input, target, reduction, (x, t) => b.abs(b.sub(x, t)))

/** d²/2β where |d| < β, else |d| − β/2 with d = x − t; β = 0 gives |d| (Girshick 2015). */
export function smoothL1Loss(
  input: Node,
  target: Node,
  { reduction = 'mean', beta = 1 }: { reduction?: Reduction; beta?: number } = {},
): Node {
  if (!(beta >= 0)) throw new ValueError(`smoothL1Loss: expected beta ≥ 0, got ${beta}.`)
  if (beta === 0) return l1Loss(input, target, { reduction })
  return elementwiseLoss('smoothL1Loss', input, target, reduction, (x, t) => {
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
  return elementwiseLoss('huberLoss', input, target, reduction, (x, t) => {
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
  if (autocastDType() !== null) {
    throw new ValueError(
      'binaryCrossEntropy: expected no autocast, in which probabilities near 0 and 1 are rounded away. Use bceWithLogits ' +
        'on logits, or call it outside of autocast.',
    )
  }
  return elementwiseLoss('binaryCrossEntropy', input, target, reduction, (x, t) => {
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
  return elementwiseLoss('bceWithLogits', logits, target, reduction, (x, t) => {
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
  const total = elementwiseLoss(
    'klDiv',
    input,
    target,
    reduction === 'batchmean' ? 'sum' : reduction,
    (x, t) => {
      if (logTarget) return b.mul(b.exp(t), b.sub(t, x))
      const isZero = b.eq(t, like(t, 0))
      const entropy = b.where(isZero, like(t, 0), b.mul(t, b.log(b.where(isZero, like(t, 1), t))))
      return b.sub(entropy, b.mul(t, x))
    },
  )
  return reduction === 'batchmean' ? divLiteral(total, input.shape[0]) : total
}

/**
 * Negative log-likelihood of a Poisson distribution: exp(x) − t·x for log rates x, or x − t·log(x + ε) with logInput
 * false. `full` adds Stirling's approximation of log t!, t·log t − t + log(2πt)/2, where t > 1. ε = 1e-8.
 */
export const poissonNllLoss = (
  input: Node,
  target: Node,
  {
    logInput = true,
    full = false,
    eps = 1e-8,
    reduction = 'mean',
  }: { logInput?: boolean; full?: boolean; eps?: number; reduction?: Reduction } = {},
): Node =>
  elementwiseLoss('poissonNllLoss', input, target, reduction, (x, t) => {
    const loss = logInput ? b.sub(b.exp(x), b.mul(t, x)) : b.sub(x, b.mul(t, b.log(addLiteral(x, eps))))
    if (!full) return loss
    const large = b.lt(like(t, 1), t)
    const safe = b.where(large, t, like(t, 1))
    const log = b.log(safe)
    const stirling = b.add(
      b.sub(b.mul(safe, log), safe),
      mulLiteral(addLiteral(log, Math.log(2 * Math.PI)), 0.5),
    )
    return b.add(loss, b.where(large, stirling, like(t, 0)))
  })

/**
 * Negative log-likelihood of a normal distribution: (log v + (x − t)²/v)/2 with v = max(variance, ε) (the gradient of
 * the variance does not see the limit), plus log(2π)/2 when `full`. The variance has the input's shape, or 1 as its
 * last size, or no last axis. ε = 1e-6.
 */
export function gaussianNllLoss(
  mean: Node,
  target: Node,
  variance: Node,
  {
    full = false,
    eps = 1e-6,
    reduction = 'mean',
  }: { full?: boolean; eps?: number; reduction?: Reduction } = {},
): Node {
  const input = fullPrecision(mean)
  requireFloat('gaussianNllLoss', input)
  if (!(eps > 0)) throw new ValueError(`gaussianNllLoss: expected eps above 0, got ${eps}.`)
  const lead = input.shape.slice(0, -1)
  const kept = [...lead, 1]
  const given = variance.shape
  if (!sameShape(given, input.shape) && !sameShape(given, kept) && !sameShape(given, lead)) {
    throw new ShapeError(
      `gaussianNllLoss: expected a variance of shape ${formatShape(input.shape)}, ${formatShape(kept)} or ${formatShape(lead)}, got ${formatShape(given)}.`,
    )
  }
  const wide = accumulationType(input.dtype)
  const v = stretch(
    b.cast(sameShape(given, input.shape) ? variance : b.reshape(variance, kept), wide),
    input.shape,
  )
  const limited = b.maximum(v, like(v, eps))
  const safe = b.add(v, b.stopGradient(b.sub(limited, v)))
  const losses = elementwiseLoss('gaussianNllLoss', b.cast(input, wide), target, 'none', (x, t) => {
    const d = b.sub(x, t)
    const loss = mulLiteral(b.add(b.log(safe), b.div(b.mul(d, d), safe)), 0.5)
    return full ? addLiteral(loss, 0.5 * Math.log(2 * Math.PI)) : loss
  })
  return b.cast(reduced('gaussianNllLoss', losses, reduction), input.dtype)
}
