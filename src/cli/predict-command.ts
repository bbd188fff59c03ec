/**
 * `chainrule predict`: the class of pictures, with the probability of each class.
 */
import { ChainruleError } from '../core/errors.js'
import { Dataset } from '../data/dataset.js'
import { loadImage } from '../io/image-file.js'
import { noGrad } from '../tensor/grad-mode.js'
import { datasets } from './datasets.js'
import { exitCode } from './exit-code.js'
import { type LoadedRun, loadRun } from './load-run.js'
import { type Output, percent } from './output.js'

export interface PredictCommandOptions {
  readonly checkpoint?: 'best' | 'last'
}

/** Predicts each picture; one that cannot be read does not keep the others. Returns the exit code. */
export async function predictCommand(
  path: string,
  images: readonly string[],
  options: PredictCommandOptions,
  output: Output,
): Promise<number> {
  const run = loadRun(path, options.checkpoint)
  let code: number = exitCode.ok
  for (const image of images) {
    try {
      const probabilities = await predict(run, image)
      say(output, image, run.classes, probabilities)
    } catch (error) {
      if (!(error instanceof ChainruleError)) throw error
      process.stderr.write(`Error: ${error.message}\n`)
      output.emit({ event: 'error', image, message: error.message })
      code = exitCode.failure
    }
  }
  return code
}

/** The probability of each class. */
async function predict(run: LoadedRun, path: string): Promise<number[]> {
  const pixels = datasets.get(run.data)!.prepare(loadImage(path))
  const one = new Dataset({
    inputs: pixels,
    inputShape: run.inputShape,
    targets: new Uint8Array(1),
    normalization: run.normalization,
  })
  const [x] = one.get(0)
  const output = noGrad(() => run.model.forward(x).softmax(1))
  return [...((await output.data()) as Float32Array)]
}

function say(output: Output, image: string, classes: readonly string[], probabilities: number[]): void {
  const order = probabilities.map((_, i) => i).sort((a, b) => probabilities[b] - probabilities[a])
  const best = order[0]
  if (output.json) {
    output.emit({
      event: 'prediction',
      image,
      class: classes[best],
      index: best,
      probability: probabilities[best],
      probabilities: Object.fromEntries(classes.map((name, i) => [name, probabilities[i]])),
    })
    return
  }
  output.say(`${image}: ${classes[best]} (${percent(probabilities[best])})`)
  const width = Math.max(...classes.map((name) => name.length))
  for (const i of order) {
    const bar = '#'.repeat(Math.round(probabilities[i] * 30))
    output.say(`  ${classes[i].padEnd(width)} ${percent(probabilities[i]).padStart(8)} ${bar}`.trimEnd())
  }
}
