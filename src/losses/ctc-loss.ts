/**
 * Connectionist temporal classification.
 */
import { ShapeError, ValueError } from '../core/errors.js'
import { formatShape } from '../core/shape.js'
import * as node from '../ops/ctc-loss.js'
import { checkTensor, nodeOf, wrap } from '../tensor/base.js'
import { tensor, zeros } from '../tensor/creation.js'
import { Tensor } from '../tensor/tensor.js'
import { cat, stack } from '../tensor/tensor-functions.js'
import { LossModule } from './loss-module.js'
import type { LossOptions } from './reduction.js'

/** How much of each row counts: integers in a tensor (N) or (), or plain numbers. */
export type Lengths = Tensor | readonly number[] | number

export interface CTCLossOptions extends LossOptions {
  /** The class of the blank (default 0). */
  readonly blank?: number
  /** Targets that cannot be aligned count 0, with no gradient, and not infinity (default false). */
  readonly zeroInfinity?: boolean
}

const lengthsOf = (lengths: Lengths): Tensor =>
  lengths instanceof Tensor
    ? lengths
    : tensor(typeof lengths === 'number' ? [lengths] : [...lengths], { dtype: 'i64' })

/** Targets one after the other as rows of one length. Needs the lengths as numbers: they are sizes. */
function paddedTargets(targets: Tensor, lengths: Lengths): Tensor {
  if (lengths instanceof Tensor) {
    throw new ValueError(
      'ctcLoss: expected the lengths of concatenated targets as an array of numbers (they are sizes), got a tensor. ' +
        'Pass an array, or targets as rows (N, S).',
    )
  }
  const list = typeof lengths === 'number' ? [lengths] : [...lengths]
  const total = list.reduce((n, k) => n + k, 0)
  if (total !== targets.shape[0]) {
    throw new ShapeError(
      `ctcLoss: expected ${total} concatenated targets, the sum of their lengths, got shape ${formatShape(targets.shape)}.`,
    )
  }
  const longest = Math.max(0, ...list)
  let at = 0
  const rows = list.map((k) => {
    const row = targets.narrow(0, at, k)
    at += k
    return k === longest ? row : cat([row, zeros([longest - k], { dtype: targets.dtype })], 0)
  })
  return stack(rows, 0)
}

/**
 * -log p(targets | input) summed over all alignments, for log-probabilities (T, N, C), as logSoftmax gives them, and
 * targets without blanks: (N, S), or all one after the other (with `targetLengths` as numbers). Without a batch:
 * (T, C), (S) and one length each. 'mean' divides each loss by its target's length first. Graves et al. (2006).
 */
export function ctcLoss(
  logProbabilities: Tensor,
  targets: Tensor,
  inputLengths: Lengths,
  targetLengths: Lengths,
  options: CTCLossOptions = {},
): Tensor {
  checkTensor(logProbabilities)
  checkTensor(targets)
  const single = logProbabilities.rank === 2
  const x = single ? logProbabilities.unsqueeze(1) : logProbabilities
  const rows =
    targets.rank === 2 ? targets : single ? targets.unsqueeze(0) : paddedTargets(targets, targetLengths)
  const count = (lengths: Lengths): Tensor => {
    const t = lengthsOf(lengths)
    return t.rank === 0 ? t.reshape([1]) : t
  }
  const loss = wrap(
    node.ctcLoss(nodeOf(x), nodeOf(rows), nodeOf(count(inputLengths)), nodeOf(count(targetLengths)), options),
  )
  return single && loss.rank === 1 ? loss.squeeze(0) : loss
}

/** `ctcLoss` as a module: `new CTCLoss().forward(logProbabilities, targets, inputLengths, targetLengths)`. */
export class CTCLoss extends LossModule<CTCLossOptions, never> {
  constructor(options: CTCLossOptions = {}) {
    super(options)
  }

  override forward(
    logProbabilities: Tensor,
    targets: Tensor,
    inputLengths: Lengths,
    targetLengths: Lengths,
  ): Tensor {
    return ctcLoss(logProbabilities, targets, inputLengths, targetLengths, this.options)
  }
}
