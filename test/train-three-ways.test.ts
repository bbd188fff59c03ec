/**
 * One training, three ways: eager, compiled, and PyTorch's. 60 steps with convolution, batch norm, dropout, AdamW, a
 * learning rate that changes at each step, a partial last batch, train and eval alternating.
 */

import { expect, it } from 'vitest'
import { TraceError } from '../src/core/errors.js'
import { crossEntropy } from '../src/losses/cross-entropy.js'
import * as nn from '../src/nn/index.js'
import { AdamW } from '../src/optim/adamw.js'
import { currentDevice, useDevice } from '../src/runtime/devices.js'
import { compile } from '../src/tensor/compile.js'
import { tensor } from '../src/tensor/creation.js'
import { noGrad } from '../src/tensor/grad-mode.js'
import { manualSeed } from '../src/tensor/random.js'
import type { Tensor } from '../src/tensor/tensor.js'
import { forEachDevice } from './helpers/devices.js'
import { expectTensor, type Packed, readGolden, unpack, valuesOf } from './helpers/goldens.js'
import { expectClose, toleranceOf } from './helpers/tolerance.js'

interface Training {
  readonly images: Packed
  readonly labels: Packed
  readonly initial: Record<string, Packed>
  readonly losses: number[]
  readonly evaluations: number[][]
  readonly final: Record<string, Packed>
}

const golden = readGolden<Training>('training')

/** Parameters come at the same positions with and without dropout: it stands where nothing has a name. */
class Net extends nn.Module {
  layers: nn.TensorModule[]
  dropout: nn.Dropout
  constructor(p: number) {
    super()
    this.layers = [
      new nn.Conv2d(1, 4, 3, { padding: 1, bias: false }),
      new nn.BatchNorm2d(4),
      new nn.ReLU(),
      new nn.MaxPool2d(2),
      new nn.Flatten(),
      new nn.Linear(36, 16),
      new nn.ReLU(),
      new nn.Linear(16, 4),
    ]
    this.dropout = new nn.Dropout(p)
  }
  override forward(x: Tensor): Tensor {
    let y = x
    this.layers.forEach((layer, i) => {
      y = layer.forward(i === 7 ? this.dropout.forward(y) : y)
    })
    return y
  }
}

interface Trajectory {
  readonly losses: number[]
  readonly evaluations: number[][]
  readonly final: Record<string, number[]>
  readonly model: Net
  readonly compilations: number
}

function train(compiled: boolean, dropout: number): Trajectory {
  manualSeed(11)
  const model = new Net(dropout)
  const initial = Object.entries(golden.initial).map(([key, value]) => [`layers.${key}`, unpack(value)])
  model.loadStateDict(Object.fromEntries(initial))
  const optimizer = new AdamW(model.parameters(), { lr: 1e-3, weightDecay: 0.05 })
  const step = (x: Tensor, y: Tensor): Tensor => {
    if (!model.training) return noGrad(() => crossEntropy(model.forward(x), y))
    const loss = crossEntropy(model.forward(x), y)
    optimizer.zeroGrad()
    loss.backward()
    optimizer.step()
    return loss
  }
  const compiledStep = compile(step)
  const run = compiled ? compiledStep : step
  const [images, labels] = [unpack(golden.images), unpack(golden.labels)]
  const batch = (at: number): [Tensor, Tensor] => {
    const size = Math.min(8, images.shape[0] - at)
    return [images.narrow(0, at, size), labels.narrow(0, at, size)]
  }
  const losses: Tensor[] = []
  const evaluations: Tensor[][] = []
  for (let i = 0; i < 60; i++) {
    optimizer.lr = (1e-3 * (1 + (i % 7))) / 2
    model.train()
    losses.push(run(...batch((i % 3) * 8)))
    if (i % 3 !== 2) continue
    model.eval()
    evaluations.push([run(...batch(0)), run(...batch(16))])
  }
  const final = Object.entries(model.stateDict()).map(([key, value]) => [key, valuesOf(value)])
  return {
    losses: losses.map((loss) => loss.itemSync()),
    evaluations: evaluations.map((pair) => pair.map((loss) => loss.itemSync())),
    final: Object.fromEntries(final),
    model,
    compilations: compiledStep.stats.compilations,
  }
}

const same = (a: Trajectory, b: Trajectory): void => {
  expect(a.losses).toEqual(b.losses)
  expect(a.evaluations).toEqual(b.evaluations)
  expect(a.final).toEqual(b.final)
}

forEachDevice('one training, three ways', () => {
  it('eager equals compiled bit for bit, with dropout', () => {
    const [eager, compiled] = [train(false, 0.3), train(true, 0.3)]
    same(eager, compiled)
    expect(new Set(eager.losses).size).toBe(60)
    expect(compiled.compilations).toBe(4)
    expect(eager.compilations).toBe(0)
  })

  it('the thread count changes no bit', async () => {
    const { name } = currentDevice()
    await useDevice(name, { threads: 1 })
    const one = train(true, 0.3)
    await useDevice(name, { threads: 2 })
    same(one, train(true, 0.3))
    await useDevice(name)
  })

  for (const compiled of [false, true]) {
    it(`without dropout, ${compiled ? 'compiled' : 'eager'} training follows PyTorch`, () => {
      const { losses, evaluations, model } = train(compiled, 0)
      const tolerance = toleranceOf('f32', 'iterated')
      expectClose(losses, golden.losses, tolerance, 'losses')
      expectClose(evaluations.flat(), golden.evaluations.flat(), tolerance, 'evaluations')
      const state = model.stateDict()
      for (const [key, value] of Object.entries(golden.final))
        expectTensor(state[`layers.${key}`], value, tolerance, key)
      expect(losses[59]).toBeLessThan(losses[0] / 2)
    })
  }

  it('a bare counter inside a step raises', () => {
    let counter = 0
    const step = compile((x: Tensor): Tensor => {
      counter++
      return x.mul(counter)
    })
    const x = tensor([1, 2])
    step(x)
    expect(() => step(x)).toThrow(TraceError)
  })
})
