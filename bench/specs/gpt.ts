// A GPT-like decoder (Radford et al., 2019; sizes as for single characters): 6 pre-norm layers, width 384, 6 heads,
// feed-forward 1536 with GELU, learned positions, an output layer of its own, no dropout; batch 8 of 256 tokens out of 65.
import { linear, type NamedArray, type NamedArrays, normalization } from '../data/named-array.js'
import type { Random } from '../data/random.js'
import type { ModelSpec } from './spec.js'

/** The decoder's sizes. */
export const decoder = {
  layers: 6,
  width: 384,
  heads: 6,
  feedForward: 1536,
  length: 256,
  batch: 8,
  vocabulary: 65,
} as const

/** Normal with deviation 0.02, as GPT-2 initialises. */
function table(random: Random, shape: readonly number[]): NamedArray {
  const size = shape.reduce((a, b) => a * b, 1)
  return { shape, data: Float32Array.from({ length: size }, () => 0.02 * random.normal()) }
}

export const gpt: ModelSpec = {
  name: 'gpt',
  description: 'GPT-like decoder ×6, d 384, 6 heads, T 256, ff 1536, batch 8, vocabulary 65',
  learningRate: 0.01,
  arrays: (random) => {
    const { layers, width, feedForward, length, batch, vocabulary } = decoder
    const parameters: NamedArrays = {
      'tokens.weight': table(random, [vocabulary, width]),
      'positions.weight': table(random, [length, width]),
    }
    for (let layer = 0; layer < layers; layer++) {
      const name = `layers.${layer}`
      Object.assign(
        parameters,
        normalization(`${name}.norm1`, width),
        linear(random, `${name}.qkv`, width, 3 * width),
        linear(random, `${name}.out`, width, width),
        normalization(`${name}.norm2`, width),
        linear(random, `${name}.up`, width, feedForward),
        linear(random, `${name}.down`, feedForward, width),
      )
    }
    Object.assign(parameters, normalization('norm', width), {
      'head.weight': table(random, [vocabulary, width]),
    })
    const tokens = Int32Array.from({ length: batch * (length + 1) }, () => random.below(vocabulary))
    const part = (from: number): Int32Array =>
      Int32Array.from({ length: batch * length }, (_, i) => {
        const row = Math.floor(i / length)
        return tokens[row * (length + 1) + (i % length) + from]
      })
    return {
      parameters,
      inputs: {
        x: { shape: [batch, length], data: part(0) },
        y: { shape: [batch * length], data: part(1) },
      },
    }
  },
}
