/**
 * The loop of the documentation on a slice of the real MNIST: batches into a training step, metrics out of it.
 */
import { describe, expect, it } from 'vitest'
import { mnist } from '../../src/data/mnist.js'
import { crossEntropy } from '../../src/losses/cross-entropy.js'
import { Accuracy } from '../../src/metrics/accuracy.js'
import { ConfusionMatrix } from '../../src/metrics/confusion-matrix.js'
import { Mean } from '../../src/metrics/mean.js'
import { Flatten } from '../../src/nn/flatten.js'
import { Linear } from '../../src/nn/linear.js'
import { sequential } from '../../src/nn/sequential.js'
import { SGD } from '../../src/optim/sgd.js'
import { compile } from '../../src/tensor/compile.js'
import { noGrad } from '../../src/tensor/grad-mode.js'
import { manualSeed } from '../../src/tensor/random.js'
import type { Tensor } from '../../src/tensor/tensor.js'

describe.each(['eager', 'compiled'])('softmax regression, %s', (mode) => {
  it('learns 640 digits', async () => {
    manualSeed(1)
    const { train } = await mnist({ download: false })
    const digits = train.take(640)
    const model = sequential(new Flatten(), new Linear(784, 10))
    const optimizer = new SGD(model.parameters(), { lr: 0.05 })
    const eager = (x: Tensor, y: Tensor): Tensor => {
      const loss = crossEntropy(model.forward(x) as Tensor, y)
      optimizer.zeroGrad()
      loss.backward()
      optimizer.step()
      return loss
    }
    const step = mode === 'compiled' ? compile(eager) : eager
    const losses: number[] = []
    for (let epoch = 0; epoch < 4; epoch++) {
      const mean = new Mean()
      for await (const [x, y] of digits.batches(64, { shuffle: true, seed: 1, epoch }))
        mean.update(step(x, y), 64)
      losses.push(await mean.compute())
    }
    expect(losses[0]).toBeLessThan(1.8)
    expect(losses[3]).toBeLessThan(losses[0] / 2)
    const accuracy = new Accuracy()
    const matrix = new ConfusionMatrix(10)
    for await (const [x, y] of digits.batches(100)) {
      const scores = noGrad(() => model.forward(x) as Tensor)
      accuracy.update(scores, y)
      await matrix.update(scores, y)
    }
    const share = await accuracy.compute()
    expect(share).toBeGreaterThan(0.85)
    const counts = await matrix.compute()
    expect(counts.flat().reduce((a, b) => a + b)).toBe(640)
    expect(counts.reduce((sum, row, i) => sum + row[i], 0)).toBe(Math.round(share * 640))
  })
})
