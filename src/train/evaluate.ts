/**
 * Loss and accuracy of a classifier on a data set, with a compiled step and without looking at values in between.
 */
import { ValueError } from '../core/errors.js'
import type { Dataset } from '../data/dataset.js'
import { crossEntropy } from '../losses/cross-entropy.js'
import { correct } from '../metrics/accuracy.js'
import type { TensorModule } from '../nn/module.js'
import { type Compiled, compile } from '../tensor/compile.js'
import { noGrad } from '../tensor/grad-mode.js'
import type { Tensor } from '../tensor/tensor.js'

/** The mean loss of a batch, from the model's outputs and the targets. */
export type LossFunction = (output: Tensor, target: Tensor) => Tensor

export interface Evaluation {
  /** Mean over the samples. */
  readonly loss: number
  /** Share of the samples whose largest output is their class. */
  readonly accuracy: number
  readonly samples: number
}

type EvaluationStep = Compiled<[Tensor, Tensor], [Tensor, Tensor]>

/** The compiled step of `evaluate`: sum of the losses and number of right predictions of a batch. Keep it to evaluate again. */
export const evaluationStep = (
  model: TensorModule,
  loss: LossFunction = (output, target) => crossEntropy(output, target),
): EvaluationStep =>
  compile((x: Tensor, y: Tensor): [Tensor, Tensor] =>
    noGrad(() => {
      const output = model.forward(x)
      return [loss(output, y).mul(x.shape[0]), correct(output, y).to('i64').sum()]
    }),
  )

export interface EvaluateOptions {
  /** Default 500. */
  readonly batchSize?: number
  readonly loss?: LossFunction
  /** A step of `evaluationStep(model, loss)` from an earlier evaluation, so that nothing is compiled again. */
  readonly step?: EvaluationStep
  /** Asked between batches: true stops. */
  readonly shouldStop?: () => boolean
}

/**
 * Evaluates in eval mode and puts the model back into the mode it was in. Returns null where `shouldStop` said so.
 * Throws ValueError for an empty data set.
 */
export async function evaluate(
  model: TensorModule,
  dataset: Dataset,
  options: EvaluateOptions = {},
): Promise<Evaluation | null> {
  const { batchSize = 500, step = evaluationStep(model, options.loss), shouldStop } = options
  if (dataset.length === 0) {
    throw new ValueError('evaluate: expected at least one sample, got an empty data set.')
  }
  const modules = model.modules()
  const modes = modules.map((module) => module.training)
  model.eval()
  const results: [Tensor, Tensor][] = []
  try {
    for await (const [x, y] of dataset.batches(batchSize)) {
      results.push(step(x, y))
      if (shouldStop?.()) return null
    }
  } finally {
    // Parents come first: what a part of the model was in wins.
    modules.forEach((module, i) => {
      module.train(modes[i])
    })
  }
  let loss = 0
  let hits = 0
  for (const [batchLoss, batchHits] of results) {
    loss += await batchLoss.item()
    hits += await batchHits.item()
  }
  return { loss: loss / dataset.length, accuracy: hits / dataset.length, samples: dataset.length }
}
