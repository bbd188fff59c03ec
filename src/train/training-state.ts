/**
 * Where a training is: everything besides tensors that has to be saved so that it continues as if never stopped.
 */

/** What an epoch achieved. */
export interface EpochSummary {
  /** From 1. */
  readonly epoch: number
  readonly trainLoss: number
  readonly trainAccuracy: number
  /** null without a test set. */
  readonly testLoss: number | null
  readonly testAccuracy: number | null
}

export interface TrainingState {
  /** Number of finished epochs, evaluation included. */
  epoch: number
  /** Number of batches done in the epoch that is under way. */
  batch: number
  /** Number of optimizer steps since the start. */
  step: number
  /** Sums over the samples of the epoch under way. */
  lossSum: number
  correct: number
  samples: number
  /** The finished epochs. */
  history: EpochSummary[]
  /** The best finished epoch, by test accuracy. */
  best: { epoch: number; testAccuracy: number } | null
  /** Seconds of training and evaluation, over all sessions. */
  seconds: number
}

/** The state before the first step. */
export const initialTrainingState = (): TrainingState => ({
  epoch: 0,
  batch: 0,
  step: 0,
  lossSum: 0,
  correct: 0,
  samples: 0,
  history: [],
  best: null,
  seconds: 0,
})
