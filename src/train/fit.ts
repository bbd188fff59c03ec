/**
 * The training loop for classifiers: a compiled step, lazy read-outs of loss and accuracy, evaluation after each epoch,
 * a stop between any two steps, and a state from which it continues bit for bit.
 */
import { DeviceError, ValueError } from '../core/errors.js'
import type { Precision } from '../core/precision.js'
import type { Dataset } from '../data/dataset.js'
import type { ArrayData } from '../io/array-data.js'
import { crossEntropy } from '../losses/cross-entropy.js'
import { correct } from '../metrics/accuracy.js'
import type { TensorModule } from '../nn/module.js'
import type { LRScheduler } from '../optim/lr-scheduler.js'
import { currentBackend } from '../runtime/devices.js'
import type { ProfileReport } from '../runtime/profile-report.js'
import { compile } from '../tensor/compile.js'
import { noGrad } from '../tensor/grad-mode.js'
import { defaultGenerator } from '../tensor/random.js'
import type { Tensor } from '../tensor/tensor.js'
import { findAnomaly } from './anomaly.js'
import { firstNonFinite, type TrainingOptimizer, trainingArrays } from './checkpoint.js'
import { DivergenceError } from './divergence-error.js'
import { type Evaluation, evaluate, evaluationStep, type LossFunction } from './evaluate.js'
import { ProgressMeter } from './progress.js'
import { type EpochSummary, initialTrainingState, type TrainingState } from './training-state.js'

/** Where a training is, for whoever shows it. */
export interface Progress {
  /** The epoch under way, from 1. */
  readonly epoch: number
  readonly epochs: number
  /** Batches done in this epoch, and how many it has. */
  readonly batch: number
  readonly batches: number
  /** Steps since the start. */
  readonly step: number
  /** Means over the epoch so far. */
  readonly loss: number
  readonly accuracy: number
  readonly learningRate: number
  readonly imagesPerSecond: number
  /** Seconds until the last epoch is done; null while unknown. */
  readonly remainingSeconds: number | null
}

/** Why a state is saved: the start, a while has passed, an epoch is over (and is the best so far), or a stop. */
export type SaveReason = 'start' | 'interval' | 'epoch' | 'best' | 'stop'

export interface FitOptions {
  readonly model: TensorModule
  readonly optimizer: TrainingOptimizer
  /** Stepped after each optimizer step. */
  readonly scheduler?: LRScheduler
  readonly train: Dataset
  /** Evaluated after each epoch. */
  readonly test?: Dataset
  readonly epochs: number
  /** Default 64. */
  readonly batchSize?: number
  /** Decides the order of the samples, with the epoch. Default 0. */
  readonly seed?: number
  /** Default crossEntropy. */
  readonly loss?: LossFunction
  /** A state to continue from; the objects above must have been restored to it. */
  readonly state?: TrainingState
  /** Losses are read together every so many steps (default 20). */
  readonly readEvery?: number
  /** Look at every step, and name the operation that made a value infinite or NaN. Slow. Default false. */
  readonly detectAnomaly?: boolean
  /**
   * How the training step computes products of f32: 'f32' (default), or 'bf16', see `compile`. Evaluation computes f32.
   */
  readonly precision?: Precision
  /** Measure every kernel of the training step, for `FitResult.profile`. Default false. */
  readonly profile?: boolean
  /** Seconds between saves within an epoch (default 30). */
  readonly saveSeconds?: number
  /** Steps between saves within an epoch, besides those by time (default none). */
  readonly saveSteps?: number
  /** Asked after each step: true ends the training there, after a save. */
  readonly shouldStop?: () => boolean
  readonly onProgress?: (progress: Progress) => void
  readonly onEpoch?: (summary: EpochSummary, state: TrainingState) => void
  /**
   * Saves the state. For 'best' the caller keeps this as the best checkpoint and a call for 'epoch' follows. `arrays`
   * are the values of `trainingArrays`, all finite, valid during the call.
   */
  readonly onSave?: (state: TrainingState, reason: SaveReason, arrays: ReadonlyMap<string, ArrayData>) => void
}

export interface FitResult {
  readonly state: TrainingState
  /** Whether `shouldStop` ended it early. */
  readonly stopped: boolean
  /** Where the time of the training steps went, where that was asked for. */
  readonly profile?: ProfileReport
}

