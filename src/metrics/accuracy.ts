/**
 * The share of right predictions, counted on the device that made them and read only by `compute`.
 */
import { ShapeError, ValueError } from '../core/errors.js'
import { formatShape } from '../core/shape.js'
import type { Tensor } from '../tensor/tensor.js'

/** Numbers or bigints, as `await t.data()` gives them. */
export type IndexArray = ArrayLike<number> | ArrayLike<bigint>

export const isTensor = (value: object): value is Tensor => 'dtype' in value && 'shape' in value

/**
 * For each sample whether its target is among the `topK` highest scores: a bool tensor [n]. `predictions` are scores
 * [n, classes] or class indices [n], `targets` class indices [n]. On a tie with the k-th score the sample counts.
 */
export function correct(predictions: Tensor, targets: Tensor, topK = 1): Tensor {
  const { rank, shape } = predictions
  if (targets.rank !== 1 || (rank !== 1 && rank !== 2) || shape[0] !== targets.shape[0]) {
    throw new ShapeError(
      `accuracy: expected scores [n, classes] or class indices [n] and targets [n], got ${formatShape(shape)} and ` +
        `${formatShape(targets.shape)}.`,
    )
  }
  if (rank === 1) return predictions.detach().eq(targets)
  if (topK === 1) return predictions.detach().argmax(1).eq(targets)
  const scores = predictions.detach()
  const own = scores.gather(1, targets.to('i64').unsqueeze(1))
  return scores.gt(own).sum(1).lt(topK)
}

/** The share of right predictions as a 0-d tensor: usable inside a compiled step. */
export const accuracy = (predictions: Tensor, targets: Tensor, topK = 1): Tensor =>
  correct(predictions, targets, topK).to('f32').mean()

export class Accuracy {
  private readonly topK: number
  private hostCorrect = 0
  private deviceCorrect: Tensor | null = null
  private count = 0

  /** `topK`: how many of the highest scores may contain the target. Default 1. */
  constructor(options: { topK?: number } = {}) {
    this.topK = options.topK ?? 1
    if (!Number.isInteger(this.topK) || this.topK < 1) {
      throw new ValueError(`Accuracy: expected topK of at least 1, got ${this.topK}.`)
    }
  }

  /** Counts in a batch: scores [n, classes] or class indices [n], and class indices [n]; or two arrays of indices. */
  update(predictions: Tensor | IndexArray, targets: Tensor | IndexArray): void {
    if (isTensor(predictions) !== isTensor(targets)) {
      throw new ValueError('Accuracy.update: expected two tensors or two arrays, got one of each.')
    }
    if (isTensor(predictions)) {
      const hits = correct(predictions, targets as Tensor, this.topK)
        .to('i64')
        .sum()
      this.deviceCorrect = this.deviceCorrect === null ? hits : this.deviceCorrect.add(hits)
      this.count += predictions.shape[0]
      return
    }
    const expected = targets as IndexArray
    if (predictions.length !== expected.length) {
      throw new ShapeError(
        `Accuracy.update: expected arrays of one length, got ${predictions.length} and ${expected.length}.`,
      )
    }
    for (let i = 0; i < expected.length; i++) {
      if (Number(predictions[i]) === Number(expected[i])) this.hostCorrect += 1
    }
    this.count += expected.length
  }

  /** From 0 to 1; NaN before the first sample. */
  async compute(): Promise<number> {
    const device = this.deviceCorrect === null ? 0 : await this.deviceCorrect.item()
    return (this.hostCorrect + device) / this.count
  }

  /** Forgets everything. */
  reset(): void {
    this.hostCorrect = 0
    this.deviceCorrect = null
    this.count = 0
  }
}
