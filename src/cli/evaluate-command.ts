/**
 * `chainrule evaluate`: loss and accuracy of a trained model on the test set.
 */
import { evaluate } from '../train/evaluate.js'
import { loadTestData } from './datasets.js'
import { loadRun } from './load-run.js'
import { type Output, percent } from './output.js'

export interface EvaluateCommandOptions {
  readonly checkpoint?: 'best' | 'last'
  readonly dataDir?: string
  readonly limit?: number
}

/** Evaluates, and returns the exit code. */
export async function evaluateCommand(
  path: string,
  options: EvaluateCommandOptions,
  output: Output,
): Promise<number> {
  const { file, epoch, settings, model, data } = loadRun(path, options.checkpoint)
  const dir = options.dataDir ?? (settings.dataDir as string | null)
  const limit = options.limit ?? (settings.limit as number | null)
  const test = await loadTestData(data, { dir, limit })
  const started = performance.now()
  const { loss, accuracy, samples } = (await evaluate(model, test))!
  const seconds = (performance.now() - started) / 1000
  output.result(
    `${file} (after epoch ${epoch}) on ${samples.toLocaleString('en-US')} test images of ${data}: ` +
      `accuracy ${percent(accuracy)}, loss ${loss.toFixed(4)}`,
    {
      event: 'evaluation',
      run: path,
      checkpoint: file,
      epoch,
      data,
      images: samples,
      testAccuracy: accuracy,
      testLoss: loss,
      seconds,
    },
  )
  return 0
}