interface Pending {
  readonly step: number
  readonly learningRate: number
  readonly size: number
  readonly loss: Tensor
  readonly correct: Tensor
}

/**
 * Trains until `epochs` epochs are done. Throws `DivergenceError` when a loss or a parameter is no longer finite; what
 * `onSave` was given before that is finite. Throws ValueError for an empty data set.
 */
export async function fit(options: FitOptions): Promise<FitResult> {
  return new Training(options).run()
}

class Training {
  private readonly options: FitOptions
  private readonly state: TrainingState
  private readonly batchSize: number
  private readonly batches: number
  private readonly meter: ProgressMeter
  private readonly rawStep: (x: Tensor, y: Tensor) => [Tensor, Tensor]
  private readonly evaluationStep: ReturnType<typeof evaluationStep>
  private pending: Pending[] = []
  private clock = performance.now()
  private lastSave = performance.now()

  constructor(options: FitOptions) {
    const { train, model, optimizer, epochs, batchSize = 64, loss = crossEntropy } = options
    if (train.length === 0)
      throw new ValueError('fit: expected at least one training sample, got an empty set.')
    if (!Number.isSafeInteger(epochs) || epochs < 1) {
      throw new ValueError(`fit: expected epochs to be a whole number of at least 1, got ${epochs}.`)
    }
    this.options = options
    this.state = options.state ?? initialTrainingState()
    this.batchSize = batchSize
    this.batches = train.batches(batchSize).length
    this.meter = new ProgressMeter(epochs * train.length, this.samplesDone())
    this.rawStep = (x, y) => {
      const output = model.forward(x)
      const value = loss(output, y)
      optimizer.zeroGrad()
      value.backward()
      optimizer.step()
      // Gradients that nobody will look at need not leave the step.
      optimizer.zeroGrad()
      return [value.detach(), noGrad(() => correct(output, y).to('i64').sum())]
    }
    this.evaluationStep = evaluationStep(model, loss)
  }

  private samplesDone(): number {
    return this.state.epoch * this.options.train.length + this.state.samples
  }

  async run(): Promise<FitResult> {
    const { profile = false, precision } = this.options
    const { name, measureMachine } = currentBackend()
    if (profile && measureMachine === undefined)
      throw new DeviceError(
        `fit: expected a device that measures its kernels for profile, got ${name}. Use the device 'native'.`,
      )
    const step = compile(this.rawStep, { profile, precision })
    const result = await this.train(step)
    return profile ? { ...result, profile: step.profile() } : result
  }

  private async train(step: (x: Tensor, y: Tensor) => [Tensor, Tensor]): Promise<FitResult> {
    const { epochs, train, seed = 0 } = this.options
    const { state, batchSize } = this
    if (state.step === 0) this.save('start')
    while (state.epoch < epochs) {
      this.options.model.train()
      const batches = train.batches(batchSize, {
        shuffle: true,
        seed,
        epoch: state.epoch,
        startBatch: state.batch,
      })
      for await (const [x, y] of batches) {
        this.takeStep(step, x, y)
        if (this.stopping()) return this.stop()
        this.saveIfDue()
      }
      this.drain()
      this.report()
      const result = await this.evaluate()
      // Stopped while evaluating: the epoch's steps are done, and continuing evaluates first.
      if (result === 'stopped') return this.stop()
      this.finishEpoch(result)
      if (this.stopping() && state.epoch < epochs) return { state, stopped: true }
    }
    return { state, stopped: false }
  }

  private stopping(): boolean {
    return this.options.shouldStop?.() ?? false
  }

  private takeStep(step: (x: Tensor, y: Tensor) => [Tensor, Tensor], x: Tensor, y: Tensor): void {
    const { optimizer, scheduler, detectAnomaly = false, readEvery = 20 } = this.options
    const before = detectAnomaly ? this.snapshot() : null
    const learningRate = optimizer.lr
    const [loss, hits] = step(x, y)
    scheduler?.step()
    const { state } = this
    state.step += 1
    state.batch += 1
    this.pending.push({ step: state.step, learningRate, size: x.shape[0], loss, correct: hits })
    if (before !== null) {
      const name = firstNonFinite(trainingArrays(this.options))
      if (name !== null || !Number.isFinite(loss.itemSync())) {
        before()
        this.diverged(
          name === null ? `the loss is ${loss.itemSync()}` : `${name} is not finite`,
          state.step,
          learningRate,
          [x, y],
        )
      }
    }
    if (this.pending.length >= readEvery) {
      this.drain()
      this.report()
    }
  }

