/**
 * A trained model from the folder of a run, or from a checkpoint file.
 */
import { statSync } from 'node:fs'
import { DataError } from '../core/errors.js'
import type { Normalization } from '../data/dataset.js'
import type { TensorModule } from '../nn/module.js'
import { readCheckpoint } from '../train/checkpoint.js'
import { RunDirectory, type RunSettings } from '../train/run-directory.js'
import { datasets } from './datasets.js'
import { models } from './models.js'

export interface LoadedRun {
  /** The checkpoint's file. */
  readonly file: string
  /** Finished epochs of the checkpoint. */
  readonly epoch: number
  readonly settings: RunSettings
  readonly model: TensorModule
  readonly data: string
  readonly inputShape: readonly number[]
  readonly classes: readonly string[]
  readonly normalization: Normalization | null
}

/** `which` decides between the two checkpoints of a folder; without it the best, or the last where there is no best yet. */
function checkpointFile(path: string, which: 'best' | 'last' | undefined): string {
  if (statSync(path, { throwIfNoEntry: false })?.isFile()) return path
  const run = RunDirectory.open(path)
  if (which !== undefined) return run[which]
  const file = [run.best, run.last].find((candidate) => run.has(candidate))
  if (file === undefined) {
    throw new DataError(
      `Expected a checkpoint in '${path}', got none: the run was ended before its first. Train it with --resume.`,
    )
  }
  return file
}

/** Loads the model in eval mode. Throws `DataError` where the run is missing or damaged. */
export function loadRun(path: string, which?: 'best' | 'last'): LoadedRun {
  const file = checkpointFile(path, which)
  const checkpoint = readCheckpoint(file)
  const settings = checkpoint.config as RunSettings | null
  const make = models.get(String(settings?.model))
  const data = String(settings?.data)
  if (settings === null || make === undefined || !datasets.has(data)) {
    throw new DataError(
      `'${file}': expected a checkpoint of 'chainrule train', got one of model ${settings?.model} and data ${settings?.data}. ` +
        `Models: ${[...models.keys()].join(', ')}; data: ${[...datasets.keys()].join(', ')}.`,
    )
  }
  const inputShape = settings.inputShape as readonly number[]
  const classes = settings.classes as readonly string[]
  const model = make({ inputShape, classes: classes.length })
  model.loadStateDict(checkpoint.model)
  model.eval()
  const normalization = settings.normalization as Normalization | null
  return {
    file,
    epoch: checkpoint.state.epoch,
    settings,
    model,
    data,
    inputShape,
    classes,
    normalization,
  }
}
