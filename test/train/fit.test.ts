/**
 * The training loop: saved states continue bit for bit with dropout and batch norm, on every device's own numbers; what
 * it reports; when it stops.
 */
import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { DataError, ValueError } from '../../src/core/errors.js'
import { Dataset } from '../../src/data/dataset.js'
import { SeededRandom } from '../../src/data/seeded-random.js'
import { BatchNorm1d } from '../../src/nn/batch-norm1d.js'
import { Dropout } from '../../src/nn/dropout.js'
import { Linear } from '../../src/nn/linear.js'
import { ReLU } from '../../src/nn/relu.js'
import { Sequential } from '../../src/nn/sequential.js'
import { AdamW } from '../../src/optim/adamw.js'
import { OneCycleLR } from '../../src/optim/one-cycle-lr.js'
import { SGD } from '../../src/optim/sgd.js'
import { manualSeed } from '../../src/tensor/random.js'
import {
  readCheckpoint,
  restoreCheckpoint,
  saveCheckpoint,
  type TrainingParts,
  trainingArrays,
} from '../../src/train/checkpoint.js'
import { DivergenceError } from '../../src/train/divergence-error.js'
import { type FitOptions, fit as runFit, type SaveReason } from '../../src/train/fit.js'
import { RunDirectory } from '../../src/train/run-directory.js'
import type { TrainingState } from '../../src/train/training-state.js'
import { forEachDevice } from '../helpers/devices.js'

const folder = mkdtempSync(join(tmpdir(), 'chainrule-fit-'))
afterAll(() => rmSync(folder, { recursive: true }))

/** Points around three corners. */
function corners(count: number, seed: number): Dataset {
  const random = new SeededRandom(seed)
  const inputs = new Float32Array(2 * count)
  const targets = new Uint8Array(count)
  for (let i = 0; i < count; i++) {
    targets[i] = random.integer(3)
    inputs[2 * i] = (targets[i] === 1 ? 2 : 0) + random.uniform() * 1.5
    inputs[2 * i + 1] = (targets[i] === 2 ? 2 : 0) + random.uniform() * 1.5
  }
  return new Dataset({ inputs, inputShape: [2], targets, classes: ['a', 'b', 'c'] })
}

const train = corners(70, 1)
const test = corners(40, 2)

interface Parts extends TrainingParts {
  readonly model: Sequential
  readonly optimizer: AdamW
  readonly scheduler: OneCycleLR
}

function makeParts(): Parts {
  manualSeed(3)
  const model = new Sequential(
    new Linear(2, 8),
    new BatchNorm1d(8),
    new ReLU(),
    new Dropout(0.2),
    new Linear(8, 3),
  )
  const optimizer = new AdamW(model.parameters(), { lr: 0.02 })
  return { model, optimizer, scheduler: new OneCycleLR(optimizer, 0.05, { totalSteps: 20 }) }
}

const common = { train, test, epochs: 4, batchSize: 16, seed: 5 }

const bits = (parts: TrainingParts): Record<string, unknown> =>
  Object.fromEntries([...trainingArrays(parts)].map(([name, { data }]) => [name, data.slice()]))

const withoutSeconds = ({ seconds: _, ...rest }: TrainingState): object => rest

forEachDevice('fit', () => {
  it('continues bit for bit from every step, with dropout, batch norm and a partial last batch', async () => {
    const whole = makeParts()
    const { state, stopped } = await runFit({ ...whole, ...common })
    expect(stopped).toBe(false)
    expect(state).toMatchObject({ epoch: 4, step: 20, batch: 0 })
    const expected = bits(whole)
    const path = join(folder, 'every-step.safetensors')
    for (let stopAt = 1; stopAt < 20; stopAt += 3) {
      const first = makeParts()
      let asked = 0
      await runFit({
        ...first,
        ...common,
        shouldStop: () => ++asked >= stopAt,
        onSave: (saved) => saveCheckpoint(path, first, saved, { run: 1 }),
      })
      const second = makeParts()
      // Numbers drawn in between change nothing: the generator's state is restored.
      manualSeed(99)
      const checkpoint = readCheckpoint(path)
      expect(checkpoint.config).toEqual({ run: 1 })
      const continued = await runFit({ ...second, ...common, state: restoreCheckpoint(checkpoint, second) })
      expect(withoutSeconds(continued.state)).toEqual(withoutSeconds(state))
      expect(bits(second)).toEqual(expected)
    }
  })
})

describe('fit', () => {
  it('reports, evaluates and saves in order', async () => {
    const parts = makeParts()
    const reasons: SaveReason[] = []
    const epochs: number[] = []
    const seen: number[] = []
    const { state } = await runFit({
      ...parts,
      ...common,
      readEvery: 2,
      saveSteps: 3,
      onSave: (_, reason) => reasons.push(reason),
      onEpoch: ({ epoch }) => epochs.push(epoch),
      onProgress: ({ step, loss, accuracy, batches, epochs: all }) => {
        seen.push(step)
        expect(loss).toBeGreaterThan(0)
        expect(accuracy).toBeLessThanOrEqual(1)
        expect([batches, all]).toEqual([5, 4])
      },
    })
    expect(epochs).toEqual([1, 2, 3, 4])
    expect(reasons[0]).toBe('start')
    expect(reasons.filter((r) => r === 'interval')).toHaveLength(6)
    expect(reasons.filter((r) => r === 'epoch')).toHaveLength(4)
    expect(reasons.indexOf('best')).toBeLessThan(reasons.indexOf('epoch'))
    expect(seen).toContain(20)
    expect(seen).toEqual([...seen].sort((a, b) => a - b))
    expect(state.best!.testAccuracy).toBe(Math.max(...state.history.map((h) => h.testAccuracy!)))
    expect(state.best!.testAccuracy).toBeGreaterThan(0.8)
  })

  it('never saves what is not finite', async () => {
    const model = new Sequential(new Linear(2, 3))
    const optimizer = new SGD(model.parameters(), { lr: 1e38 })
    const saved: TrainingState[] = []
    const options: FitOptions = {
      model,
      optimizer,
      ...common,
      saveSteps: 1,
      onSave: (state) => saved.push(state),
    }
    const error = await runFit(options).catch((e: unknown) => e)
    expect(error).toBeInstanceOf(DivergenceError)
    const { step, learningRate, message } = error as DivergenceError
    expect(learningRate).toBe(1e38)
    expect(message).toContain(`at step ${step} (learning rate 1e+38)`)
    expect(saved[0].step).toBe(0)
    expect(saved.every((state) => state.step < step)).toBe(true)
  })

  it('refuses empty data and a number of epochs that is none', async () => {
    const parts = makeParts()
    await expect(runFit({ ...parts, ...common, train: train.take(0) })).rejects.toThrow(ValueError)
    await expect(runFit({ ...parts, ...common, epochs: 1.5 })).rejects.toThrow(/whole number/)
  })
})

describe('run directory', () => {
  it('makes, refuses and opens', () => {
    const path = join(folder, 'deep', 'run')
    const run = RunDirectory.create(path, { lr: 0.1 })
    expect(readdirSync(path)).toEqual(['run.json'])
    expect(run.has(run.last)).toBe(false)
    expect(RunDirectory.open(path).settings).toEqual({ lr: 0.1 })
    expect(() => RunDirectory.create(path, {})).toThrow(/not overwritten/)
    expect(() => RunDirectory.create(join(path, 'run.json'), {})).toThrow(/got a file/)
    expect(() => RunDirectory.open(join(folder, 'none'))).toThrow(DataError)
  })
})
