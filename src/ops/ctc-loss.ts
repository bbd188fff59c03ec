/**
 * Connectionist temporal classification (Graves et al. 2006): the likelihood of a label sequence over all its
 * alignments with the input, by the forward recursion in log space as one `scan`.
 */
import { isFloat } from '../core/dtype.js'
import { DTypeError, ShapeError, ValueError } from '../core/errors.js'
import { formatShape, sameShape } from '../core/shape.js'
import * as b from '../ir/build.js'
import type { Node } from '../ir/node.js'
import { fullPrecision } from './autocast.js'
import { type Reduction, reduced } from './loss-reduction.js'
import { accumulationType, like, requireFloat, stretch } from './operand.js'

export interface CtcLossOptions {
  /** The class of the blank. Default 0. */
  readonly blank?: number
  /** 'mean' (default) divides each loss by its target length and averages. */
  readonly reduction?: Reduction
  /** Impossible alignments count 0, with no gradient, and not infinity. Default false. */
  readonly zeroInfinity?: boolean
}

/** log Σ exp of nodes of one shape, where −∞ are allowed and give no NaN. */
function logAddExp(...xs: readonly Node[]): Node {
  const lowest = like(xs[0], Number.NEGATIVE_INFINITY)
  const largest = b.stopGradient(xs.reduce((p, q) => b.maximum(p, q)))
  const shift = b.where(b.eq(largest, lowest), like(largest, 0), largest)
  const total = xs.map((x) => b.exp(b.sub(x, shift))).reduce((p, q) => b.add(p, q))
  const none = b.eq(total, like(total, 0))
  return b.where(none, lowest, b.add(b.log(b.where(none, like(total, 1), total)), shift))
}

/** x one (or more) places later along axis 1, with −∞ before. */
const later = (x: Node, by: number): Node => {
  const kept = b.sliceAxis(x, 1, 0, Math.max(0, x.shape[1] - by))
  return b.pad(kept, [0, x.shape[1] - kept.shape[1]], [0, 0], [0, 0], Number.NEGATIVE_INFINITY)
}

function checkArguments(logProbs: Node, targets: Node, lengths: readonly Node[], blank: number): void {
  const [, n, c] = logProbs.shape
  for (const x of [targets, ...lengths]) {
    if (isFloat(x.dtype) || x.dtype === 'bool') {
      throw new DTypeError(`ctcLoss: expected targets and lengths as integers, got ${x.dtype}.`)
    }
  }
  if (targets.shape.length !== 2 || targets.shape[0] !== n || lengths.some((l) => !sameShape(l.shape, [n]))) {
    throw new ShapeError(
      `ctcLoss: log probabilities (T, N, C) of shape ${formatShape(logProbs.shape)} need targets (${n}, S) and lengths [${n}], ` +
        `got ${formatShape(targets.shape)}, ${lengths.map((l) => formatShape(l.shape)).join(' and ')}.`,
    )
  }
  if (!Number.isInteger(blank) || blank < 0 || blank >= c) {
    throw new ValueError(`ctcLoss: expected blank from 0 to ${c - 1}, got ${blank}.`)
  }
}

/** Labels with blanks around: (N, S) to (N, 2S + 1). Places beyond the target's length are blanks too. */
function extended(targets: Node, targetLengths: Node, blank: number): Node {
  const [n, s] = targets.shape
  const place = b.iota([n, s], 1, 'i32')
  const valid = b.lt(place, b.expand(b.reshape(targetLengths, [n, 1]), [n, s]))
  const labels = b.where(valid, targets, like(targets, blank))
  const blanks = b.full([n, s, 1], blank, 'i32')
  const pairs = b.reshape(b.concat([blanks, b.reshape(labels, [n, s, 1])], 2), [n, 2 * s])
  return b.concat([pairs, b.full([n, 1], blank, 'i32')], 1)
}

