/**
 * `chainrule train`: trains a model on a data set into the folder of a run, or continues one.
 */
import { writeFileSync } from 'node:fs'
import { DataError } from '../core/errors.js'
import { AdamW } from '../optim/adamw.js'
import { CosineAnnealingLR } from '../optim/cosine-annealing-lr.js'
import { currentBackend, currentDevice } from '../runtime/devices.js'
import type { ProfileReport } from '../runtime/profile-report.js'
import { manualSeed } from '../tensor/random.js'
import { type Json, readCheckpoint, restoreCheckpoint, saveCheckpoint } from '../train/checkpoint.js'
import { fit } from '../train/fit.js'
import { formatSeconds } from '../train/progress.js'
import { RunDirectory, type RunSettings } from '../train/run-directory.js'
import type { EpochSummary, TrainingState } from '../train/training-state.js'
import { datasets, fingerprint, loadData } from './datasets.js'
import { signalExitCode } from './exit-code.js'
import { models } from './models.js'
import { type Output, percent } from './output.js'
import { ProgressDisplay } from './progress-display.js'
import { StopSignals } from './stop-signals.js'
import type { TrainOptions, TrainSettings } from './train-settings.js'
import { UsageError } from './usage-error.js'
import { version } from './version.js'

/** What `train` was found to mean: the settings, and the run to continue or the folder of a new one. */
export interface TrainPlan {
  readonly settings: TrainSettings
  readonly path: string
  readonly run: RunDirectory | null
}

/** Trains, and returns the exit code. */
export async function trainCommand(plan: TrainPlan, options: TrainOptions, output: Output): Promise<number> {
  const { settings, path } = plan
  checkNames(settings)
  if (options.profile !== undefined && currentBackend().measureMachine === undefined) {
    throw new UsageError(
      `--profile: expected a device that measures its kernels, got ${currentDevice().name}. Use --device native.`,
    )
  }
  const dir = options.dataDir ?? (plan.run?.settings.dataDir as string | null | undefined) ?? null
  const { train, test } = await loadData(settings.data, { dir, limit: settings.limit })
  const device = currentDevice()
  const record: RunSettings = {
    chainrule: version(),
    ...settings,
    dataDir: dir,
    device: device.name,
    trainImages: train.length,
    testImages: test.length,
    labels: fingerprint(train),
    inputShape: train.inputShape,
    classes: train.classes,
    normalization: train.fields.normalization as Json,
  }
  if (plan.run !== null) checkData(plan.run, record)

  manualSeed(settings.seed)
  const model = models.get(settings.model)!({ inputShape: train.inputShape, classes: train.classes.length })
  const optimizer = new AdamW(model.parameters(), { lr: settings.lr })
  const batches = train.batches(settings.batchSize).length
  const scheduler = new CosineAnnealingLR(optimizer, settings.epochs * batches)
  const parts = { model, optimizer, scheduler }

  const run = plan.run ?? RunDirectory.create(path, record)
  run.removeLeftovers()
  let state: TrainingState | undefined
  if (plan.run !== null && run.has(run.last)) state = restoreCheckpoint(readCheckpoint(run.last), parts)

  output.emit({
    event: 'start',
    run: path,
    ...settings,
    device: device.name,
    threads: device.threads,
    trainImages: train.length,
    testImages: test.length,
    parameters: model.parameters().reduce((sum, p) => sum + p.size, 0),
    resumedFrom: state === undefined ? null : { epoch: state.epoch, batch: state.batch, step: state.step },
  })
  output.say(
    `Training ${settings.model} on ${train.length.toLocaleString('en-US')} images of ${settings.data} into ${path} ` +
      `(${device.description}).`,
  )
  if (state !== undefined) {
    output.say(`Continuing after step ${state.step}: ${state.epoch} of ${settings.epochs} epochs are done.`)
  }

  const display = new ProgressDisplay(output)
  const signals = new StopSignals((signal) => {
    display.clear()
    if (signal !== 'SIGPIPE') output.say(`${signal}: stopping after this step. Once more to stop at once.`)
  })
  const onPipe = (error: NodeJS.ErrnoException): void => {
    if (error.code === 'EPIPE') signals.stop('SIGPIPE')
    else throw error
  }
  process.stdout.on('error', onPipe)
  try {
    // biome-ignore lint/suspicious/noFocusedTests: the training loop, not a test
    const result = await fit({
      ...parts,
      train,
      test,
      epochs: settings.epochs,
      batchSize: settings.batchSize,
      seed: settings.seed,
      precision: settings.precision,
      state,
      detectAnomaly: options.detectAnomaly,
      profile: options.profile !== undefined,
      saveSteps: options.saveEvery,
      shouldStop: () => signals.received !== null,
      onProgress: (progress) => {
        if (signals.received === null) display.show(progress)
      },
      onEpoch: (summary) => {
        display.clear()
        sayEpoch(output, summary, settings.epochs)
      },
      onSave: (saved, reason, arrays) => {
        const file = reason === 'best' ? run.best : run.last
        saveCheckpoint(file, parts, saved, run.settings, arrays)
        output.emit({ event: 'checkpoint', path: file, reason, epoch: saved.epoch, step: saved.step })
      },
    })
    display.clear()
    if (options.profile !== undefined) sayProfile(output, result.profile!, options.profile)
    if (result.stopped) return sayStopped(output, signals, result.state, run, settings)
    sayDone(output, result.state, run)
    return 0
  } catch (error) {
    display.clear()
    if (run.has(run.last)) {
      output.say(`The last good checkpoint is kept: ${run.last}`)
    }
    throw error
  } finally {
    signals.close()
  }
}

