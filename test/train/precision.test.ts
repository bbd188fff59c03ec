/**
 * LeNet-5 on the real MNIST with products of bf16 and of f32, from the same weights in the same order: the same curve
 * and the same accuracy within noise. `chainrule train lenet5 --precision bf16` is the whole training.
 */
import { beforeAll, describe, expect, it } from 'vitest'
import type { Precision } from '../../src/core/precision.js'
import { mnist, type TrainTest } from '../../src/data/mnist.js'
import { LeNet5 } from '../../src/models/lenet5.js'
import { AdamW } from '../../src/optim/adamw.js'
import { manualSeed } from '../../src/tensor/random.js'
import { fit } from '../../src/train/fit.js'
import type { EpochSummary } from '../../src/train/training-state.js'

describe('precision', () => {
  let data: TrainTest
  beforeAll(async () => {
    data = await mnist({ download: false })
  })

  async function train(precision: Precision): Promise<{ summaries: EpochSummary[]; weights: number[] }> {
    manualSeed(1)
    const model = new LeNet5()
    const optimizer = new AdamW(model.parameters(), { lr: 2e-3 })
    const summaries: EpochSummary[] = []
    // biome-ignore lint/suspicious/noFocusedTests: the training loop, not a test
    await fit({
      model,
      optimizer,
      train: data.train.take(6400),
      test: data.test.take(2000),
      epochs: 2,
      precision,
      onEpoch: (summary) => summaries.push(summary),
    })
    for (const p of model.parameters()) expect([p.dtype, p.grad?.dtype ?? 'f32']).toEqual(['f32', 'f32'])
    return { summaries, weights: [...((await model.parameters()[0].data()) as Float32Array)] }
  }

  it('bf16 reaches the accuracy of f32', async () => {
    const [full, half] = [await train('f32'), await train('bf16')]
    expect(half.weights).not.toEqual(full.weights)
    for (const [i, { trainLoss }] of full.summaries.entries())
      expect(Math.abs(half.summaries[i].trainLoss / trainLoss - 1)).toBeLessThan(0.05)
    const [a, b] = [full, half].map(({ summaries }) => summaries[1].testAccuracy!)
    expect(a).toBeGreaterThan(0.94)
    // Of 2,000 images 1.5 % is about two standard deviations of the difference of two trainings.
    expect(Math.abs(a - b)).toBeLessThan(0.015)
  }, 60_000)
})