  /** Remembers all state; the function returned puts it back. */
  private snapshot(): () => void {
    const { model, optimizer } = this.options
    const modelState = model.stateDict()
    const optimizerState = optimizer.stateDict()
    const random = defaultGenerator.getState()
    return () => {
      model.loadStateDict(modelState)
      optimizer.loadStateDict(optimizerState)
      defaultGenerator.setState(random)
    }
  }

  private diverged(what: string, step: number, learningRate: number, again?: [Tensor, Tensor]): never {
    let origin: string | null = null
    if (again !== undefined) {
      const names = new Map<unknown, string>(this.options.model.namedParameters().map(([k, v]) => [v, k]))
      const anomaly = findAnomaly(this.rawStep, again, (cell) => names.get(cell) ?? null)
      origin = anomaly?.message ?? 'Running the step operation by operation gave finite values only.'
    }
    throw new DivergenceError(what, step, learningRate, origin)
  }

  /** Reads the losses of the steps since the last time. */
  private drain(): void {
    const { state } = this
    for (const { step, learningRate, size, loss, correct: hits } of this.pending) {
      const value = loss.itemSync()
      if (!Number.isFinite(value)) this.diverged(`the loss is ${value}`, step, learningRate)
      state.lossSum += value * size
      state.correct += hits.itemSync()
      state.samples += size
    }
    this.pending = []
    this.meter.update(this.samplesDone())
  }

  private report(): void {
    const { state, options, meter } = this
    if (state.samples === 0) return
    options.onProgress?.({
      epoch: state.epoch + 1,
      epochs: options.epochs,
      batch: state.batch,
      batches: this.batches,
      step: state.step,
      loss: state.lossSum / state.samples,
      accuracy: state.correct / state.samples,
      learningRate: options.optimizer.lr,
      imagesPerSecond: meter.rate,
      remainingSeconds: meter.remainingSeconds,
    })
  }

  private async evaluate(): Promise<Evaluation | null | 'stopped'> {
    const { test, model } = this.options
    if (test === undefined) return null
    const result = await evaluate(model, test, {
      step: this.evaluationStep,
      shouldStop: () => this.stopping(),
    })
    return result ?? 'stopped'
  }

  private finishEpoch(result: Evaluation | null): void {
    const { state } = this
    const summary: EpochSummary = {
      epoch: state.epoch + 1,
      trainLoss: state.lossSum / state.samples,
      trainAccuracy: state.correct / state.samples,
      testLoss: result?.loss ?? null,
      testAccuracy: result?.accuracy ?? null,
    }
    state.history.push(summary)
    const isBest = result !== null && (state.best === null || result.accuracy > state.best.testAccuracy)
    if (isBest) state.best = { epoch: summary.epoch, testAccuracy: result.accuracy }
    Object.assign(state, { epoch: state.epoch + 1, batch: 0, lossSum: 0, correct: 0, samples: 0 })
    // The best first: if only that is written, continuing from the last one writes it again.
    if (isBest) this.save('best')
    this.save('epoch')
    this.options.onEpoch?.(summary, state)
  }

  private saveIfDue(): void {
    const { saveSeconds = 30, saveSteps } = this.options
    const bySteps = saveSteps !== undefined && this.state.step % saveSteps === 0
    if (bySteps || performance.now() - this.lastSave >= saveSeconds * 1000) this.save('interval')
  }

  private stop(): FitResult {
    this.save('stop')
    return { state: this.state, stopped: true }
  }

  private save(reason: SaveReason): void {
    const { state, options } = this
    this.drain()
    const now = performance.now()
    state.seconds += (now - this.clock) / 1000
    this.clock = now
    this.lastSave = now
    if (options.onSave === undefined) return
    const arrays = trainingArrays(options)
    const bad = firstNonFinite(arrays)
    if (bad !== null) this.diverged(`${bad} is not finite`, state.step, options.optimizer.lr)
    options.onSave(structuredClone(state), reason, arrays)
  }
}
