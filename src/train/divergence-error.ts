/**
 * The error of a training whose numbers became infinite or not a number.
 */
import { ChainruleError } from '../core/errors.js'

export class DivergenceError extends ChainruleError {
  override name = 'DivergenceError'
  /** The optimizer step, from 1, at which it was seen. */
  readonly step: number
  readonly learningRate: number

  /** `what` names the quantity and its value: "the loss is NaN". `origin` is what `detectAnomaly` found. */
  constructor(what: string, step: number, learningRate: number, origin: string | null = null) {
    super(
      `Training diverged: expected finite numbers, but ${what} at step ${step} (learning rate ${learningRate}). ` +
        (origin === null
          ? 'Try a smaller learning rate, clip the gradients, or train with detectAnomaly (--detect-anomaly), which ' +
            'names the first operation that went wrong.'
          : `${origin} Try a smaller learning rate, or keep the inputs of that operation in its domain.`),
    )
    this.step = step
    this.learningRate = learningRate
  }
}
