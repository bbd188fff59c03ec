/** Attention without its weights gives what attention with them does, whatever the masks. */
import { describe, expect, it } from 'vitest'
import { type AttentionOptions, MultiheadAttention } from '../../src/nn/multihead-attention.js'
import { useDevice } from '../../src/runtime/devices.js'
import { tensor } from '../../src/tensor/creation.js'
import { gradients } from '../../src/tensor/gradients.js'
import { manualSeed } from '../../src/tensor/random.js'
import { rand, randn } from '../../src/tensor/random-tensors.js'
import type { Tensor } from '../../src/tensor/tensor.js'
import { expectClose } from '../helpers/tolerance.js'

await useDevice('reference')

const padding = tensor([
  [false, false, false, true],
  [false, false, true, true],
])
const drawn = (shape: number[], seed: number): Tensor => {
  manualSeed(seed)
  return randn(shape)
}
/** The first key is never masked: each query may attend to something. */
const chosen = (shape: number[], seed: number): Tensor => {
  manualSeed(seed)
  return rand(shape)
    .gt(0.6)
    .logicalAnd(tensor([false, true, true, true]))
}

describe('MultiheadAttention', () => {
  const cases: [string, AttentionOptions][] = [
    ['no mask', {}],
    ['causal', { causal: true }],
    ['padding', { keyPaddingMask: padding }],
    ['padding and causal', { keyPaddingMask: padding, causal: true }],
    ['a bool mask and padding', { attnMask: chosen([4, 4], 1), keyPaddingMask: padding }],
    ['a float mask and padding', { attnMask: drawn([4, 4], 2), keyPaddingMask: padding, causal: true }],
    ['a bool mask for each head and padding', { attnMask: chosen([4, 4, 4], 4), keyPaddingMask: padding }],
  ]
  it.each(cases)('without weights: %s', async (_, options) => {
    manualSeed(7)
    const layer = new MultiheadAttention(8, 2, { batchFirst: true, dropout: 0.3 })
    const x = randn([2, 4, 8])
    const run = (needWeights: boolean, training: boolean) => {
      layer.train(training)
      manualSeed(11)
      const loss = (input: Tensor): Tensor =>
        layer
          .forward(input, input, input, { ...options, needWeights })[0]
          .sin()
          .sum()
      return [layer.forward(x, x, x, { ...options, needWeights })[0], gradients(loss)(x)]
    }
    for (const training of [false, true]) {
      const expected = run(true, training)
      const got = run(false, training)
      for (const [i, y] of got.entries()) {
        const [found, right] = [await y.data(), await expected[i].data()]
        expect(right.some(Number.isNaN)).toBe(false)
        expectClose(
          [...found] as number[],
          [...right] as number[],
          { relative: 1e-5, absolute: 1e-5 },
          `result ${i}`,
        )
      }
    }
    expect(layer.forward(x, x, x, { ...options, needWeights: false })[1]).toBe(null)
  })
})
