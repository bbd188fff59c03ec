/** Layers, losses and optimizers given what no type checker stopped. */
import { describe, expect, it } from 'vitest'
import {
  Conv2d,
  Linear,
  mseLoss,
  ones,
  Sequential,
  SGD,
  sequential,
  TransformerEncoder,
} from '../../src/index.js'

/** A value that the types forbid. */
const wrong = (value: unknown): never => value as never

describe('layers and losses', () => {
  it.each([
    ['Linear', () => new Linear(3, 2).forward(wrong([[1, 2, 3]])), /Linear: expected a tensor as input/],
    ['Conv2d padding', () => new Conv2d(1, 1, 3, { padding: wrong('full') }), /'same', 'valid' or numbers/],
    ['a function in sequential', () => sequential(wrong(() => ones([1]))), /expected a Module at '0'/],
    ['null in Sequential', () => new Sequential(wrong(null)), /expected a Module at '0'/],
    [
      'TransformerEncoder',
      () =>
        new TransformerEncoder(
          wrong(() => 1),
          2,
        ),
      /TransformerEncoderLayer to copy/,
    ],
    ['mseLoss', () => mseLoss(ones([1]), wrong([1])), /mseLoss: expected tensors/],
    [
      'loadStateDict',
      () => new Linear(3, 2).loadStateDict(wrong({ weight: [1], bias: [1] })),
      /expected a tensor at 'weight'/,
    ],
  ])('%s', (_, call, message) => {
    expect(call).toThrow(message)
  })
})

describe('optimizers', () => {
  const model = new Linear(3, 2)

  it('parameters, not a model or tensors', () => {
    expect(() => new SGD(wrong(model))).toThrow(/SGD: expected parameters, such as model\.parameters\(\)/)
    expect(() => new SGD(wrong([ones([2])]))).toThrow(/SGD: expected Parameters/)
  })

  it('momentum of a group alone is used', () => {
    const alone = new Linear(1, 1, { bias: false })
    const start = alone.weight.itemSync()
    const optimizer = new SGD([{ params: alone.parameters(), momentum: 0.5 }], { lr: 1 })
    for (let i = 0; i < 2; i++) {
      alone.weight.grad = ones([1, 1])
      optimizer.step()
    }
    // 1, then 0.5 · 1 + 1.
    expect(alone.weight.itemSync() - start).toBeCloseTo(-2.5, 5)
  })

  it('momentum cannot be switched on later', () => {
    const optimizer = new SGD(model.parameters(), { lr: 0.1 })
    expect(() => {
      optimizer.paramGroups[0].momentum = 0.9
    }).toThrow(/expected momentum to be 0.*made without momentum/)
    optimizer.paramGroups[0].momentum = 0
  })
})