function checkNames({ model, data }: TrainSettings): void {
  const check = (what: string, name: string, known: ReadonlyMap<string, unknown>): void => {
    if (known.has(name)) return
    throw new UsageError(`Expected a ${what} out of ${[...known.keys()].join(', ')}, got '${name}'.`)
  }
  check('model', model, models)
  check('data set', data, datasets)
}

/** Continuing on other data would be another training. */
function checkData(run: RunDirectory, record: RunSettings): void {
  for (const key of ['trainImages', 'testImages', 'labels']) {
    if (run.settings[key] === record[key]) continue
    throw new DataError(
      `Expected the data that the run in '${run.path}' began with (${key}: ${run.settings[key]}), got other data ` +
        `(${key}: ${record[key]}). Pass the folder of the same files with --data-dir.`,
    )
  }
}

function sayEpoch(output: Output, summary: EpochSummary, epochs: number): void {
  const { epoch, trainLoss, trainAccuracy, testLoss, testAccuracy } = summary
  output.emit({ event: 'epoch', ...summary })
  output.say(
    `Epoch ${epoch}/${epochs}: train loss ${trainLoss.toFixed(4)}, accuracy ${percent(trainAccuracy)}; ` +
      `test loss ${testLoss!.toFixed(4)}, accuracy ${percent(testAccuracy!)}`,
  )
}

/** The table for people, the trace into a file. */
function sayProfile(output: Output, report: ProfileReport, file: string): void {
  writeFileSync(file, JSON.stringify(report.chromeTrace()))
  output.emit({ event: 'profile', trace: file, ...report.toJSON() })
  output.say()
  output.say(
    `Profile of the training steps; the trace of the last one is in ${file} (chrome://tracing, Perfetto).`,
  )
  output.say(report.toString({ limit: 25 }))
}

const quote = (path: string): string =>
  /^[\w@%+=:,./-]+$/.test(path) ? path : `'${path.replaceAll("'", "'\\''")}'`

const resumeCommand = (path: string): string => `npx chainrule train --resume --out ${quote(path)}`

function sayStopped(
  output: Output,
  signals: StopSignals,
  state: TrainingState,
  run: RunDirectory,
  settings: TrainSettings,
): number {
  const signal = signals.received!
  output.emit({
    event: 'stopped',
    signal,
    epoch: state.epoch,
    step: state.step,
    checkpoint: run.last,
    resume: resumeCommand(run.path),
  })
  output.say(`Stopped after step ${state.step}, in epoch ${state.epoch + 1} of ${settings.epochs}.`)
  output.say(`  saved      ${run.last}`)
  output.say(`  continue   ${resumeCommand(run.path)}`)
  return signalExitCode[signal]
}

function sayDone(output: Output, state: TrainingState, run: RunDirectory): void {
  const last = state.history[state.history.length - 1]
  const { epoch, testAccuracy } = state.best!
  output.say()
  output.say(
    `Done: test accuracy ${percent(testAccuracy)} (epoch ${epoch}, the best; the last has ` +
      `${percent(last.testAccuracy!)}) after ${state.history.length} epoch${state.history.length === 1 ? '' : 's'}, ${formatSeconds(state.seconds)}.`,
  )
  output.say(`  best   ${run.best}`)
  output.say(`  last   ${run.last}`)
  output.say('Next:')
  output.say(`  npx chainrule evaluate ${quote(run.path)}`)
  output.say(`  npx chainrule predict ${quote(run.path)} picture.png`)
  output.say(`  ${resumeCommand(run.path)}   (after an interruption)`)
  output.emit({
    event: 'done',
    testAccuracy,
    bestEpoch: epoch,
    lastTestAccuracy: last.testAccuracy,
    epochs: state.history.length,
    seconds: Math.round(state.seconds * 1000) / 1000,
    run: run.path,
    best: run.best,
    last: run.last,
  })
}
