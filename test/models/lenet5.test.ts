/**
 * LeNet-5: shapes, parameter counts, names, and that it learns.
 */
import { describe, expect, it } from 'vitest'
import { crossEntropy } from '../../src/losses/cross-entropy.js'
import { LeNet5 } from '../../src/models/lenet5.js'
import { AdamW } from '../../src/optim/adamw.js'
import { tensor, zeros } from '../../src/tensor/creation.js'
import { manualSeed } from '../../src/tensor/random.js'
import { seeded } from '../helpers/random.js'

describe('LeNet5', () => {
  it('has 61,706 parameters and gives logits', () => {
    const model = new LeNet5()
    expect(model.parameters().reduce((n, p) => n + p.size, 0)).toBe(61706)
    expect(model.forward(zeros([2, 1, 28, 28])).shape).toEqual([2, 10])
    const classic = new LeNet5({ imageSize: 32, activation: 'sigmoid', pooling: 'avg' })
    expect(classic.parameters().reduce((n, p) => n + p.size, 0)).toBe(61706)
    expect(classic.forward(zeros([2, 1, 32, 32])).shape).toEqual([2, 10])
    expect(Object.keys(model.stateDict())[0]).toBe('features.0.weight')
  })

  it('refuses other sizes', () => {
    expect(() => new LeNet5().forward(zeros([1, 1, 32, 32]))).toThrow(
      /LeNet5: expected .*\(N, 1, 28, 28\), got/,
    )
  })

  it('learns four random images', () => {
    manualSeed(1)
    const random = seeded(5)
    const model = new LeNet5()
    const x = tensor(
      Float32Array.from({ length: 4 * 784 }, () => random.normal()),
      { shape: [4, 1, 28, 28] },
    )
    const y = tensor([1, 7, 3, 0], { dtype: 'i32' })
    const optimizer = new AdamW(model.parameters(), { lr: 3e-3 })
    const losses: number[] = []
    for (let i = 0; i < 6; i++) {
      const loss = crossEntropy(model.forward(x), y)
      optimizer.zeroGrad()
      loss.backward()
      optimizer.step()
      losses.push(loss.itemSync())
    }
    expect(losses[5]).toBeLessThan(losses[0] * 0.7)
  })
})