/** alpha after all steps: log of the summed probability of all prefixes that end at each place, (N, 2S + 1). */
function forwardRecursion(emissions: Node, skips: Node, live: Node): Node {
  const [steps, n, places] = emissions.shape
  const { dtype } = emissions
  const body = b.withGradMode(true, () => {
    const skip = b.placeholder([n, places], 'bool')
    const alpha = b.placeholder([n, places], dtype)
    const emission = b.placeholder([n, places], dtype)
    const running = b.placeholder([n], 'bool')
    const lowest = like(alpha, Number.NEGATIVE_INFINITY)
    const two = b.where(skip, later(alpha, 2), lowest)
    const next = b.add(logAddExp(alpha, later(alpha, 1), two), emission)
    const kept = b.where(b.expand(b.reshape(running, [n, 1]), [n, places]), next, alpha)
    return { params: [skip, alpha, emission, running], results: [kept] }
  })
  // Before the first step all stand before the first place: 0 there, −∞ elsewhere.
  const place = b.iota([n, places], 1, 'i32')
  const start = b.where(
    b.eq(place, like(place, 0)),
    b.full([n, places], 0, dtype),
    b.full([n, places], Number.NEGATIVE_INFINITY, dtype),
  )
  return b.scan(body, { consts: [skips], carry: [start], xs: [emissions, live] }, { length: steps })[0]
}

/**
 * −log p(targets | input) for log-probabilities (T, N, C) (of logSoftmax), targets (N, S) without blanks, and the
 * lengths [N] of inputs and targets that count.
 */
export function ctcLoss(
  logProbabilities: Node,
  targets: Node,
  inputLengths: Node,
  targetLengths: Node,
  { blank = 0, reduction = 'mean', zeroInfinity = false }: CtcLossOptions = {},
): Node {
  const logProbs = fullPrecision(logProbabilities)
  requireFloat('ctcLoss', logProbs)
  if (logProbs.shape.length !== 3) {
    throw new ShapeError(
      `ctcLoss: expected log probabilities (T, N, C), got shape ${formatShape(logProbs.shape)}.`,
    )
  }
  checkArguments(logProbs, targets, [inputLengths, targetLengths], blank)
  const x = b.cast(logProbs, accumulationType(logProbs.dtype))
  const [steps, n] = x.shape
  const lengths = b.cast(targetLengths, 'i32')
  const labels = extended(b.cast(targets, 'i32'), lengths, blank)
  const places = labels.shape[1]
  const cube = [steps, n, places]
  const emissions = b.gather(x, b.expand(b.reshape(labels, [1, n, places]), cube), 2)
  // A label may follow the one before without a blank between unless they are equal.
  const before = b.pad(
    b.sliceAxis(labels, 1, 0, Math.max(0, places - 2)),
    [0, Math.min(2, places)],
    [0, 0],
    [0, 0],
    blank,
  )
  const skips = b.logicalNot(b.or(b.eq(labels, like(labels, blank)), b.eq(labels, before)))
  const live = b.lt(
    b.iota([steps, n], 0, 'i32'),
    b.expand(b.reshape(b.cast(inputLengths, 'i32'), [1, n]), [steps, n]),
  )
  const alpha = forwardRecursion(emissions, skips, live)
  const end = b.mul(lengths, like(lengths, 2))
  const at = (index: Node): Node => b.reshape(b.gather(alpha, b.reshape(index, [n, 1]), 1), [n])
  const empty = b.eq(lengths, like(lengths, 0))
  const one = like(lengths, 1)
  const onLabel = b.where(
    empty,
    b.full([n], Number.NEGATIVE_INFINITY, x.dtype),
    at(b.maximum(b.sub(end, one), like(lengths, 0))),
  )
  let losses = b.neg(logAddExp(at(end), onLabel))
  if (zeroInfinity) {
    const infinite = b.eq(losses, like(losses, Number.POSITIVE_INFINITY))
    losses = b.where(infinite, like(losses, 0), losses)
  }
  if (reduction === 'mean') losses = b.div(losses, stretch(b.cast(b.maximum(lengths, one), x.dtype), [n]))
  return b.cast(reduced('ctcLoss', losses, reduction), logProbs.dtype)
}
