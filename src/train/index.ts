/** Training: the loop, evaluation, checkpoints, folders of runs, and the search for NaN. */
export { type Anomaly, findAnomaly } from './anomaly.js'
export {
  type Checkpoint,
  type Json,
  readCheckpoint,
  restoreCheckpoint,
  saveCheckpoint,
  type TrainingOptimizer,
  type TrainingParts,
} from './checkpoint.js'
export { DivergenceError } from './divergence-error.js'
export {
  type EvaluateOptions,
  type Evaluation,
  evaluate,
  evaluationStep,
  type LossFunction,
} from './evaluate.js'
export { type FitOptions, type FitResult, fit, type Progress, type SaveReason } from './fit.js'
export { formatSeconds, ProgressMeter } from './progress.js'
export { RunDirectory, type RunSettings } from './run-directory.js'
export { type EpochSummary, initialTrainingState, type TrainingState } from './training-state.js'
