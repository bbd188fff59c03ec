/**
 * Counts of (target, prediction) pairs and what is read from them: precision, recall and F1 of each class.
 */
import { ShapeError, ValueError } from '../core/errors.js'
import { formatShape } from '../core/shape.js'
import type { Tensor } from '../tensor/tensor.js'
import { type IndexArray, isTensor } from './accuracy.js'

export interface ClassScores {
  /** Share of the predictions of this class that are right; NaN where there is none. */
  readonly precision: number
  /** Share of this class's samples that were found; NaN where there is none. */
  readonly recall: number
  /** Harmonic mean of both: 2 TP / (2 TP + FP + FN); NaN where the class does not occur. */
  readonly f1: number
  /** Number of samples of this class. */
  readonly support: number
}

/** More pending batches than this are read before the next is taken. */
const pendingLimit = 64

export class ConfusionMatrix {
  readonly numClasses: number
  private readonly counts: Float64Array
  private pending: [Tensor, Tensor][] = []

  constructor(numClasses: number) {
    if (!Number.isInteger(numClasses) || numClasses < 1) {
      throw new ValueError(`ConfusionMatrix: expected at least one class, got ${numClasses}.`)
    }
    this.numClasses = numClasses
    this.counts = new Float64Array(numClasses * numClasses)
  }

  /**
   * Counts in a batch: scores [n, classes] or class indices [n], and class indices [n]; or two arrays of indices. Tensors
   * are read later, so awaiting is needed only for a large number of batches.
   */
  async update(predictions: Tensor | IndexArray, targets: Tensor | IndexArray): Promise<void> {
    if (isTensor(predictions) !== isTensor(targets)) {
      throw new ValueError('ConfusionMatrix.update: expected two tensors or two arrays, got one of each.')
    }
    if (!isTensor(predictions)) return this.count(predictions, targets as IndexArray)
    const { shape, rank } = predictions
    const expected = targets as Tensor
    const classes = rank === 2 ? shape[1] : this.numClasses
    if (
      expected.rank !== 1 ||
      (rank !== 1 && rank !== 2) ||
      shape[0] !== expected.shape[0] ||
      classes !== this.numClasses
    ) {
      throw new ShapeError(
        `ConfusionMatrix.update: expected scores [n, ${this.numClasses}] or class indices [n] and targets [n], got ` +
          `${formatShape(shape)} and ${formatShape(expected.shape)}.`,
      )
    }
    const indices = rank === 2 ? predictions.detach().argmax(1) : predictions.detach()
    this.pending.push([indices, expected.detach()])
    if (this.pending.length > pendingLimit) await this.readPending()
  }

  private async readPending(): Promise<void> {
    const batches = this.pending
    this.pending = []
    for (const [predictions, targets] of batches) this.count(await predictions.data(), await targets.data())
  }

  private count(predictions: IndexArray, targets: IndexArray): void {
    if (predictions.length !== targets.length) {
      throw new ShapeError(
        `ConfusionMatrix.update: expected arrays of one length, got ${predictions.length} and ${targets.length}.`,
      )
    }
    for (const list of [predictions, targets]) {
      for (let i = 0; i < list.length; i++) {
        const index = Number(list[i])
        if (!Number.isInteger(index) || index < 0 || index >= this.numClasses) {
          throw new ValueError(
            `ConfusionMatrix.update: expected class indices from 0 to ${this.numClasses - 1}, got ${index} at ${i}.`,
          )
        }
      }
    }
    for (let i = 0; i < targets.length; i++) {
      this.counts[Number(targets[i]) * this.numClasses + Number(predictions[i])] += 1
    }
  }

  /** The counts: row = target, column = prediction. */
  async compute(): Promise<number[][]> {
    await this.readPending()
    const n = this.numClasses
    return Array.from({ length: n }, (_, row) => Array.from(this.counts.subarray(row * n, (row + 1) * n)))
  }

  /** Precision, recall and F1 of each class. */
  async scores(): Promise<ClassScores[]> {
    const matrix = await this.compute()
    return matrix.map((row, c) => {
      const support = row.reduce((a, b) => a + b, 0)
      const predicted = matrix.reduce((sum, other) => sum + other[c], 0)
      const hits = row[c]
      return {
        precision: hits / predicted,
        recall: hits / support,
        f1: (2 * hits) / (predicted + support),
        support,
      }
    })
  }

  /** The counts as a table for people, with the classes' names where given. */
  async format(classes?: readonly string[]): Promise<string> {
    const matrix = await this.compute()
    const names = matrix.map((_, i) => classes?.[i] ?? String(i))
    const nameWidth = Math.max(...names.map((name) => name.length))
    const widths = names.map((name, c) =>
      Math.max(name.length, ...matrix.map((row) => String(row[c]).length)),
    )
    const line = (head: string, cells: readonly string[]): string =>
      [head.padStart(nameWidth), ...cells.map((cell, c) => cell.padStart(widths[c]))].join('  ')
    return [line('', names), ...matrix.map((row, i) => line(names[i], row.map(String)))].join('\n')
  }

  /** Forgets everything. */
  reset(): void {
    this.counts.fill(0)
    this.pending = []
  }
}
