/**
 * From the command line to a plan: which run, with which settings. Looks at folders only; the runtime is not loaded yet.
 */
import { DataError } from '../core/errors.js'
import { RunDirectory } from '../train/run-directory.js'
import type { TrainPlan } from './train-command.js'
import { continuedSettings, newSettings, type TrainOptions } from './train-settings.js'
import { UsageError } from './usage-error.js'

/** Folders `base`, `base-2`, `base-3`, … that exist, and the first that does not. */
function numbered(base: string): { last: string | null; free: string } {
  let last: string | null = null
  for (let n = 1; ; n++) {
    const path = n === 1 ? base : `${base}-${n}`
    if (!RunDirectory.exists(path)) return { last, free: path }
    last = path
  }
}

/** The plan, and the device that the run to continue uses. */
export function planTraining(options: TrainOptions): TrainPlan & { readonly device: string } {
  const { resume = false, model, data = 'mnist', device = 'auto' } = options
  const { last, free } = numbered(`runs/${model ?? 'lenet5'}-${data}`)
  if (resume) {
    const path = options.out ?? last
    if (path === null) {
      throw new DataError(
        `Expected a run to continue, found none in '${free}'. Name its folder with --out, or start one without --resume.`,
      )
    }
    const run = RunDirectory.open(path)
    const settings = continuedSettings(options, run.settings, path)
    return { settings, path, run, device: settings.device }
  }
  if (model === undefined) {
    throw new UsageError("Expected the name of a model, got none. Try 'chainrule train lenet5 --data mnist'.")
  }
  const path = options.out ?? free
  if (RunDirectory.exists(path)) {
    throw new DataError(
      `Expected '${path}' to be a new folder, got one with a run in it, which is not overwritten. Continue that run ` +
        '(add --resume), choose another folder (--out), or delete this one.',
    )
  }
  return { settings: newSettings(options, model), path, run: null, device }
}
