/** Metrics that accumulate over batches. */
export { Accuracy, accuracy, correct, type IndexArray } from './accuracy.js'
export { type ClassScores, ConfusionMatrix } from './confusion-matrix.js'
export { Mean } from './mean.js'
